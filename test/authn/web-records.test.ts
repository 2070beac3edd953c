// Records in a store: docker_auth's form, ours, and what must not be read as either.
import { describe, expect, test } from '@jest/globals'
import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { createSealedForm, dockerAuthForm } from '../../src/authn/web/forms.ts'
import { createLayout, createShelf } from '../../src/authn/web/layout.ts'
import { PROVIDER_NAMES } from '../../src/authn/web/provider.ts'
import { formatRecord, parseRecord } from '../../src/authn/web/record.ts'
import type { SignInRecord } from '../../src/authn/web/record.ts'
import { createRecords } from '../../src/authn/web/records.ts'
import { createSeal } from '../../src/authn/web/sealing.ts'
import { deriveKey } from '../../src/authn/web/secret-key.ts'
import { BackendError } from '../../src/lib/errors.ts'
import { createQueue } from '../../src/lib/queue.ts'
import { Secret } from '../../src/lib/secret.ts'
import { createMemoryStore, createReplica, DAY, NO_MATCH, SECRET_KEY, storeSettings, textOf } from './web.ts'

const seal = createSeal(deriveKey(SECRET_KEY, 'record'), randomBytes)
const sealedForm = createSealedForm(seal)

const record = (changes: Partial<SignInRecord> = {}): SignInRecord => ({
  provider: 'github',
  passwordHash: '$2b$04$hash',
  tokens: { accessToken: new Secret('access'), refreshToken: new Secret('refresh'), expiresAt: 7_200_000 },
  labels: { teams: ['red', 'blue'] },
  validUntil: 3_600_000,
  expiresAt: 90 * DAY,
  ...changes,
})

const plain = ({ tokens, ...rest }: SignInRecord): object => ({
  ...rest,
  access: tokens.accessToken.reveal(),
  refresh: tokens.refreshToken?.reveal(),
  expiresAt: tokens.expiresAt,
})

describe('a record in docker_auth’s form', () => {
  test('has its names and times, and ours beside them', () => {
    expect(JSON.parse(formatRecord(record()).toString())).toEqual({
      token_type: 'Bearer',
      access_token: 'access',
      refresh_token: 'refresh',
      valid_until: '1970-01-01T01:00:00.000Z',
      docker_password: '$2b$04$hash',
      labels: { teams: ['red', 'blue'] },
      provider: 'github',
      access_token_expires: '1970-01-01T02:00:00.000Z',
      docker_password_expires: '1970-04-01T00:00:00.000Z',
    })
  })

  test('as docker_auth writes it is read', () => {
    const theirs =
      '{"token_type":"Bearer","access_token":"a","refresh_token":"r","valid_until":"2024-01-02T03:04:05.123456789+02:00","docker_password":"$2a$10$x","labels":{"teams":["red"],"none":null}}'
    expect(plain(parseRecord(Buffer.from(theirs))!)).toEqual({
      provider: undefined,
      passwordHash: '$2a$10$x',
      access: 'a',
      refresh: 'r',
      labels: { teams: ['red'], none: [] },
      validUntil: Date.parse('2024-01-02T01:04:05.123Z'),
      expiresAt: undefined,
    })
  })

  test('may lack whatever Go leaves out when it is empty', () => {
    const parsed = parseRecord(Buffer.from('{"valid_until":"0001-01-01T00:00:00Z","refresh_token":""}'))
    expect(parsed).toMatchObject({ passwordHash: '', labels: {}, validUntil: Date.parse('0001-01-01T00:00:00Z') })
    expect(parsed?.tokens.refreshToken).toBeUndefined()
  })

  test.each([
    '',
    'null',
    '[]',
    '"x"',
    '{}',
    '{"valid_until":5}',
    '{"valid_until":"soon"}',
    '{"valid_until":"2024-01-02T03:04:05Z","docker_password":["$2a$10$x"]}',
    '{"valid_until":"2024-01-02T03:04:05Z","labels":{"teams":"red"}}',
    '{"valid_until":"2024-01-02T03:04:05Z","labels":[]}',
    '{"valid_until":"2024-01-02T03:04:05Z","provider":"myspace"}',
    '{"valid_until":"2024-01-02T03:04:05Z"',
    '\xff\xfe',
  ])('%j is none', (text) => {
    expect(parseRecord(Buffer.from(text, 'latin1'))).toBeUndefined()
  })

  test('has an end that docker_auth can read, however long a token is said to live', () => {
    const expiresAt = Date.now() + 9e18
    const given = record({ validUntil: Infinity, expiresAt, tokens: { accessToken: new Secret('a'), expiresAt } })
    const json = formatRecord(given).toString()
    expect(json).toContain('"valid_until":"9999-12-31T23:59:59.000Z"')
    expect(parseRecord(Buffer.from(json))?.tokens.expiresAt).toBe(Date.UTC(9999, 11, 31, 23, 59, 59))
  })

  test('comes back as it was, whatever is in it', () => {
    const time = fc.integer({ min: 0, max: 4e12 })
    const arbitrary = fc.record({
      provider: fc.option(fc.constantFrom(...PROVIDER_NAMES), { nil: undefined }),
      passwordHash: fc.string(),
      tokens: fc.record({
        accessToken: fc.string({ unit: 'grapheme' }).map((text) => new Secret(text)),
        refreshToken: fc.option(
          fc.string({ minLength: 1 }).map((text) => new Secret(text)),
          { nil: undefined },
        ),
        expiresAt: fc.option(time, { nil: undefined }),
      }),
      labels: fc.dictionary(
        fc.string({ unit: 'grapheme' }).filter((name) => name !== '__proto__'),
        fc.array(fc.string()),
        { noNullPrototype: true },
      ),
      validUntil: time,
      expiresAt: fc.option(time, { nil: undefined }),
    })
    fc.assert(
      fc.property(arbitrary, fc.string({ unit: 'grapheme', minLength: 1 }), (given, account) => {
        for (const form of [dockerAuthForm, sealedForm]) {
          const key = form.keyOf('github', account)
          expect(plain(form.read(key, form.write(key, given))!)).toEqual(plain(given))
          expect(form.ownerOf(key)?.account).toBe(account)
        }
      }),
    )
  })
})

