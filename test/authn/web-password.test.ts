// Docker passwords of browser sign-ins: who gets one, and what it is good for.
import { describe, expect, test } from '@jest/globals'
import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { BackendError, ConfigError } from '../../src/lib/errors.ts'
import { Secret } from '../../src/lib/secret.ts'
import { createShelf } from '../../src/authn/web/layout.ts'
import { createSeal } from '../../src/authn/web/sealing.ts'
import { deriveKey } from '../../src/authn/web/secret-key.ts'
import { createWebSignIn } from '../../src/authn/web/web-password.ts'
import { authnTools } from '../support/authn-tools.ts'
import { createRecorder } from '../support/recorder.ts'
import { authenticatorConformance } from './conformance.ts'
import {
  ACCEPTED,
  choice,
  createFakeProvider,
  createMemoryStore,
  createReplica,
  DAY,
  known,
  NO_MATCH,
  profile,
  SECRET_KEY,
  storeSettings,
  textOf,
  tokens,
  WRONG,
} from './web.ts'

const shared = createMemoryStore()
const sharedPassword = await (await createReplica({ store: shared })).signIn()

authenticatorConformance('web', { labelsArePatterns: false }, async () => {
  const broken = await createReplica()
  broken.store.outage = new BackendError('down')
  return {
    authenticator: (await createReplica({ store: shared })).web,
    known: { account: 'bob', password: sharedPassword, labels: { teams: ['red'] } },
    broken: broken.web,
  }
})

describe('a sign-in', () => {
  test('yields a password of 16 letters and digits that logs in, for 90 days', async () => {
    const replica = await createReplica()
    const answer = await replica.web.signedIn('github', tokens('first'))
    expect(answer).toMatchObject({ outcome: 'stored', issued: { account: 'bob', expiresAt: 90 * DAY } })
    const password = answer.outcome === 'stored' ? answer.issued.password.reveal() : ''
    expect(password).toMatch(/^[A-Za-z0-9]{16}$/)
    await expect(replica.login('bob', password)).resolves.toEqual(ACCEPTED)
    expect(replica.github.asked).toEqual(['access-first'])
  })

  test('replaces the password of the one before', async () => {
    const replica = await createReplica()
    const first = await replica.signIn()
    const second = await replica.signIn()
    await expect(replica.login('bob', first)).resolves.toEqual(WRONG)
    await expect(replica.login('bob', second)).resolves.toEqual(ACCEPTED)
  })

  test('stores nothing when the provider refuses, has revoked, or is down', async () => {
    const replica = await createReplica()
    replica.github.answer = { outcome: 'refused', reason: 'You are not a member.' }
    await expect(replica.web.signedIn('github', tokens('x'))).resolves.toEqual(replica.github.answer)
    replica.github.answer = { outcome: 'revoked' }
    await expect(replica.web.signedIn('github', tokens('x'))).resolves.toMatchObject({ outcome: 'refused' })
    replica.github.answer = new BackendError('no answer')
    await expect(replica.web.signedIn('github', tokens('x'))).rejects.toBeInstanceOf(BackendError)
    expect(replica.store.data.size).toBe(0)
  })

  test.each(['', 'a\nb', '\0', '\x7f', '\u0085', '\ud800', 'a'.repeat(256), 'é'.repeat(128)])(
    'of the account %j is refused, and a login with that name asks no store',
    async (account) => {
      const replica = await createReplica()
      replica.github.answer = known({ account })
      await expect(replica.web.signedIn('github', tokens('x'))).resolves.toMatchObject({ outcome: 'refused' })
      await expect(replica.login(account, 'x')).resolves.toEqual(NO_MATCH)
      expect(replica.store.asked).toEqual([])
    },
  )

  test.each(['a b', "o'hara", 'bob@example.com', 'bob:x', 'é'.repeat(127), '__proto__', 'constructor'])(
    'of the account %j is one like any other',
    async (account) => {
      const replica = await createReplica()
      const password = await replica.signIn('github', account)
      await expect(replica.login(account, password)).resolves.toMatchObject({ outcome: 'accepted' })
    },
  )

  test('hashes as often as the store says', async () => {
    const replica = await createReplica({ choice: { hashCost: 5 } })
    await replica.signIn()
    expect(textOf(replica.store, 't:bob')).toContain('"$2b$05$')
  })

  test('whose browser has left stores nothing: the password that person has stays good', async () => {
    const replica = await createReplica()
    const password = await replica.signIn()
    const browser = new AbortController()
    replica.github.answer = () => {
      browser.abort()
      return Promise.resolve(known())
    }
    await expect(replica.web.signedIn('github', tokens('x'), browser.signal)).rejects.toBeInstanceOf(BackendError)
    await expect(replica.login('bob', password)).resolves.toEqual(ACCEPTED)
  })

  test('of a provider that is not configured is a bug', async () => {
    const replica = await createReplica()
    await expect(async () => replica.web.signedIn('google', tokens('x'))).rejects.toThrow('google is not configured')
  })
})

