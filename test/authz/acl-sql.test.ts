// Rules in SQL, as rows say them: docker_auth's own, and everything that looks like them and is not. SQLite stands for all; the servers
// have suites of their own in test/real.
import { readFile } from 'node:fs/promises'
import { describe, expect, test } from '@jest/globals'
import Database from 'libsql'
import { AclSqlConfig, aclSql, aclXorm, createSqlRows } from '../../src/authz/acl-sql.ts'
import type { AclTables } from '../../src/authz/acl-sql.ts'
import type { Authorizer } from '../../src/authz/index.ts'
import { openStoredAcl } from '../../src/authz/stored-acl.ts'
import { BackendError, ConfigError } from '../../src/lib/errors.ts'
import { createSql } from '../../src/lib/sql.ts'
import { readSql } from '../../src/lib/sql-config.ts'
import { authzTools } from '../support/authz-tools.ts'
import { useFolder } from '../support/folder.ts'
import { readSection } from '../support/reading.ts'
import { CONFORMANCE_RULES, authorizerConformance } from './conformance.ts'
import { request } from './request.ts'

const folder = useFolder()

/** As docker_auth's own program makes it when it starts. */
const XORM_TABLE = 'CREATE TABLE IF NOT EXISTS `xorm_acl_entry` (`acl_entry` TEXT NULL, `seq` INTEGER NULL)'

type Row = readonly [entry: unknown, seq: unknown]

function fill(rows: readonly Row[], table = XORM_TABLE): void {
  const database = new Database(folder.path('rules.db'))
  database.exec(table)
  const insert = database.prepare('INSERT INTO xorm_acl_entry (acl_entry, seq) VALUES (?, ?)')
  for (const [entry, seq] of rows) insert.run([entry, seq])
  database.close()
}

async function open(name = 'rules.db'): Promise<Authorizer> {
  const yaml = `{database_type: sqlite3, conn_string: '${folder.path(name)}'}`
  const { settings } = await readSection(yaml, AclSqlConfig, readSql)
  return openStoredAcl(createSqlRows('acl_sql', await createSql<AclTables>(settings!)), { ttl: 60_000 }, authzTools())
}

async function decide(rows: readonly Row[], account = 'alice'): Promise<unknown> {
  fill(rows)
  const authorizer = await open()
  const answer = await authorizer.authorize(request({ account, actions: ['pull', 'push'] }))
  await authorizer.close?.()
  return answer
}

async function refusal(rows: readonly Row[]): Promise<string> {
  fill(rows)
  const error = await open().catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(ConfigError)
  return String(error)
}

const rule = (account: string, ...actions: string[]): string => JSON.stringify({ match: { account }, actions })

authorizerConformance('acl_sql', () => {
  fill(
    [...CONFORMANCE_RULES.entries()].map(([index, entry]) => [JSON.stringify(entry), index]),
    `DROP TABLE IF EXISTS xorm_acl_entry; ${XORM_TABLE}`,
  )
  return open()
})

