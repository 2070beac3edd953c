// Where docker passwords live, as a provider's section says it, and the secret that goes with it.
import { describe, expect, test } from '@jest/globals'
import { randomBytes } from 'node:crypto'
import { readdir, readFile, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { readTokenDb, tokenDbKeys } from '../../src/authn/web/token-db.ts'
import type { StoreChoice } from '../../src/authn/web/token-db.ts'
import { deriveKey, secretKeyProblem, secretOf } from '../../src/authn/web/secret-key.ts'
import { createReport } from '../../src/config-problems.ts'
import { ConfigError } from '../../src/lib/errors.ts'
import { createFileSet } from '../../src/lib/files.ts'
import { strict } from '../../src/lib/schema.ts'
import { Secret } from '../../src/lib/secret.ts'
import { parseYaml } from '../../src/lib/yaml.ts'
import { useFolder } from '../support/folder.ts'
import { DAY, storeSettings } from './web.ts'

const folder = useFolder()

/** What a section with these lines says about its store. */
async function read(
  text: string,
): Promise<{ choice: StoreChoice | undefined; problems: string[]; warnings: string[] }> {
  const document = parseYaml(text, 'config.yml')
  const findings = { problems: [], warnings: [] }
  const report = createReport('config.yml', document, findings)
  const config = report.parse([], strict(tokenDbKeys), document.value)
  const choice = config && (await readTokenDb(config, { files: createFileSet(), report }))
  const said = (list: readonly { path?: string; message: string }[]): string[] =>
    list.map(({ path, message }) => `${path ?? ''}: ${message}`)
  return { choice, problems: said(findings.problems), warnings: said(findings.warnings) }
}

describe('a store', () => {
  test('in a folder is found wherever the process stands', async () => {
    const { choice } = await read('level_token_db: {path: data/tokens.ldb}')
    expect(choice).toEqual({
      settings: { kind: 'level', path: resolve('data/tokens.ldb') },
      hashCost: 10,
      lifetime: 90 * DAY,
    })
  })

  test('as configurations had it before docker_auth 1.12 is a folder', async () => {
    const { choice } = await read('token_db: /data/tokens.ldb')
    expect(choice).toEqual({
      settings: { kind: 'level', path: '/data/tokens.ldb' },
      hashCost: 10,
      lifetime: 90 * DAY,
    })
  })

  test('hashes and ends as it says', async () => {
    const { choice } = await read('level_token_db: {path: /x, token_hash_cost: 5, expire_after: 24h}')
    expect(choice).toMatchObject({ hashCost: 5, lifetime: DAY })
    await expect(read('level_token_db: {path: /x, token_hash_cost: 0}')).resolves.toMatchObject({
      choice: { hashCost: 10 },
    })
  })

  test('in Redis, in MongoDB', async () => {
    const redis = await read('redis_token_db: {redis_options: {addr: "localhost:6379"}, token_hash_cost: 4}')
    expect(redis).toMatchObject({ problems: [], choice: { settings: { kind: 'redis' }, hashCost: 4 } })
    const mongo = await read('mongo_token_db: {uri: "mongodb://localhost/db", collection: tokens, expire_after: 1h}')
    expect(mongo).toMatchObject({ choice: { settings: { kind: 'mongo' }, lifetime: 3600e3 } })
  })

  test('is one: the others are not used, and that is said', async () => {
    const { choice, warnings } = await read(
      'token_db: /old\nlevel_token_db: {path: /x}\nredis_token_db: {redis_options: {addr: "localhost:6379"}}',
    )
    expect(choice).toMatchObject({ settings: { kind: 'redis' } })
    expect(warnings).toEqual([
      'level_token_db: is not used, because there is redis_token_db',
      'token_db: is not used, because there is redis_token_db',
    ])
  })

  test.each([
    ['{}', ': needs a place for docker passwords: level_token_db: {path: FOLDER}, redis_token_db or mongo_token_db'],
    [
      'gcs_token_db: {bucket: b, client_secret_file: f}',
      'gcs_token_db: is not supported: use redis_token_db, mongo_token_db or level_token_db',
    ],
    ['level_token_db: {}', 'level_token_db.path: is required'],
    ['level_token_db: {path: ""}', 'level_token_db.path: must not be empty'],
    [
      'level_token_db: {path: /x, cost: 5}',
      'level_token_db.cost: unknown key "cost"; known keys are path, token_hash_cost, expire_after',
    ],
    ['level_token_db: {path: /x, token_hash_cost: 3}', 'level_token_db.token_hash_cost: must be between 4 and 31'],
    ['level_token_db: {path: /x, token_hash_cost: 32}', 'level_token_db.token_hash_cost: must be between 4 and 31'],
    ['level_token_db: {path: /x, expire_after: 1s}', 'level_token_db.expire_after: must be between 1m and 87600h'],
    [
      'redis_token_db: {redis_options: {addr: "localhost:1"}, token_hash_cost: 1}',
      'redis_token_db.token_hash_cost: must be between 4 and 31',
    ],
  ])('%s is refused', async (text, problem) => {
    const { choice, problems } = await read(text)
    expect(choice).toBeUndefined()
    expect(problems).toEqual([problem])
  })
})

describe('the secret key', () => {
  const long = new Secret('x'.repeat(32))

  test.each([
    [['level'], undefined, undefined],
    [['level', 'level'], undefined, undefined],
    [['level', 'redis', 'mongo'], long, undefined],
    [['level'], new Secret('x'.repeat(31)), 'must hold at least 32 characters'],
    [['level', 'redis'], undefined, 'is needed with redis_token_db'],
    [['mongo'], undefined, 'is needed with mongo_token_db'],
  ] as const)('of %j with %p', (kinds, secret, problem) => {
    const said = secretKeyProblem(
      kinds.map((kind) => storeSettings(kind)),
      secret,
    )
    if (problem === undefined) expect(said).toBeUndefined()
    else expect(said).toContain(problem)
  })

  test('of a folder stands beside it, is made once, and is nobody else’s to read', async () => {
    const store = { kind: 'level', path: folder.path('tokens') } as const
    const made = await secretOf(store, undefined, randomBytes)
    expect((await stat(folder.path('tokens.key'))).mode & 0o777).toBe(0o600)
    expect(Buffer.from(await readFile(folder.path('tokens.key'), 'utf8'), 'base64')).toHaveLength(32)
    expect((await secretOf(store, undefined, randomBytes)).reveal()).toBe(made.reveal())
    expect((await secretOf(store, long, randomBytes)).reveal()).toBe(long.reveal())
  })

  test('whose making was cut short is made anew', async () => {
    await folder.write('tokens.key', '')
    const made = await secretOf({ kind: 'level', path: folder.path('tokens') }, undefined, randomBytes)
    expect(made.reveal().length).toBeGreaterThan(32)
  })

  test('of a folder that is too short, a folder itself, or cannot be made is refused with a sentence', async () => {
    const of = (path: string): Promise<unknown> =>
      secretOf({ kind: 'level', path: folder.path(path) }, undefined, randomBytes)
    await folder.write('short.key', 'secret')
    await expect(of('short')).rejects.toThrow(/short\.key must hold at least 32 characters$/)
    await folder.write('folder.key/x', '')
    await expect(of('folder')).rejects.toThrow(/folder\.key is a folder, not a file$/)
    await expect(of('not/there')).rejects.toThrow('or name one with secret_key_file')
    await expect(of('not/there')).rejects.toBeInstanceOf(ConfigError)
    expect((await readdir(folder.path())).sort()).toEqual(['folder.key', 'short.key'])
  })

  test('yields another key for each purpose, and the same one every time', () => {
    expect(deriveKey(long, 'cookie')).toHaveLength(32)
    expect(deriveKey(long, 'cookie')).toEqual(deriveKey(long, 'cookie'))
    expect(deriveKey(long, 'cookie')).not.toEqual(deriveKey(long, 'record'))
    expect(deriveKey(long, 'cookie')).not.toEqual(deriveKey(new Secret('y'.repeat(32)), 'cookie'))
  })
})
