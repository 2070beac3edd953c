// Databases in trouble: locked, restarted under a question, with another password, at a name nobody knows; and nothing is left behind.
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { setTimeout as sleep } from 'node:timers/promises'
import { hashSync } from '@node-rs/bcrypt'
import type { Authenticator } from '../../src/authn/index.ts'
import { BackendError } from '../../src/lib/errors.ts'
import { createRecorder } from '../support/recorder.ts'
import { cleanUp } from './children.ts'
import { mariadbRequirement, startMariadb } from './mariadb.ts'
import { postgresRequirement, startPostgres } from './postgres.ts'
import { SLOW, requires } from './requires.ts'
import { startPassage } from './silence.ts'
import type { SqlServer } from './sql-server.ts'
import { ask, closeOpened, insertRules, openRules, openUsers } from './sql-suite.ts'

const TABLES = `CREATE TABLE xorm_user (id BIGINT PRIMARY KEY, username VARCHAR(128), password_hash VARCHAR(128), labels TEXT);
CREATE TABLE xorm_acl_entry (acl_entry TEXT, seq BIGINT);
INSERT INTO xorm_user VALUES (1, 'alice', '${hashSync('secret', 4)}', NULL);`

interface Kind {
  readonly start: () => Promise<SqlServer>
  /** Ends every connection of the user this program is given. */
  readonly cut: (server: SqlServer) => Promise<void>
  /** Holds the table of users for a while. */
  readonly lock: (server: SqlServer, seconds: number) => Promise<void>
  readonly password: (password: string) => string
}

const KINDS: Readonly<Record<string, Kind>> = {
  PostgreSQL: {
    start: () => startPostgres(),
    cut: (server) =>
      server.script("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'registry_auth'"),
    lock: (server, seconds) =>
      server.script(`BEGIN; LOCK TABLE xorm_user IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(${seconds}); COMMIT`),
    password: (password) => `ALTER ROLE registry_auth PASSWORD '${password.replaceAll("'", "''")}'`,
  },
  MariaDB: {
    start: () => startMariadb(),
    cut: (server) => server.script('KILL USER registry_auth'),
    lock: (server, seconds) => server.script(`LOCK TABLES xorm_user WRITE; DO SLEEP(${seconds}); UNLOCK TABLES`),
    password: (password) => `SET PASSWORD FOR registry_auth = PASSWORD('${password.replaceAll(/['\\]/g, '\\$&')}')`,
  },
}

const sockets = (): number => process.getActiveResourcesInfo().filter((one) => /TCPSocket|TCPConnect/.test(one)).length
const outcome = (users: Authenticator): Promise<string> =>
  ask(users, 'alice').then(
    (answer) => answer.outcome,
    (error: unknown) => (error instanceof BackendError ? 'outage' : String(error)),
  )
const soon = async (holds: () => boolean): Promise<void> => {
  for (let tries = 0; tries < 100 && !holds(); tries++) await sleep(20)
}

describe.each(Object.entries(KINDS))('%s', (name, { start, cut, lock, password }) => {
  const requirement = name === 'MariaDB' ? mariadbRequirement : postgresRequirement
  requires(...requirement, SLOW)('in trouble', () => {
    let server: SqlServer
    const unheard: unknown[] = []
    const hear = (error: unknown): void => void unheard.push(error)

    beforeAll(async () => {
      process.on('uncaughtException', hear).on('unhandledRejection', hear)
      server = await start()
      await server.script(TABLES)
      await server.script(insertRules([{ match: { account: 'alice' }, actions: ['pull'] }]))
    })
    afterEach(async () => {
      await closeOpened()
      expect(unheard).toEqual([])
    })
    afterAll(async () => {
      process.off('uncaughtException', hear).off('unhandledRejection', hear)
      await cleanUp()
    })

    test('connections that are ended while nobody uses them are not noticed', async () => {
      const users = await openUsers(server, server.connection())
      for (let round = 0; round < 5; round++) {
        const answers = await Promise.all([outcome(users), outcome(users), outcome(users)])
        expect(answers).toEqual(['accepted', 'accepted', 'accepted'])
        await cut(server)
        await sleep(50)
      }
      expect(await outcome(users)).toBe('accepted')
    })

    test('those that are ended under a question are outages, and the next question is answered', async () => {
      const users = await openUsers(server, server.connection())
      expect(await outcome(users)).toBe('accepted')
      const locked = lock(server, 1)
      await sleep(200)
      const asked = [outcome(users), outcome(users), outcome(users)]
      await sleep(200)
      await cut(server)
      expect(await Promise.all(asked)).toEqual(['outage', 'outage', 'outage'])
      await locked
      expect(await outcome(users)).toBe('accepted')
    })

    test('a table that somebody holds is an outage after the time limit, for the many who wait as well', async () => {
      const users = await openUsers(server, server.connection(), '300ms')
      expect(await outcome(users)).toBe('accepted')
      const locked = lock(server, 2)
      await sleep(200)
      const asked = Array.from({ length: 30 }, () => outcome(users))
      expect(new Set(await Promise.all(asked))).toEqual(new Set(['outage']))
      await locked
      for (let tries = 0; tries < 50 && (await outcome(users)) !== 'accepted'; tries++) await sleep(50)
      expect(await outcome(users)).toBe('accepted')
    })

    test('closing does not wait for a question that is not answered', async () => {
      const passage = await startPassage(server.port)
      const users = await openUsers(server, server.connection({ port: passage.port }), '6s')
      expect(await outcome(users)).toBe('accepted')
      passage.hush()
      const asked = outcome(users)
      await sleep(50)
      const closed = Promise.resolve(users.close?.()).then(() => 'closed')
      expect(await Promise.race([closed, sleep(4000, 'still open', { ref: false })])).toBe('closed')
      passage.close()
      expect(await asked).toBe('outage')
    })

    test('fifty openings leave no connection behind', async () => {
      const before = sockets()
      for (let count = 0; count < 50; count++) {
        const users = await openUsers(server, server.connection())
        await Promise.all([outcome(users), outcome(users)])
        await closeOpened()
      }
      await soon(() => sockets() <= before)
      expect(sockets()).toBeLessThanOrEqual(before)
    })

    test('another password is an outage of the rules, which stay, until it is the right one again', async () => {
      const recorder = createRecorder()
      const rules = await openRules(200, recorder.log, server, server.connection())
      await server.script(password('an0ther-canary'))
      await cut(server)
      await soon(() => recorder.lines.some(({ level }) => level === 'error'))
      await expect(rules.check?.(AbortSignal.timeout(5000))).rejects.toBeInstanceOf(BackendError)
      await server.script(password(server.password))
      await soon(() => recorder.lines.some(({ message }) => message === 'the rules can be read again'))
      expect(recorder.lines.map(({ message }) => message)).toEqual([
        'the rules are in force',
        'the rules could not be refreshed; the last good list stays in force',
        'the rules can be read again',
      ])
    })

    test('a name that nobody knows is an outage', async () => {
      const connection = server.connection().replace('127.0.0.1', 'database.invalid')
      expect(await outcome(await openUsers(server, connection, '5s'))).toBe('outage')
    })
  })
})