test('no letter of a password is likelier than another, whatever bytes come', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 64, maxLength: 64 }), async (bytes) => {
      const fair = [...bytes].filter((byte) => byte < 248)
      fc.pre(fair.length >= 16)
      let position = 0
      const randomBytes = (size: number): Buffer => {
        if (size === 32) return Buffer.alloc(32)
        const next = Buffer.from(bytes.subarray(position, position + size))
        position = (position + size) % 64
        return next.length === size ? next : Buffer.alloc(size)
      }
      const replica = await createReplica({ tools: { randomBytes } })
      const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
      const expected = fair.slice(0, 16).map((byte) => alphabet[byte % 62])
      expect(await replica.signIn()).toBe(expected.join(''))
    }),
    { numRuns: 30 },
  )
})

describe('a password', () => {
  test('that has ended is no match, and its record is deleted', async () => {
    const replica = await createReplica({ choice: { lifetime: DAY } })
    const password = await replica.signIn()
    replica.github.answer = known({ validUntil: 2 * DAY })
    replica.wait(DAY - 1)
    await expect(replica.login('bob', password)).resolves.toEqual(ACCEPTED)
    await expect(replica.web.stored('github', 'bob')).resolves.toEqual({ expiresAt: DAY, validUntil: 2 * DAY })
    replica.wait(1)
    await expect(replica.login('bob', password)).resolves.toEqual(NO_MATCH)
    await expect(replica.web.stored('github', 'bob')).resolves.toBeUndefined()
    expect(replica.store.data.size).toBe(0)
  })

  test('goes when the store forgets it: the store is told how long it lasts', async () => {
    const replica = await createReplica({ choice: { lifetime: DAY } })
    await replica.signIn()
    expect(replica.store.ttls.get('t:bob')).toBe(DAY)
    replica.wait(2000)
    replica.github.answer = known({ validUntil: 5000 })
    await replica.web.replace('github', 'bob')
    expect(replica.store.ttls.get('t:bob')).toBe(DAY)
  })

  test('can be replaced: the new one is shown, the old one is no good', async () => {
    const replica = await createReplica()
    const old = await replica.signIn()
    replica.wait(10)
    const issued = await replica.web.replace('github', 'bob')
    expect(issued).toMatchObject({ account: 'bob', expiresAt: 90 * DAY + 10 })
    await expect(replica.login('bob', old)).resolves.toEqual(WRONG)
    await expect(replica.login('bob', issued!.password.reveal())).resolves.toEqual(ACCEPTED)
  })

  test('is made in its turn: nobody who wants very many keeps others from theirs', async () => {
    const replica = await createReplica()
    await replica.signIn()
    let made = 0
    const greedy = Array.from({ length: 300 }, async () => {
      await replica.web.replace('github', 'bob')
      made++
    })
    await replica.signIn('github', 'alice')
    expect(made).toBeLessThan(100)
    await Promise.all(greedy)
  })

  test('is not made for very many people at once, who can come back: logins need the same threads', async () => {
    const replica = await createReplica()
    replica.github.answer = ({ accessToken }) => Promise.resolve(known({ account: accessToken.reveal() }))
    const people = Array.from({ length: 300 }, (_, index) => replica.web.signedIn('github', tokens(String(index))))
    const refused = (await Promise.allSettled(people)).filter((answer) => answer.status === 'rejected')
    expect(refused.length).toBeGreaterThan(100)
    for (const { reason } of refused) expect(reason).toMatchObject({ name: 'BackendError', retryAfter: 1 })
  })

  test('can be revoked, and then there is nothing to replace', async () => {
    const replica = await createReplica()
    const password = await replica.signIn()
    await replica.web.revoke('github', 'bob')
    await replica.web.revoke('github', 'bob')
    await expect(replica.login('bob', password)).resolves.toEqual(NO_MATCH)
    await expect(replica.web.replace('github', 'bob')).resolves.toBeUndefined()
    expect(replica.store.data.size).toBe(0)
  })

  test('that was revoked while it was remembered is no good at once', async () => {
    const replica = await createReplica()
    const password = await replica.signIn()
    await expect(replica.login('bob', password)).resolves.toEqual(ACCEPTED)
    await replica.web.revoke('github', 'bob')
    await expect(replica.login('bob', password)).resolves.toEqual(NO_MATCH)
  })
})