describe('a rule', () => {
  test.each([
    ['as docker_auth writes it', '{"Match":{"account":"alice"},"Actions":["pull"],"Comment":"hers"}'],
    ['with a comment that is null', '{"Match":{"account":"alice"},"Actions":["pull"],"Comment":null}'],
    ['with match keys that are null', '{"Match":{"account":"alice","ip":null,"labels":null},"Actions":["pull"]}'],
    ['with match keys that Go reads in any case', '{"MATCH":{"Account":"alice"},"actions":["pull"]}'],
    ['in lower case', '{"match":{"account":"alice"},"actions":["pull"]}'],
  ])('%s is read', async (_, entry) => {
    const answer = { outcome: 'decided', actions: ['pull'], rule: 'acl_sql:seq=10' }
    expect(await decide([[entry, 10]])).toEqual(answer)
    expect(await decide([], 'bob')).toEqual({ outcome: 'no-match' })
  })

  test('counts in ascending order of seq, however they were inserted, and is named by it', async () => {
    const rows: Row[] = [
      [rule('alice', 'pull', 'push'), 100],
      [rule('alice'), 20],
      [rule('alice', 'pull'), 9],
    ]
    expect(await decide(rows)).toMatchObject({ actions: ['pull'], rule: 'acl_sql:seq=9' })
  })

  test('may have an id and whatever else rules of files may have', async () => {
    const entry = '{"id":"hers","match":{"account":"alice","ip":["192.0.2.0/24"]},"actions":["*"]}'
    expect(await decide([[entry, 1]])).toMatchObject({ actions: ['pull', 'push'], rule: 'hers' })
  })

  test.each([
    ['without a seq', [rule('x'), null], 'a rule has no seq'],
    ['with text for a seq', [rule('x'), 'last'], 'no whole number'],
    ['with an empty seq', [rule('x'), ''], 'no whole number'],
    ['with half a seq', [rule('x'), 1.5], 'no whole number'],
    ['with a seq that is not exact', [rule('x'), 2 ** 53], 'no whole number'],
    ['that is null', [null, 5], 'acl_sql:seq=5'],
    ['that is bytes', [Buffer.from(rule('x')), 5], 'not text'],
    ['that is no JSON', ['match: {}', 5], 'acl_sql:seq=5'],
    ['that is a list', ['[]', 5], 'acl_sql:seq=5'],
    ['without a match', ['{"actions":["*"]}', 5], 'seq=5: match: is missing'],
    ['whose match is null', ['{"Match":null,"Actions":["*"]}', 5], 'seq=5: match: is missing'],
    ['without actions', ['{"match":{}}', 5], 'seq=5: actions: is missing'],
    ['with a match key nobody knows', ['{"match":{"acount":"x"},"actions":[]}', 5], 'did you mean "account"'],
    ['with a condition beside match', ['{"match":{},"actions":["*"],"Account":"x"}', 5], 'seq=5: account'],
    ['with a number for a pattern', ['{"match":{"account":7},"actions":["*"]}', 5], 'match.account'],
    ['with a bad pattern', ['{"match":{"account":"/(/"},"actions":["*"]}', 5], 'match.account'],
    ['with two matches', ['{"match":{"account":"x"},"Match":{},"actions":["*"]}', 5], '"match" stands there twice'],
    ['with two accounts', ['{"match":{"account":"x","Account":"y"},"actions":["*"]}', 5], '"account" stands there'],
    ['with one match twice', ['{"match":{"account":"x"},"match":{},"actions":["*"]}', 5], '"match" stands there twice'],
    [
      'with a key that is written in two ways',
      ['{"match":{"account":"x","\\u0061ccount":"*"},"actions":["*"]}', 5],
      '"account" stands there',
    ],
    ['with a key __proto__', ['{"match":{"__proto__":{}},"actions":["*"]}', 5], 'acl_sql:seq=5'],
  ] as const)('%s refuses the whole list', async (_, row, why) => {
    expect(await refusal([[rule('alice', 'pull'), 1], row])).toContain(why)
  })

  test('that shares its seq with another refuses the list: nobody knows which comes first', async () => {
    expect(
      await refusal([
        [rule('alice', 'pull'), 3],
        [rule('alice'), 3],
      ]),
    ).toContain('acl_sql:seq=3: stands twice')
  })
})

test('no rules are a list of none', async () => {
  expect(await decide([])).toEqual({ outcome: 'no-match' })
})

test('the table of the example is as good as docker_auth’s own', async () => {
  fill([[rule('alice', 'pull'), 1]], await readFile('examples/sql/sqlite.sql', 'utf8'))
  expect(await decide([])).toMatchObject({ actions: ['pull'] })
})

test('a table or a file that is not there is an outage: nobody is granted anything, and nothing is made', async () => {
  fill([])
  const database = new Database(folder.path('rules.db'))
  database.exec('DROP TABLE xorm_acl_entry')
  database.close()
  for (const name of ['rules.db', 'nowhere.db']) {
    const authorizer = await open(name)
    await expect(authorizer.authorize(request())).rejects.toBeInstanceOf(BackendError)
    await expect(authorizer.check?.(AbortSignal.timeout(5000))).rejects.toBeInstanceOf(BackendError)
    await authorizer.close?.()
  }
  await expect(readFile(folder.path('nowhere.db'))).rejects.toThrow(/ENOENT/)
})

test('whoever writes for a moment is waited for', async () => {
  fill([[rule('alice', 'pull'), 1]])
  const writer = new Database(folder.path('rules.db'))
  writer.exec('BEGIN EXCLUSIVE')
  const opening = open()
  await new Promise((resolve) => setTimeout(resolve, 60))
  writer.exec('COMMIT')
  writer.close()
  const authorizer = await opening
  expect(await authorizer.authorize(request())).toMatchObject({ actions: ['pull'] })
  await authorizer.close?.()
})

describe('the section', () => {
  test('has docker_auth’s name, and ours', () => {
    expect([aclXorm.section, aclSql.section]).toEqual(['acl_xorm', 'acl_sql'])
  })

  test.each([
    ['', 60_000],
    ['cache_ttl: 5s', 5000],
    ['cache_ttl: 24h', 24 * 3600e3],
  ])('with %j reads its rules again after %i ms', async (more, ttl) => {
    const { settings } = await readSection(
      `{database_type: sqlite3, conn_string: rules.db, ${more}}`,
      AclSqlConfig,
      (config) => config,
    )
    expect(settings?.cache_ttl).toBe(ttl)
  })

  test.each(['0', '999ms', '25h', '-1s', 'soon', '60'])('refuses cache_ttl: %s', async (ttl) => {
    const yaml = `{database_type: sqlite3, conn_string: rules.db, cache_ttl: ${ttl}}`
    const { problems } = await readSection(yaml, AclSqlConfig, readSql)
    expect(problems).toHaveLength(1)
    expect(problems[0]).toContain('cache_ttl: must be')
  })
})