describe('a sealed record', () => {
  const key = sealedForm.keyOf('github', 'bob')
  const value = sealedForm.write(key, record())

  test('shows nothing of what is in it', () => {
    for (const text of ['access', 'refresh', 'hash', 'teams', 'github'])
      expect(Buffer.from(value).includes(text)).toBe(false)
  })

  test('never looks the same twice', () => {
    expect(sealedForm.write(key, record())).not.toEqual(value)
  })

  test('is good under its own name only: not as another account’s, not as another provider’s', () => {
    expect(sealedForm.read(key, value)).toBeDefined()
    for (const other of ['registry-auth:github:alice', 'registry-auth:gitlab:bob', 't:bob', ''])
      expect(sealedForm.read(other, value)).toBeUndefined()
  })

  test('is no good after any change, and without its key', () => {
    fc.assert(
      fc.property(fc.nat(value.length - 1), fc.integer({ min: 1, max: 255 }), (position, bits) => {
        const changed = Uint8Array.from(value)
        changed[position] = changed[position]! ^ bits
        expect(sealedForm.read(key, changed)).toBeUndefined()
      }),
    )
    for (let length = 0; length < value.length; length++)
      expect(sealedForm.read(key, value.subarray(0, length))).toBeUndefined()
    const other = createSealedForm(createSeal(deriveKey(new Secret('other'), 'record'), randomBytes))
    expect(other.read(key, value)).toBeUndefined()
    expect(createSealedForm(createSeal(deriveKey(SECRET_KEY, 'cookie'), randomBytes)).read(key, value)).toBeUndefined()
  })

  test('in clear is none: nobody can put one there by hand', () => {
    expect(sealedForm.read(key, formatRecord(record()))).toBeUndefined()
  })
})

describe('keys', () => {
  test('of the two forms, and of the marker, never meet, and each names one account', () => {
    const name = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.constantFrom('registry-auth:records', 'gitlab:bob', ':', 't:', 'records'),
    )
    const provider = fc.constantFrom(...PROVIDER_NAMES)
    fc.assert(
      fc.property(provider, name, provider, name, (oneProvider, one, otherProvider, other) => {
        const ours = sealedForm.keyOf(oneProvider, one)
        expect(sealedForm.ownerOf(ours)).toEqual({ provider: oneProvider, account: one })
        expect(dockerAuthForm.ownerOf(ours)).toBeUndefined()
        expect(sealedForm.ownerOf(dockerAuthForm.keyOf(otherProvider, other))).toBeUndefined()
        expect(ours).not.toBe('registry-auth:records')
        const same = oneProvider === otherProvider && one === other
        expect(ours === sealedForm.keyOf(otherProvider, other)).toBe(same)
      }),
    )
  })

  test.each(['registry-auth:records', 'registry-auth:myspace:bob', 'registry-auth:github', 'x:bob', ''])(
    '%j is nobody’s',
    (key) => {
      expect(sealedForm.ownerOf(key)).toBeUndefined()
      expect(dockerAuthForm.ownerOf(key)).toBeUndefined()
    },
  )
})

describe('a value that cannot be read', () => {
  test.each(['t:bob', 'registry-auth:github:bob'])(
    'under %s is an outage that names it, until the next sign-in',
    async (key) => {
      const replica = await createReplica({ kind: key.startsWith('t:') ? 'redis' : 'mongo' })
      replica.store.data.set(key, Buffer.from('{'))
      const login = replica.login('bob', 'x')
      await expect(login).rejects.toBeInstanceOf(BackendError)
      await expect(login).rejects.toThrow(`the record ${key} cannot be read`)
      const password = await replica.signIn()
      await expect(replica.login('bob', password)).resolves.toMatchObject({ outcome: 'accepted' })
    },
  )
})

