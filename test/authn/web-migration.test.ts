// store migrate moves records to keys with their provider's name, and back, whatever comes in between.
import { describe, expect, test } from '@jest/globals'
import { randomBytes } from 'node:crypto'
import { formatRecord } from '../../src/authn/web/record.ts'
import type { SignInRecord } from '../../src/authn/web/record.ts'
import { migrateStores } from '../../src/authn/web/migration.ts'
import type { Migration } from '../../src/authn/web/migration.ts'
import type { ProviderName } from '../../src/authn/web/provider.ts'
import { ConfigError } from '../../src/lib/errors.ts'
import { Secret } from '../../src/lib/secret.ts'
import {
  choice,
  createMemoryStore,
  createReplica,
  DAY,
  NO_MATCH,
  SECRET_KEY,
  storeSettings,
  textOf,
  tokens,
} from './web.ts'
import type { MemoryStore } from './web.ts'

interface Run {
  readonly undo?: boolean
  readonly providers?: readonly ProviderName[]
  readonly kind?: 'level' | 'redis' | 'mongo'
  readonly secretKey?: Secret
  readonly now?: number
}

async function migrate(store: MemoryStore, run: Run = {}): Promise<Migration> {
  const settings = storeSettings(run.kind ?? 'redis')
  const providers = (run.providers ?? ['github']).map((name) => ({ name, store: choice(settings, { lifetime: DAY }) }))
  const tools = {
    now: () => run.now ?? 0,
    randomBytes,
    openStore: () => Promise.resolve({ value: store, release: () => store.close() }),
  }
  const stores = { providers, secretKey: run.secretKey ?? SECRET_KEY }
  const migrations: Migration[] = []
  for await (const migration of migrateStores(stores, run.undo ?? false, tools)) migrations.push(migration)
  expect(migrations).toHaveLength(1)
  return migrations[0]!
}

const theirs = (account: string): string =>
  JSON.stringify({
    access_token: `of ${account}`,
    valid_until: '1970-01-02T00:00:00Z',
    docker_password: 'x',
    labels: {},
  })

const ours = (changes: Partial<SignInRecord>): string =>
  formatRecord({
    provider: 'github',
    passwordHash: 'x',
    tokens: tokens('x'),
    labels: {},
    validUntil: DAY,
    expiresAt: DAY,
    ...changes,
  }).toString()

const keys = (store: MemoryStore): string[] => [...store.data.keys()].sort()

describe('a migration', () => {
  test('keeps every password good, and seals the tokens', async () => {
    const replica = await createReplica()
    const password = await replica.signIn()
    await expect(migrate(replica.store)).resolves.toEqual({ store: 'redis_token_db', moved: 1, ended: 0, strange: 0 })
    expect(keys(replica.store)).toEqual(['registry-auth:github:bob', 'registry-auth:records'])
    expect(textOf(replica.store, 'registry-auth:github:bob')).not.toContain('access')
    await expect(replica.login('bob', password)).resolves.toMatchObject({ outcome: 'accepted' })
  })

  test('then undone leaves what there was', async () => {
    const replica = await createReplica()
    const password = await replica.signIn()
    const before = new Map(replica.store.data)
    await migrate(replica.store)
    await expect(migrate(replica.store, { undo: true })).resolves.toMatchObject({ moved: 1 })
    expect(replica.store.data).toEqual(before)
    await expect(replica.login('bob', password)).resolves.toMatchObject({ outcome: 'accepted' })
  })

  test('a second time does nothing', async () => {
    const store = createMemoryStore({ 't:bob': theirs('bob') })
    await migrate(store)
    const before = new Map(store.data)
    await expect(migrate(store)).resolves.toMatchObject({ moved: 0 })
    expect(store.data).toEqual(before)
    await migrate(store, { undo: true })
    await expect(migrate(store, { undo: true })).resolves.toMatchObject({ moved: 0 })
    expect(keys(store)).toEqual(['t:bob'])
  })

  test('gives docker_auth’s records their provider and an end', async () => {
    const store = createMemoryStore({ 't:bob': theirs('bob') })
    await migrate(store, { now: 5 })
    expect(store.ttls.get('registry-auth:github:bob')).toBe(DAY)
    await migrate(store, { undo: true })
    expect(JSON.parse(textOf(store, 't:bob'))).toMatchObject({
      access_token: 'of bob',
      provider: 'github',
      docker_password_expires: new Date(DAY + 5).toISOString(),
    })
  })

  test('leaves out what has ended, and leaves alone what is no record', async () => {
    const store = createMemoryStore({
      't:bob': ours({}),
      't:gone': ours({ expiresAt: 10 }),
      't:broken': '{',
      'somebody else’s': 'value',
    })
    await expect(migrate(store, { now: 10 })).resolves.toMatchObject({ moved: 1, ended: 1, strange: 1 })
    expect(keys(store)).toEqual(['registry-auth:github:bob', 'registry-auth:records', 'somebody else’s', 't:broken'])
  })

  test('of an empty store lets two providers share it', async () => {
    const store = createMemoryStore()
    const providers = ['github', 'gitlab'] as const
    await migrate(store, { providers })
    const replica = await createReplica({ providers, kind: 'level', store })
    const ofGithub = await replica.signIn('github')
    await replica.signIn('gitlab')
    await expect(replica.login('bob', ofGithub)).resolves.toMatchObject({ outcome: 'accepted' })
  })

  test('with two providers cannot tell whose docker_auth’s records are, and changes nothing', async () => {
    const store = createMemoryStore({ 't:bob': theirs('bob'), 't:alice': ours({}) })
    const run = migrate(store, { providers: ['github', 'gitlab'] })
    await expect(run).rejects.toBeInstanceOf(ConfigError)
    await expect(run).rejects.toThrow('redis_token_db holds records that docker_auth wrote for one provider')
    expect(keys(store)).toEqual(['t:alice', 't:bob'])
    expect(store.closed).toBe(1)
  })

  test('with two providers moves the records that say whose they are', async () => {
    const store = createMemoryStore({ 't:bob': ours({ provider: 'gitlab' }), 't:alice': ours({}) })
    await expect(migrate(store, { providers: ['github', 'gitlab'] })).resolves.toMatchObject({ moved: 2 })
    expect(keys(store)).toEqual(['registry-auth:github:alice', 'registry-auth:gitlab:bob', 'registry-auth:records'])
  })

  test('cannot be undone where one account has two records, and changes nothing', async () => {
    const replica = await createReplica({ providers: ['github', 'gitlab'], kind: 'level', store: await migrated() })
    await replica.signIn('github')
    await replica.signIn('gitlab')
    const before = new Map(replica.store.data)
    await expect(migrate(replica.store, { undo: true })).rejects.toThrow('bob signed in with more than one provider')
    expect(replica.store.data).toEqual(before)
  })

  test('is not undone with another key than it was made with', async () => {
    const store = await migrated()
    const before = new Map(store.data)
    const secretKey = new Secret('another key, of at least 32 characters')
    await expect(migrate(store, { undo: true, secretKey })).rejects.toThrow('sealed with another key')
    expect(store.data).toEqual(before)
  })

  test('of a store that is ours alone is none, and cannot be undone', async () => {
    const replica = await createReplica({ kind: 'mongo' })
    await replica.signIn()
    const before = new Map(replica.store.data)
    await expect(migrate(replica.store, { kind: 'mongo' })).resolves.toMatchObject({ moved: 0 })
    await expect(migrate(replica.store, { kind: 'mongo', undo: true })).rejects.toBeInstanceOf(ConfigError)
    expect(replica.store.data).toEqual(before)
  })

  test('takes a record that the store gives twice once', async () => {
    const store = await migrated({ 't:bob': theirs('bob') })
    const twice: MemoryStore = {
      ...store,
      async *entries() {
        yield* store.entries()
        yield* store.entries()
      },
    }
    await expect(migrate(twice, { undo: true })).resolves.toMatchObject({ moved: 1 })
  })
})

