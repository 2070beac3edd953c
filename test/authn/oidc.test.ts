// OpenID Connect against oidc-provider: claims by path, rotating refresh tokens, and every way a sign-in is refused.
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { authorizationCodeGrant, buildAuthorizationUrl } from 'openid-client'
import { claimAt, createOidcProvider } from '../../src/authn/web/oidc.ts'
import type { OidcSettings } from '../../src/authn/web/oidc.ts'
import { createOpenId } from '../../src/authn/web/openid.ts'
import type { ProfileAnswer, Provider, UpstreamTokens } from '../../src/authn/web/provider.ts'
import { Secret } from '../../src/lib/secret.ts'
import { outageOf } from '../support/providers/failures.ts'
import { startFakeServer } from '../support/providers/server.ts'
import { followTo, startOidcProvider } from '../support/providers/oidc.ts'
import type { FakeOidc, OidcOptions } from '../support/providers/oidc.ts'
import { asUpstreamTokens, oidcSettings } from '../support/providers/settings.ts'

const REDIRECT = 'http://localhost/oidc_auth'
const EXPIRES_IN = 300
const PEOPLE = {
  alice: {
    email: 'alice@example.org',
    email_verified: true,
    preferred_username: 'alice',
    groups: ['dev', 'ops'],
    department: 'engineering',
    realm_access: { roles: ['pusher'] },
    'https://example.org/teams': ['red'],
    level: 7,
    mixed: ['one', 2, null, { three: 3 }],
  },
  bob: { email: 'bob@example.org', email_verified: true, preferred_username: 'bob' },
  mallory: { email: 'alice@example.org', email_verified: false, preferred_username: 'mallory' },
  vague: { email: 'vague@example.org', email_verified: 'true' },
  nobody: {},
}
type Person = keyof typeof PEOPLE

let fake: FakeOidc
const start = async (options: Partial<OidcOptions> = {}): Promise<void> => {
  fake = await startOidcProvider({ people: PEOPLE, redirectUri: REDIRECT, expiresIn: EXPIRES_IN, ...options })
}
beforeEach(() => start())
afterEach(() => fake.close())

const settings = (changes: Partial<OidcSettings> = {}): OidcSettings => oidcSettings(fake.issuer, REDIRECT, changes)
const provider = (changes: Partial<OidcSettings> = {}): Provider => createOidcProvider(settings(changes), Date.now)

/** What the browser's door has after this person signed in. */
async function signIn(person: Person): Promise<UpstreamTokens> {
  fake.person = person
  const configuration = await createOpenId('the provider', settings(), Date.now).configuration()
  const begin = buildAuthorizationUrl(configuration, { redirect_uri: REDIRECT, scope: settings().scopes.join(' ') })
  const back = await followTo(REDIRECT, begin.href)
  return asUpstreamTokens(await authorizationCodeGrant(configuration, back), Date.now())
}

async function profile(person: Person, changes: Partial<OidcSettings> = {}): Promise<ProfileAnswer> {
  return provider(changes).profile(await signIn(person), { due: false })
}

async function known(answer: Promise<ProfileAnswer>) {
  const found = await answer
  if (found.outcome !== 'known') throw new Error(JSON.stringify(found))
  return found.profile
}

describe('an account of an OpenID provider', () => {
  test('is named by its verified e-mail address, until shortly before its tokens end', async () => {
    const tokens = await signIn('alice')
    const { account, labels, validUntil, tokens: kept } = await known(provider().profile(tokens, { due: false }))
    expect({ account, labels, validUntil }).toEqual({
      account: 'alice@example.org',
      labels: {},
      validUntil: tokens.expiresAt! - 30_000,
    })
    expect(kept).toEqual({ ...tokens, idToken: undefined })
  })

  test('is named by another claim when the configuration says so, verified e-mail or not', async () => {
    const answer = profile('mallory', { userClaim: 'preferred_username' })
    expect((await known(answer)).account).toBe('mallory')
  })

  test.each<[Person, string]>([
    ['mallory', 'email'],
    ['vague', 'email'],
    ['nobody', 'email'],
    ['bob', 'nickname'],
    ['alice', 'groups'],
    ['alice', 'level'],
  ])('is refused: %s by %s', async (person, userClaim) => {
    expect(await profile(person, { userClaim })).toMatchObject({ outcome: 'refused' })
  })

  test('has labels from claims by path, lists as well as single strings, and nothing for other values', async () => {
    const labelsClaims = [
      'groups',
      'department',
      'realm_access.roles',
      'https://example.org/teams',
      'level',
      'mixed',
      'realm_access',
      'missing',
    ]
    expect((await known(profile('alice', { labelsClaims }))).labels).toEqual({
      groups: ['dev', 'ops'],
      department: ['engineering'],
      'realm_access.roles': ['pusher'],
      'https://example.org/teams': ['red'],
      mixed: ['one'],
    })
  })

  test('has no labels when it has no such claims', async () => {
    expect((await known(profile('bob', { labelsClaims: ['groups', 'realm_access.roles'] }))).labels).toEqual({})
  })
})

