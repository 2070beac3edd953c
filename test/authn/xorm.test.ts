// Users in SQL, as rows say them: what is accepted, and everything that looks like it and is not. SQLite stands for all; the servers
// have suites of their own in test/real.
import { readFile } from 'node:fs/promises'
import { describe, expect, test } from '@jest/globals'
import { hashSync } from '@node-rs/bcrypt'
import Database from 'libsql'
import { createXormAuthenticator, XormAuthConfig, xorm } from '../../src/authn/xorm.ts'
import type { Authentication, Authenticator } from '../../src/authn/index.ts'
import { BackendError } from '../../src/lib/errors.ts'
import { Secret } from '../../src/lib/secret.ts'
import { createSql } from '../../src/lib/sql.ts'
import { readSql } from '../../src/lib/sql-config.ts'
import { authnTools } from '../support/authn-tools.ts'
import { useFolder } from '../support/folder.ts'
import { readSection } from '../support/reading.ts'
import { createRecorder } from '../support/recorder.ts'
import type { Recorder } from '../support/recorder.ts'
import { authenticatorConformance } from './conformance.ts'

const HASH = hashSync('secret', 4)
const OTHER = hashSync('other', 4)
const folder = useFolder()

/** As docker_auth's own program makes it when it starts. */
const XORM_TABLE =
  'CREATE TABLE IF NOT EXISTS `xorm_user` (`id` INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, `username` TEXT NOT NULL, ' +
  '`password_hash` TEXT NOT NULL, `labels` TEXT NULL)'

type Row = Readonly<{ username?: unknown; password_hash?: unknown; labels?: unknown }>

function fill(rows: readonly Row[], table = XORM_TABLE): void {
  const database = new Database(folder.path('users.db'))
  database.exec(table)
  for (const { username = 'alice', password_hash: hash = HASH, labels = null } of rows)
    database
      .prepare('INSERT INTO xorm_user (username, password_hash, labels) VALUES (?, ?, ?)')
      .run([username, hash, labels])
  database.close()
}

async function open(log = createRecorder().log, name = 'users.db'): Promise<Authenticator> {
  const yaml = `{database_type: sqlite3, conn_string: '${folder.path(name)}'}`
  const { settings } = await readSection(yaml, XormAuthConfig, readSql)
  return createXormAuthenticator(await createSql(settings!), authnTools({ log }))
}

async function asked(
  rows: readonly Row[],
  account = 'alice',
  password = 'secret',
): Promise<Recorder & { readonly answer: Authentication }> {
  fill(rows)
  const recorder = createRecorder()
  const authenticator = await open(recorder.log)
  return { ...recorder, answer: await authenticator.authenticate({ account, password: new Secret(password) }) }
}

const ask = (authenticator: Authenticator, account = 'alice', password = 'secret'): Promise<Authentication> =>
  authenticator.authenticate({ account, password: new Secret(password) })

authenticatorConformance('xorm_auth', { labelsArePatterns: true, emptyPassword: { outcome: 'no-match' } }, async () => {
  fill([{ labels: '{"team":["red","blue/*"]}' }])
  return {
    authenticator: await open(),
    known: { account: 'alice', password: 'secret', labels: { team: ['red', 'blue/*'] } },
    broken: await open(undefined, 'nowhere.db'),
  }
})