test('a record that says it is another provider’s is no match, and is not deleted for it', async () => {
  const github = await createReplica()
  const password = await github.signIn()
  const gitlab = await createReplica({ store: github.store, providers: ['gitlab'] })
  await expect(gitlab.login('bob', password)).resolves.toEqual(NO_MATCH)
  await expect(gitlab.web.replace('gitlab', 'bob')).resolves.toBeUndefined()
  await gitlab.web.revoke('gitlab', 'bob')
  expect(github.store.data.has('t:bob')).toBe(true)
})

describe('the layout of a store', () => {
  const shelfOf = (store = createMemoryStore()) => createShelf(storeSettings('redis'), store, seal)

  test('is docker_auth’s until it is migrated, also while it is in use', async () => {
    const shelf = shelfOf()
    const layout = createLayout(shelf, 1)
    await expect(layout.current()).resolves.toBe(dockerAuthForm)
    await shelf.setMigrated(true)
    await expect(layout.current()).resolves.toBe(dockerAuthForm)
    await expect(layout.refresh()).resolves.toBe(shelf.sealed)
    await expect(layout.current()).resolves.toBe(shelf.sealed)
    await shelf.setMigrated(false)
    await expect(layout.refresh()).resolves.toBe(dockerAuthForm)
  })

  test('cannot be told with another key than the one it was migrated with', async () => {
    const store = createMemoryStore()
    await shelfOf(store).setMigrated(true)
    const other = createShelf(storeSettings('redis'), store, createSeal(new Uint8Array(32), randomBytes))
    await expect(createLayout(other, 1).current()).rejects.toThrow('sealed with another key')
    await expect(createLayout(other, 1).current()).rejects.toBeInstanceOf(BackendError)
  })

  test('that is ours alone is never asked for', async () => {
    const store = createMemoryStore()
    const shelf = createShelf(storeSettings('mongo'), store, seal)
    await expect(createLayout(shelf, 4).refresh()).resolves.toBe(shelf.sealed)
    expect(store.asked).toEqual([])
  })

  test('after an outage is asked for again', async () => {
    const store = createMemoryStore()
    store.outage = new BackendError('down')
    const layout = createLayout(shelfOf(store), 1)
    await expect(layout.current()).rejects.toThrow('down')
    store.outage = undefined
    await expect(layout.current()).resolves.toBe(dockerAuthForm)
  })
})

describe('a migration that runs while replicas serve', () => {
  test('is noticed by logins and sign-ins alike', async () => {
    const replica = await createReplica()
    const password = await replica.signIn()
    const shelf = createShelf(storeSettings('redis'), replica.store, seal)
    const key = shelf.sealed.keyOf('github', 'bob')
    replica.store.data.set(key, shelf.sealed.write(key, parseRecord(replica.store.data.get('t:bob')!)!))
    await shelf.setMigrated(true)
    replica.store.data.delete('t:bob')
    await expect(replica.login('bob', password)).resolves.toMatchObject({ outcome: 'accepted' })
    await replica.signIn()
    expect([...replica.store.data.keys()].sort()).toEqual(['registry-auth:github:bob', 'registry-auth:records'])
    expect(textOf(replica.store, key)).not.toContain('access')
  })
})

test('changes of one record take turns, so that none is lost', async () => {
  const store = createMemoryStore({ 't:bob': formatRecord(record({ labels: { turn: [] } })).toString() })
  const layout = createLayout(createShelf(storeSettings('redis'), store, seal), 1)
  const records = createRecords({ provider: 'github', store, layout, inTurn: createQueue(), now: () => 0 })
  const turns = Array.from({ length: 20 }, (_, turn) => String(turn))
  await Promise.all(
    turns.map((turn) =>
      records.update('bob', (current) => ({
        ...current,
        labels: { turn: [...(current.labels['turn'] ?? []), turn] },
      })),
    ),
  )
  await expect(records.get('bob')).resolves.toMatchObject({ labels: { turn: turns } })
})

describe('records that have ended', () => {
  test('are swept out of a folder at its opening; nothing else is', async () => {
    const store = createMemoryStore({
      't:ended': formatRecord(record({ expiresAt: 0 })).toString(),
      't:lasting': formatRecord(record()).toString(),
      't:undated': formatRecord(record({ expiresAt: undefined })).toString(),
      't:gitlab': formatRecord(record({ provider: 'gitlab', expiresAt: 0 })).toString(),
      't:broken': '{',
      other: formatRecord(record({ expiresAt: 0 })).toString(),
    })
    await createReplica({ store, kind: 'level' })
    expect([...store.data.keys()]).toEqual(['t:lasting', 't:undated', 't:gitlab', 't:broken', 'other'])
  })
})