describe('a revalidation', () => {
  const due = { due: true }

  test('refreshes labels and tokens, and keeps each new refresh token', async () => {
    const one = provider({ labelsClaims: ['groups'] })
    const tokens = await signIn('alice')
    fake.people.set('alice', { ...PEOPLE.alice, groups: ['ops'] })
    const first = await known(one.profile(tokens, due))
    expect(first.labels).toEqual({ groups: ['ops'] })
    expect(first.tokens.refreshToken?.reveal()).not.toBe(tokens.refreshToken?.reveal())
    const second = await known(one.profile(first.tokens, due))
    expect(second.tokens.refreshToken?.reveal()).not.toBe(first.tokens.refreshToken?.reveal())
  })

  test('with a refresh token that was used elsewhere is revoked', async () => {
    const tokens = await signIn('alice')
    await known(provider().profile(tokens, due))
    expect(await provider().profile(tokens, due)).toEqual({ outcome: 'revoked' })
  })

  test('of somebody who is gone is revoked', async () => {
    const tokens = await signIn('alice')
    fake.people.delete('alice')
    expect(await provider().profile(tokens, due)).toEqual({ outcome: 'revoked' })
  })

  test('of somebody whose address is not verified any more is refused', async () => {
    const tokens = await signIn('alice')
    fake.people.set('alice', { ...PEOPLE.alice, email_verified: false })
    expect(await provider().profile(tokens, due)).toMatchObject({ outcome: 'refused' })
  })

  test('without a refresh token asks for another sign-in', async () => {
    await fake.close()
    await start({ refreshTokens: false })
    const tokens = await signIn('alice')
    expect(tokens.refreshToken).toBeUndefined()
    await known(provider().profile(tokens, { due: false }))
    expect(await provider().profile(tokens, due)).toEqual({ outcome: 'revoked' })
  })

  test.each(['client_secret_basic', 'client_secret_post'] as const)(
    'proves who we are by %s, as discovery says, whatever the secret is made of',
    async (authMethod) => {
      await fake.close()
      await start({ authMethod })
      await known(provider().profile(await signIn('alice'), due))
    },
  )

  test('with a wrong client secret is an outage, not a denial', async () => {
    const tokens = await signIn('alice')
    const wrong = provider({ clientSecret: new Secret('canary of another kind') })
    expect(await outageOf(wrong.profile(tokens, due))).toContain('The OpenID provider gave an answer')
  })
})

describe('a provider that cannot be trusted or reached', () => {
  test('may be down when the server starts', async () => {
    const { issuer } = fake
    const tokens = await signIn('alice')
    await fake.close()
    const one = createOidcProvider(oidcSettings(issuer, REDIRECT), Date.now)
    expect(await outageOf(one.profile(tokens, { due: false }))).toContain('could not be reached')
  })

  test.each([
    ['of another issuer', { issuer: 'https://other.example' }],
    ['without keys', { jwks_uri: undefined }],
    ['whose keys are no URL', { jwks_uri: 'keys' }],
  ])('is refused with a discovery document %s', async (_, changes) => {
    const server = await startFakeServer((_request, url) => ({
      json: { issuer: url, token_endpoint: `${url}/token`, jwks_uri: `${url}/keys`, ...changes },
    }))
    const one = createOidcProvider(oidcSettings(server.url, REDIRECT), Date.now)
    await outageOf(one.profile({ accessToken: new Secret('a'), idToken: new Secret('a.b.c') }, { due: false }))
    await server.close()
  })
})

describe('a claim by path', () => {
  const claims = { a: { b: { c: 1 } }, 'a.b': { c: 2, d: 3 }, 'a.b.c': 4, 'x.y': { 'z.z': 5 }, s: 'text', n: null }
  test.each([
    ['a.b.c', 4],
    ['a.b.d', 3],
    ['a.b', { c: 2, d: 3 }],
    ['x.y.z.z', 5],
    ['s', 'text'],
    ['s.length', undefined],
    ['n.x', undefined],
    ['toString', undefined],
    ['__proto__', undefined],
    ['a.__proto__.b', undefined],
    ['', undefined],
    ['.', undefined],
    ['a..b', undefined],
  ])('%s', (path, value) => expect(claimAt(claims, path)).toEqual(value))
})