describe('several providers on one store', () => {
  const both = { providers: ['gitlab', 'github'], kind: 'mongo' } as const

  test('have each their own bob', async () => {
    const replica = await createReplica(both)
    const ofGithub = await replica.signIn('github')
    const ofGitlab = await replica.signIn('gitlab')
    await expect(replica.login('bob', ofGithub)).resolves.toEqual(ACCEPTED)
    await expect(replica.login('bob', ofGitlab)).resolves.toEqual(ACCEPTED)
    await expect(replica.login('bob', 'neither')).resolves.toEqual(WRONG)
    await replica.web.revoke('github', 'bob')
    await expect(replica.login('bob', ofGithub)).resolves.toEqual(WRONG)
    await expect(replica.login('bob', ofGitlab)).resolves.toEqual(ACCEPTED)
  })

  test('are asked in the order google, github, oidc, gitlab', async () => {
    const replica = await createReplica({ ...both, providers: ['gitlab', 'oidc', 'google', 'github'] })
    await replica.login('bob', 'x')
    expect(replica.store.asked.filter((asked) => asked.startsWith('get'))).toEqual(
      ['google', 'github', 'oidc', 'gitlab'].map((name) => `get registry-auth:${name}:bob`),
    )
  })

  test('a refusal of one is not another’s to overrule: the password was right', async () => {
    const replica = await createReplica(both)
    const password = await replica.signIn('github')
    await replica.signIn('gitlab')
    replica.wait(2000)
    replica.providers['github']!.answer = { outcome: 'refused', reason: 'not a member' }
    await expect(replica.login('bob', password)).resolves.toEqual({ outcome: 'rejected', reason: 'refused' })
    expect(replica.providers['gitlab']!.asked).toEqual(['access-first'])
  })

  const sentence = /cannot tell the accounts of 2 providers apart: stop the server and run registry-auth store migrate/

  test.each(['level', 'redis'] as const)('in docker_auth’s form are refused at start (%s)', async (kind) => {
    const store = createMemoryStore()
    const started = createReplica({ providers: ['github', 'gitlab'], kind, store })
    await expect(started).rejects.toBeInstanceOf(ConfigError)
    await expect(started).rejects.toThrow(sentence)
    expect(store.closed).toBe(1)
  })

  test('and at every use where the store did not answer at the start, until it is migrated', async () => {
    const store = createMemoryStore()
    store.outage = new BackendError('down')
    const { web } = await createReplica({ providers: ['github', 'gitlab'], store })
    store.outage = undefined
    await expect(web.signedIn('github', tokens('x'))).rejects.toThrow(sentence)
    await expect(web.authenticate({ account: 'bob', password: new Secret('x') })).rejects.toBeInstanceOf(BackendError)
    expect([...store.data.keys()]).toEqual([])
  })
})

