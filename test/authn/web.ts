// Browser sign-ins for tests: a store in memory, a provider that answers what it is told, and a replica made of both.
import { expect } from '@jest/globals'
import type { Authentication, AuthnTools } from '../../src/authn/index.ts'
import type { Profile, ProfileAnswer, Provider, ProviderName, UpstreamTokens } from '../../src/authn/web/provider.ts'
import type { WebSignIn } from '../../src/authn/web/sign-in.ts'
import type { StoreChoice } from '../../src/authn/web/token-db.ts'
import { createWebSignIn } from '../../src/authn/web/web-password.ts'
import type { RecordStore } from '../../src/lib/record-store.ts'
import type { StoreSettings } from '../../src/lib/record-stores.ts'
import { Secret } from '../../src/lib/secret.ts'
import { authnTools } from '../support/authn-tools.ts'

export const SECRET_KEY = new Secret('a secret that all the replicas share')
export const DAY = 24 * 3600e3

export interface MemoryStore extends RecordStore {
  readonly data: Map<string, Uint8Array>
  /** The last `ttl` of each key. */
  readonly ttls: Map<string, number | undefined>
  /** Set it, and the store is down. */
  outage: Error | undefined
  /** Everything that was asked of it since a replica started: `get KEY`, `put KEY`, `delete KEY`. */
  readonly asked: string[]
  closed: number
}

/** A store that forgets with the test. */
export function createMemoryStore(content: Readonly<Record<string, string>> = {}): MemoryStore {
  const bytes = Object.entries(content).map(([key, value]) => [key, Buffer.from(value)] as const)
  const data = new Map<string, Uint8Array>(bytes)
  const claims = new Set<string>()
  const asking = async (what: string): Promise<void> => {
    await Promise.resolve()
    store.asked.push(what)
    if (store.outage !== undefined) throw store.outage
  }
  const store: MemoryStore = {
    data,
    ttls: new Map(),
    outage: undefined,
    asked: [],
    closed: 0,
    async get(key) {
      await asking(`get ${key}`)
      return data.get(key)
    },
    async put(key, value, ttl) {
      await asking(`put ${key}`)
      data.set(key, value)
      store.ttls.set(key, ttl)
    },
    async delete(key) {
      await asking(`delete ${key}`)
      data.delete(key)
    },
    async claim(key) {
      await asking(`claim ${key}`)
      if (claims.has(key)) return undefined
      claims.add(key)
      return async () => {
        claims.delete(key)
        await asking(`give back ${key}`)
      }
    },
    async *entries() {
      await asking('entries')
      yield* [...data]
    },
    check: () => asking('check'),
    close() {
      store.closed++
      return Promise.resolve()
    },
  }
  return store
}

/** The text under a key. */
export function textOf(store: MemoryStore, key: string): string {
  return Buffer.from(store.data.get(key) ?? []).toString('latin1')
}

// Settings tell stores apart; nobody opens what they name.
export const storeSettings = (kind: StoreSettings['kind'], path = '/store'): StoreSettings =>
  ({ kind, path }) as StoreSettings

export const choice = (settings: StoreSettings, changes: Partial<StoreChoice> = {}): StoreChoice => ({
  settings,
  hashCost: 4,
  lifetime: 90 * DAY,
  ...changes,
})

export const tokens = (name: string): UpstreamTokens => ({
  accessToken: new Secret(`access-${name}`),
  refreshToken: new Secret(`refresh-${name}`),
})

/** A profile of bob's that is valid until 1000, but for `changes`. */
export const profile = (changes: Partial<Profile> = {}): Profile => ({
  account: 'bob',
  labels: { teams: ['red'] },
  tokens: tokens('first'),
  validUntil: 1000,
  ...changes,
})

export const known = (changes: Partial<Profile> = {}): ProfileAnswer => ({
  outcome: 'known',
  profile: profile(changes),
})

export interface FakeProvider extends Provider {
  /** What it answers from now on. */
  answer: ProfileAnswer | Error | ((tokens: UpstreamTokens) => Promise<ProfileAnswer>)
  /** The access tokens it was asked about, and on which occasion. */
  readonly asked: string[]
}

/** A provider that knows bob. */
export function createFakeProvider(name: ProviderName = 'github'): FakeProvider {
  const provider: FakeProvider = {
    name,
    answer: known(),
    asked: [],
    async profile(tokens, { due }) {
      provider.asked.push(`${tokens.accessToken.reveal()}${due ? ' again' : ''}`)
      const { answer } = provider
      if (answer instanceof Error) throw answer
      return typeof answer === 'function' ? answer(tokens) : answer
    },
  }
  return provider
}

export interface Replica {
  readonly web: WebSignIn
  readonly store: MemoryStore
  readonly providers: Readonly<Record<string, FakeProvider>>
  readonly github: FakeProvider
  /** Lets time pass, in ms; it begins at 0. */
  readonly wait: (ms: number) => void
  /** Signs bob in and answers his password. */
  readonly signIn: (provider?: ProviderName, account?: string) => Promise<string>
  readonly login: (account: string, password: string) => Promise<Authentication>
}

export interface ReplicaOptions {
  readonly providers?: readonly ProviderName[]
  readonly kind?: StoreSettings['kind']
  readonly store?: MemoryStore
  readonly secretKey?: Secret
  readonly choice?: Partial<StoreChoice>
  readonly tools?: Partial<AuthnTools>
}

/** One process of this service; `options.store` makes it share another's. */
export async function createReplica(options: ReplicaOptions = {}): Promise<Replica> {
  const { providers: names = ['github'], kind = 'redis', store = createMemoryStore() } = options
  const fakes = names.map((name) => createFakeProvider(name))
  let now = 0
  const web = await createWebSignIn(
    {
      providers: fakes.map((provider) => ({ provider, store: choice(storeSettings(kind), options.choice) })),
      secretKey: options.secretKey ?? SECRET_KEY,
    },
    authnTools({
      now: () => now,
      openStore: () => Promise.resolve({ value: store, release: () => store.close() }),
      ...options.tools,
    }),
  )
  store.asked.length = 0
  const providers = Object.fromEntries(fakes.map((fake) => [fake.name, fake]))
  return {
    web,
    store,
    providers,
    github: fakes[0]!,
    wait: (ms) => void (now += ms),
    async signIn(name = names[0]!, account = 'bob') {
      const fake = providers[name]!
      const before = fake.answer
      fake.answer = known({ account })
      const signedIn = await web.signedIn(name, tokens('first'))
      fake.answer = before
      if (signedIn.outcome !== 'stored') throw new Error(signedIn.reason)
      expect(signedIn.issued.account).toBe(account)
      return signedIn.issued.password.reveal()
    },
    login: (account, password) => web.authenticate({ account, password: new Secret(password) }),
  }
}

export const ACCEPTED: Authentication = {
  outcome: 'accepted',
  identity: { account: 'bob', labels: { teams: ['red'] }, labelsArePatterns: false },
}
export const REFUSED: Authentication = { outcome: 'rejected', reason: 'refused' }
export const WRONG: Authentication = { outcome: 'rejected', reason: 'wrong-password' }
export const NO_MATCH: Authentication = { outcome: 'no-match' }