describe('a row', () => {
  test.each([
    ['null', null, {}],
    ['empty', '', {}],
    ['what docker_auth writes for none', 'null', {}],
    ['no labels', '{}', {}],
    ['labels', '{"team":["red"],"site":["north","south"]}', { team: ['red'], site: ['north', 'south'] }],
    ['a label without values', '{"team":null,"site":[]}', { team: [], site: [] }],
  ])('with %s in labels is accepted', async (_, labels, expected) => {
    const { answer, lines } = await asked([{ labels }])
    expect(answer).toEqual({
      outcome: 'accepted',
      identity: { account: 'alice', labels: expected, labelsArePatterns: true },
    })
    expect(lines).toEqual([])
  })

  test.each([
    ['no JSON', 'team=red'],
    ['half of it', '{"team":["red"'],
    ['a list', '["team"]'],
    ['text', '"team"'],
    ['true', 'true'],
    ['text for values', '{"team":"red"}'],
    ['a number among values', '{"team":["red",7]}'],
    ['null among values', '{"team":[null]}'],
    ['a label named __proto__', '{"__proto__":["x"]}'],
    ['bytes', Buffer.from('{"team":["red"]}')],
  ])('with %s in labels is refused, and the log says whose it is and nothing it holds', async (_, labels) => {
    for (const password of ['secret', 'wrong']) {
      const { answer, lines } = await asked([{ labels }], 'alice', password)
      expect(answer).toEqual({ outcome: 'rejected', reason: 'refused' })
      expect(lines).toHaveLength(1)
      expect(lines[0]).toMatchObject({ level: 'warn', fields: { account: 'alice' } })
      expect(lines[0]?.message).toContain('xorm_auth: the row of this user does not fit: labels')
      expect(JSON.stringify(lines)).not.toContain(HASH)
    }
  })

  test.each([
    ['bytes', Buffer.from(HASH), 'refused'],
    ['no hash', 'secret', 'wrong-password'],
    ['nothing', '', 'wrong-password'],
    ['the hash of another password', OTHER, 'wrong-password'],
  ])('with %s for a hash admits nobody', async (_, password_hash, reason) => {
    expect((await asked([{ password_hash }])).answer).toEqual({ outcome: 'rejected', reason })
  })

  test('with null for a hash admits nobody', async () => {
    fill([], 'CREATE TABLE xorm_user (id INTEGER PRIMARY KEY, username TEXT, password_hash TEXT, labels TEXT)')
    const database = new Database(folder.path('users.db'))
    database.exec("INSERT INTO xorm_user (username) VALUES ('alice')")
    database.close()
    expect(await ask(await open())).toEqual({ outcome: 'rejected', reason: 'refused' })
  })

  test('that is newer than others of its name is the one that counts', async () => {
    const rows = [{ password_hash: HASH }, { password_hash: OTHER, labels: '{"new":["yes"]}' }]
    expect((await asked(rows)).answer).toEqual({ outcome: 'rejected', reason: 'wrong-password' })
    expect(await ask(await open(), 'alice', 'other')).toMatchObject({ identity: { labels: { new: ['yes'] } } })
  })

  test('whose column does not tell cases apart is found by its own spelling only', async () => {
    const rows = [{ username: 'alice' }, { username: 'Alice', password_hash: OTHER }]
    fill(rows, XORM_TABLE.replace('`username` TEXT', '`username` TEXT COLLATE NOCASE'))
    const authenticator = await open()
    expect(await ask(authenticator)).toMatchObject({ outcome: 'accepted', identity: { account: 'alice' } })
    expect(await ask(authenticator, 'Alice', 'other')).toMatchObject({ identity: { account: 'Alice' } })
    expect(await ask(authenticator, 'ALICE')).toEqual({ outcome: 'no-match' })
  })

  test.each([
    "' OR '1'='1",
    "\\' OR 1=1 -- ",
    "alice'--",
    "alice'; DROP TABLE xorm_user; --",
    '%',
    '_____',
    'ali\0ce',
    '\ud800',
    'alice\n',
    '?',
    ':1',
    '$1',
  ])('is not found by %j, which is text and nothing else', async (account) => {
    expect((await asked([{}], account)).answer).toEqual({ outcome: 'no-match' })
    expect(await ask(await open())).toMatchObject({ outcome: 'accepted' })
  })
})

test('the row is read every time: a password that was changed or a user who was removed counts at once', async () => {
  fill([{}])
  const authenticator = await open()
  expect(await ask(authenticator)).toMatchObject({ outcome: 'accepted' })
  const database = new Database(folder.path('users.db'))
  database.prepare('UPDATE xorm_user SET password_hash = ?').run([OTHER])
  expect(await ask(authenticator)).toMatchObject({ outcome: 'rejected' })
  database.exec('DELETE FROM xorm_user')
  expect(await ask(authenticator)).toEqual({ outcome: 'no-match' })
  database.close()
})

test('the table of the example is as good as docker_auth’s own', async () => {
  fill([{}], await readFile('examples/sql/sqlite.sql', 'utf8'))
  expect(await ask(await open())).toMatchObject({ outcome: 'accepted' })
})

test('a table that is not there is an outage that says how it is made', async () => {
  fill([], 'CREATE TABLE other (id INTEGER)')
  const authenticator = await open()
  const failed = await ask(authenticator).catch((error: unknown) => error)
  expect(failed).toBeInstanceOf(BackendError)
  expect(failed).toMatchObject({
    message: expect.stringContaining('examples/sql'),
    cause: expect.objectContaining({ message: expect.stringContaining('xorm_user') }),
  })
  await expect(authenticator.check?.(AbortSignal.timeout(5000))).rejects.toBeInstanceOf(BackendError)
})

test('it answers when it is checked, and no more when it is closed', async () => {
  fill([{}])
  const authenticator = await open()
  await expect(authenticator.check?.(AbortSignal.timeout(5000))).resolves.toBeUndefined()
  await authenticator.close?.()
  await expect(ask(authenticator)).rejects.toThrow(/is closed/)
})

test('opening the section connects to nothing', async () => {
  const yaml = `{database_type: sqlite3, conn_string: '${folder.path('nowhere.db')}'}`
  const { settings } = await readSection(yaml, XormAuthConfig, readSql)
  expect(settings).toBeDefined()
  expect(xorm.section).toBe('xorm_auth')
  await expect(createSql(settings!)).resolves.toBeDefined()
})