describe('replicas that share a store', () => {
  test('know each other’s sign-ins and revocations, and seal cookies alike', async () => {
    const one = await createReplica()
    const other = await createReplica({ store: one.store })
    const password = await one.signIn()
    await expect(other.login('bob', password)).resolves.toEqual(ACCEPTED)
    await other.web.revoke('github', 'bob')
    await expect(one.login('bob', password)).resolves.toEqual(NO_MATCH)
    expect(one.web.cookieKey).toHaveLength(32)
    expect(one.web.cookieKey).toEqual(other.web.cookieKey)
  })

  test('with another secret seal cookies otherwise', async () => {
    const one = await createReplica()
    const other = await createReplica({ secretKey: new Secret(`${SECRET_KEY.reveal()}!`) })
    expect(one.web.cookieKey).not.toEqual(other.web.cookieKey)
  })

  test('with another secret cannot use the records of a migrated store, and do not start', async () => {
    const { store } = await createReplica({ kind: 'redis' })
    const seal = createSeal(deriveKey(SECRET_KEY, 'record'), randomBytes)
    await createShelf(storeSettings('redis'), store, seal).setMigrated(true)
    const other = createReplica({ store, secretKey: new Secret(`${SECRET_KEY.reveal()}!`) })
    await expect(other).rejects.toThrow('were sealed with another key')
    await expect(other).rejects.toBeInstanceOf(ConfigError)
  })

  test('need a secret: without one there is no start, and the store is let go', async () => {
    const store = createMemoryStore()
    const started = createWebSignIn(
      { providers: [{ provider: createFakeProvider(), store: choice(storeSettings('redis')) }], secretKey: undefined },
      authnTools({ openStore: () => Promise.resolve({ value: store, release: () => store.close() }) }),
    )
    await expect(started).rejects.toThrow('secret_key_file is needed with redis_token_db')
    expect(store.closed).toBe(1)
  })
})

test('no secret is in a log line, an error or a sealed record', async () => {
  const { log, lines } = createRecorder()
  const replica = await createReplica({ kind: 'mongo', tools: { log } })
  const canary = tokens('canary-of-upstream')
  replica.github.answer = known(profile({ tokens: canary }))
  await replica.web.signedIn('github', canary)
  replica.wait(2000)
  replica.github.answer = { outcome: 'revoked' }
  const issued = await replica.web.replace('github', 'bob')
  await replica.login('bob', issued!.password.reveal())
  expect(lines).toHaveLength(1)
  const said =
    JSON.stringify(lines) + [...replica.store.data.values()].map((v) => Buffer.from(v).toString('latin1')).join()
  for (const secret of ['canary', issued!.password.reveal(), '$2b$']) expect(said).not.toContain(secret)
})

test('it is ready when the store answers and can be used, and lets go of the store once', async () => {
  const { web, store } = await createReplica()
  await expect(web.check?.(AbortSignal.timeout(1000))).resolves.toBeUndefined()
  store.outage = new BackendError('down')
  await expect(web.check?.(AbortSignal.timeout(1000))).rejects.toBeInstanceOf(BackendError)
  const unusable = await createReplica({ providers: ['github', 'gitlab'], store })
  store.outage = undefined
  await expect(unusable.web.check?.(AbortSignal.timeout(1000))).rejects.toThrow('store migrate')
  await web.close?.()
  await web.close?.()
  expect(store.closed).toBe(1)
})
