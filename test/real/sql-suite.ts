// What users and rules in a SQL database have to do, on a server of any kind.
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { hashSync } from '@node-rs/bcrypt'
import { XormAuthConfig, createXormAuthenticator } from '../../src/authn/xorm.ts'
import type { Authentication, Authenticator } from '../../src/authn/index.ts'
import { createSqlRows } from '../../src/authz/acl-sql.ts'
import { openStoredAcl } from '../../src/authz/stored-acl.ts'
import type { Authorizer } from '../../src/authz/index.ts'
import { BackendError, ConfigError } from '../../src/lib/errors.ts'
import { describeError } from '../../src/lib/logger.ts'
import { Secret } from '../../src/lib/secret.ts'
import { createSql } from '../../src/lib/sql.ts'
import type { Sql } from '../../src/lib/sql.ts'
import { readSql } from '../../src/lib/sql-config.ts'
import { authenticatorConformance } from '../authn/conformance.ts'
import { CONFORMANCE_RULES, authorizerConformance } from '../authz/conformance.ts'
import { request } from '../authz/request.ts'
import { authnTools } from '../support/authn-tools.ts'
import { authzTools } from '../support/authz-tools.ts'
import { readSection } from '../support/reading.ts'
import { createRecorder } from '../support/recorder.ts'
import { cleanUp, freePort } from './children.ts'
import { startPassage, startSilence } from './silence.ts'
import type { SqlServer } from './sql-server.ts'

const HASH = hashSync('secret', 4)
const opened: { close?(): Promise<void> }[] = []

/** Closes what was opened; for `afterEach`. */
export const closeOpened = async (): Promise<void> => {
  for (const one of opened.splice(0)) await one.close?.()
}

/** The database behind a connection string, as a configuration says it. */
export async function openSql<Tables>(
  { type }: Pick<SqlServer, 'type'>,
  connection: string,
  timeout = '5s',
): Promise<Sql<Tables>> {
  const yaml = JSON.stringify({ database_type: type, conn_string: connection, timeout })
  const { settings, problems } = await readSection(yaml, XormAuthConfig, readSql)
  if (settings === undefined) throw new Error(problems.join('\n'))
  return createSql<Tables>(settings)
}

/** The authenticator behind a connection string; closed after the test. */
export async function openUsers(...args: Parameters<typeof openSql>): Promise<Authenticator> {
  const authenticator = createXormAuthenticator(await openSql(...args), authnTools())
  opened.push(authenticator)
  return authenticator
}

/** The authorizer behind a connection string; closed after the test. */
export async function openRules(
  ttl: number,
  log: ReturnType<typeof createRecorder>['log'],
  ...args: Parameters<typeof openSql>
): Promise<Authorizer> {
  const authorizer = await openStoredAcl(createSqlRows('acl_sql', await openSql(...args)), { ttl }, authzTools({ log }))
  opened.push(authorizer)
  return authorizer
}

export const ask = (authenticator: Authenticator, account: string, password = 'secret'): Promise<Authentication> =>
  authenticator.authenticate({ account, password: new Secret(password) })

const granted = async (authorizer: Authorizer, account: string): Promise<unknown> => {
  const answer = await authorizer.authorize(request({ account, name: 'alice/app', actions: ['pull'] }))
  return answer.outcome === 'decided' ? answer.actions : answer.outcome
}

const until = async (holds: () => Promise<boolean>): Promise<void> => {
  for (let tries = 0; tries < 600 && !(await holds().catch(() => false)); tries++)
    await new Promise((resolve) => setTimeout(resolve, 50))
}

const failure = (promise: Promise<unknown> | undefined): Promise<unknown> =>
  Promise.resolve(promise).then(
    () => undefined,
    (error: unknown) => error,
  )

const text = (value: string): string => `'${value.replaceAll("'", "''")}'`

/** The statement that adds rules, in the form in which docker_auth's own program writes them. */
export const insertRules = (rules: readonly object[], first = 10): string =>
  rules
    .map((rule, index) => {
      const written = Object.entries(rule).map(([key, value]) => [
        key[0]!.toUpperCase() + key.slice(1),
        value as unknown,
      ])
      const entry = JSON.stringify({ ...Object.fromEntries(written), Comment: null })
      return `INSERT INTO xorm_acl_entry (acl_entry, seq) VALUES (${text(entry)}, ${first + index * 10});`
    })
    .join('\n')

const INJECTIONS = [
  "' OR '1'='1",
  "\\' OR 1=1 -- ",
  'alice\\',
  "alice' -- ",
  "alice'; DROP TABLE xorm_user; -- ",
  "' UNION SELECT 1, 'x', 'y', 'z' -- ",
  'alice"',
  'alice`',
  '%',
  '_____',
  '?',
  '$1',
  'alice\0',
  'alice\n',
  '\ud800',
  "縗\\' OR 1=1 -- ",
  "\u00bf' OR 1=1 -- ",
]