async function migrated(content: Readonly<Record<string, string>> = {}): Promise<MemoryStore> {
  const store = createMemoryStore(content)
  await migrate(store)
  return store
}

describe('a migration that is cut off', () => {
  const content = { 't:bob': theirs('bob'), 't:alice': theirs('alice'), 't:carol': theirs('carol') }
  const accounts = ['alice', 'bob', 'carol']

  /** Lets so many changes through, then breaks. */
  function breaking(store: MemoryStore, changes: number): MemoryStore {
    let left = changes
    const count = (): void => {
      if (left-- <= 0) throw new Error('cut off')
    }
    return {
      ...store,
      put: async (key, value, ttl) => (count(), store.put(key, value, ttl)),
      delete: async (key) => (count(), store.delete(key)),
    }
  }

  test.each([0, 1, 2, 3, 4, 5, 6])(
    'after %i changes is completed by the next, and so is its undoing',
    async (changes) => {
      const store = createMemoryStore(content)
      await expect(migrate(breaking(store, changes))).rejects.toThrow('cut off')
      await migrate(store)
      expect(keys(store)).toEqual([...accounts.map((name) => `registry-auth:github:${name}`), 'registry-auth:records'])

      await expect(migrate(breaking(store, changes), { undo: true })).rejects.toThrow('cut off')
      await migrate(store, { undo: true })
      expect(keys(store)).toEqual(accounts.map((name) => `t:${name}`))
      for (const name of accounts)
        expect(JSON.parse(textOf(store, `t:${name}`))).toMatchObject({ access_token: `of ${name}` })
    },
  )

  test.each([0, 1, 2, 3, 4, 5, 6])('after %i changes can be undone instead', async (changes) => {
    const store = createMemoryStore(content)
    await expect(migrate(breaking(store, changes))).rejects.toThrow('cut off')
    await migrate(store, { undo: true })
    expect(keys(store).filter((key) => key.startsWith('t:'))).toEqual(accounts.map((name) => `t:${name}`))
    const replica = await createReplica({ store, kind: 'level' })
    await expect(replica.login('bob', 'wrong')).resolves.toEqual({ outcome: 'rejected', reason: 'wrong-password' })
    await expect(replica.login('nobody', 'x')).resolves.toEqual(NO_MATCH)
  })

  test('does not bring back what changed after the turn', async () => {
    const store = createMemoryStore({ 't:bob': theirs('bob') })
    // Everything but the deletion of the old record.
    await expect(migrate(breaking(store, 2))).rejects.toThrow('cut off')
    expect(keys(store)).toContain('t:bob')
    const replica = await createReplica({ store })
    const password = await replica.signIn()
    await migrate(store)
    await expect(replica.login('bob', password)).resolves.toMatchObject({ outcome: 'accepted' })
  })
})