/** Registers the suite; `tables` is the statement that makes docker_auth's tables there. */
export function sqlSuite(name: string, start: () => Promise<SqlServer>, tables: string): void {
  let server: SqlServer
  const { log, lines } = createRecorder()

  beforeAll(async () => {
    server = await start()
    await server.script(tables)
    await server.script(
      `INSERT INTO xorm_user (username, password_hash, labels) VALUES ('alice', '${HASH}', '{"team":["red","blue/*"]}'),
      ('twice', 'old', NULL), ('twice', '${HASH}', 'null'), ('zoë', '${HASH}', '{}'), ('broken', '${HASH}', '{"team":"red"}')`,
    )
    await server.script(insertRules(CONFORMANCE_RULES))
  })
  afterEach(closeOpened)
  afterAll(cleanUp)

  authenticatorConformance(
    `xorm_auth on ${name}`,
    { labelsArePatterns: true, emptyPassword: { outcome: 'no-match' } },
    async () => ({
      authenticator: await openUsers(server, server.connection()),
      known: { account: 'alice', password: 'secret', labels: { team: ['red', 'blue/*'] } },
      broken: await openUsers(server, server.connection({ port: await freePort() })),
    }),
  )

  authorizerConformance(`acl_sql on ${name}`, () => openRules(60_000, log, server, server.connection()))

  describe(`users in ${name}`, () => {
    test.each(INJECTIONS)('the account %j is text and nothing else: no match', async (account) => {
      const users = await openUsers(server, server.connection())
      await expect(ask(users, account)).resolves.toEqual({ outcome: 'no-match' })
      await expect(ask(users, 'alice')).resolves.toMatchObject({ outcome: 'accepted' })
    })

    test('the newest of two rows counts, letters beyond ASCII are letters, and a row that does not fit admits nobody', async () => {
      const users = await openUsers(server, server.connection())
      await expect(ask(users, 'twice')).resolves.toMatchObject({ outcome: 'accepted', identity: { labels: {} } })
      await expect(ask(users, 'zoë')).resolves.toMatchObject({ outcome: 'accepted', identity: { account: 'zoë' } })
      await expect(ask(users, 'zoe')).resolves.toEqual({ outcome: 'no-match' })
      await expect(ask(users, '🐳')).resolves.toEqual({ outcome: 'no-match' })
      await expect(ask(users, 'broken')).resolves.toEqual({ outcome: 'rejected', reason: 'refused' })
    })

    test('a wrong password of the database is an outage, and no log line holds that or the right one', async () => {
      const wrong = 'wr0ng-canary'
      const users = await openUsers(server, server.connection({ password: wrong }))
      const error = await failure(ask(users, 'alice'))
      expect(error).toBeInstanceOf(BackendError)
      const refused = await failure(users.check?.(AbortSignal.timeout(10_000)))
      expect(refused).toBeInstanceOf(BackendError)
      const rules = createRecorder()
      await openRules(60_000, rules.log, server, server.connection({ password: wrong }))
      const written = JSON.stringify([
        describeError(error),
        describeError(refused),
        rules.lines.map(({ fields }) => describeError((fields as { err?: unknown }).err)),
      ])
      expect(rules.lines.map(({ level }) => level)).toContain('error')
      for (const secret of [wrong, server.password, encodeURIComponent(server.password)])
        expect(written).not.toContain(secret)
    })

    test('a table that is not there is an outage that names it', async () => {
      await server.script('ALTER TABLE xorm_user RENAME TO elsewhere')
      const users = await openUsers(server, server.connection())
      const error = await failure(ask(users, 'alice'))
      await server.script('ALTER TABLE elsewhere RENAME TO xorm_user')
      expect(error).toBeInstanceOf(BackendError)
      expect(JSON.stringify(describeError(error))).toMatch(/examples\/sql.*xorm_user/)
      await expect(ask(users, 'alice')).resolves.toMatchObject({ outcome: 'accepted' })
    })

    test('many at once are all answered, over a few connections', async () => {
      const users = await openUsers(server, server.connection())
      const answers = await Promise.all(
        Array.from({ length: 50 }, (_, index) => ask(users, index % 2 ? 'alice' : 'nobody')),
      )
      expect(answers.filter(({ outcome }) => outcome === 'accepted')).toHaveLength(25)
    })

    test('a server that says nothing is an outage, again and again, and closing does not wait for it', async () => {
      const silence = await startSilence()
      const users = await openUsers(server, server.connection({ port: silence.port }), '300ms')
      for (let round = 0; round < 3; round++) {
        const asked = await Promise.all(Array.from({ length: 8 }, () => failure(ask(users, 'alice'))))
        for (const error of asked) expect(error).toBeInstanceOf(BackendError)
      }
      await users.close?.()
      silence.close()
    })

    test('one that falls silent is an outage, and is asked again over other connections when it speaks', async () => {
      const passage = await startPassage(server.port)
      const users = await openUsers(server, server.connection({ port: passage.port }), '500ms')
      await until(async () => (await ask(users, 'alice')).outcome === 'accepted')
      passage.hush()
      for (let round = 0; round < 7; round++) expect(await failure(ask(users, 'alice'))).toBeInstanceOf(BackendError)
      passage.speak()
      await until(async () => (await ask(users, 'alice')).outcome === 'accepted')
      await expect(ask(users, 'alice')).resolves.toMatchObject({ outcome: 'accepted' })
      await users.close?.()
      passage.close()
    })
  })

  describe(`rules in ${name}`, () => {
    test('are in force when they changed, and a list that is none leaves the last good one', async () => {
      const recorder = createRecorder()
      const rules = await openRules(200, recorder.log, server, server.connection())
      expect(await granted(rules, 'mallory')).toBe('no-match')
      await server.script(insertRules([{ match: { account: 'mallory' }, actions: ['pull'] }], 5))
      await until(async () => (await granted(rules, 'mallory')) !== 'no-match')
      expect(await granted(rules, 'mallory')).toEqual(['pull'])
      for (const [seq, entry, why] of [
        ['NULL', '{"match":{},"actions":["*"]}', 'no seq'],
        ['5', '{"match":{},"actions":["*"]}', 'stands twice'],
        ['6', '{"match":{"acount":"x"},"actions":["*"]}', 'acount'],
        ['6', '{"match":{"name":"/(/"},"actions":["*"]}', 'seq=6'],
        ['6', 'no JSON', 'seq=6'],
      ] as const) {
        recorder.lines.length = 0
        await server.script(`INSERT INTO xorm_acl_entry (acl_entry, seq) VALUES (${text(entry)}, ${seq})`)
        await until(() => Promise.resolve(JSON.stringify(recorder.lines).includes(why)))
        expect(JSON.stringify(recorder.lines)).toContain(why)
        expect(await granted(rules, 'mallory')).toEqual(['pull'])
        await server.script(`DELETE FROM xorm_acl_entry WHERE acl_entry = ${text(entry)}`)
        await until(() => Promise.resolve(JSON.stringify(recorder.lines).includes('can be read again')))
      }
      await server.script('DELETE FROM xorm_acl_entry WHERE seq = 5')
      await until(async () => (await granted(rules, 'mallory')) === 'no-match')
      expect(await granted(rules, 'mallory')).toBe('no-match')
    })

    test('that are no list at the start are the admin’s mistake', async () => {
      await server.script(`INSERT INTO xorm_acl_entry (acl_entry, seq) VALUES ('{}', 7)`)
      const error = await failure(openRules(60_000, log, server, server.connection()))
      await server.script('DELETE FROM xorm_acl_entry WHERE seq = 7')
      expect(error).toBeInstanceOf(ConfigError)
      expect(String(error)).toContain('acl_sql:seq=7')
    })

    test('come in the order of their seq as numbers, negative ones included', async () => {
      await server.script(insertRules([{ match: { account: 'eve' }, actions: ['pull'] }], 100))
      await server.script(insertRules([{ match: { account: 'eve' }, actions: [] }], 9))
      await server.script(insertRules([{ match: { account: 'eve' }, actions: ['pull', 'push'] }], -3))
      const rules = await openRules(60_000, log, server, server.connection())
      const answer = await rules.authorize(request({ account: 'eve', actions: ['pull', 'push'] }))
      expect(answer).toEqual({ outcome: 'decided', actions: ['pull', 'push'], rule: 'acl_sql:seq=-3' })
      await server.script('DELETE FROM xorm_acl_entry WHERE seq IN (100, 9, -3)')
    })
  })

  test(`${name} may be down at the start and go away: questions are outages until it is back, rules stay in force`, async () => {
    const connection = server.connection()
    await server.stop()
    const late = await openRules(200, log, server, connection)
    await expect(granted(late, 'root')).rejects.toBeInstanceOf(BackendError)
    const users = await openUsers(server, connection)
    await expect(ask(users, 'alice')).rejects.toBeInstanceOf(BackendError)
    await server.restart()
    await until(async () => (await granted(late, 'root')) !== undefined)
    expect(await granted(late, 'root')).toEqual(['pull'])
    await expect(ask(users, 'alice')).resolves.toMatchObject({ outcome: 'accepted' })

    await server.stop()
    await expect(ask(users, 'alice')).rejects.toBeInstanceOf(BackendError)
    await until(async () => (await failure(late.check?.(AbortSignal.timeout(5000)))) !== undefined)
    expect(await granted(late, 'root')).toEqual(['pull'])
    await server.restart()
    await expect(ask(users, 'alice')).resolves.toMatchObject({ outcome: 'accepted' })
    await until(async () => (await failure(late.check?.(AbortSignal.timeout(5000)))) === undefined)
    await expect(late.check?.(AbortSignal.timeout(5000))).resolves.toBeUndefined()
    expect(JSON.stringify(lines)).not.toContain('c4nary')
  })
}
