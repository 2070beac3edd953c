// Google: e-mail address and Workspace domain, asked of a server that speaks OpenID Connect as Google does.
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { JWTPayload } from 'jose'
import { createGoogleProvider } from '../../src/authn/web/google.ts'
import type { GoogleSettings } from '../../src/authn/web/google.ts'
import type { ProfileAnswer, UpstreamTokens } from '../../src/authn/web/provider.ts'
import { Secret } from '../../src/lib/secret.ts'
import { MALFUNCTIONS, outageOf } from '../support/providers/failures.ts'
import { startFakeGoogle } from '../support/providers/google.ts'
import type { FakeGoogle } from '../support/providers/google.ts'
import { CLIENT } from '../support/providers/oauth.ts'
import { asUpstreamTokens, googleSettings } from '../support/providers/settings.ts'

const NOW = Math.floor(Date.now() / 1000) * 1000
const HOUR = 3_600_000

let google: FakeGoogle
let tokens: UpstreamTokens
beforeEach(async () => {
  google = await startFakeGoogle({
    '1': { email: 'alice@acme.example', email_verified: true, hd: 'acme.example' },
    '2': { email: 'private@acme.example', email_verified: true },
    '3': { email: 'mallory@acme.example', email_verified: false, hd: 'acme.example' },
    '4': { email: 'bob@other.example', email_verified: true, hd: 'acme.example' },
    '5': { email: 'eve@evil-acme.example', email_verified: true, hd: 'evil-acme.example' },
  })
  tokens = await tokensOf('1')
})
afterEach(() => google.close())

const tokensOf = async (sub: string): Promise<UpstreamTokens> => asUpstreamTokens(await google.oauth.issue(sub), NOW)
const profile = (given: UpstreamTokens, changes: Partial<GoogleSettings> = {}, due = false): Promise<ProfileAnswer> =>
  createGoogleProvider(googleSettings(google.url, changes), () => NOW).profile(given, { due })
const withIdToken = async (claims: JWTPayload, forged?: boolean): Promise<UpstreamTokens> => ({
  ...tokens,
  idToken: new Secret(await google.idToken(claims, forged)),
})

describe('an account of Google', () => {
  test('is named by its e-mail address, without labels, until shortly before its tokens end', async () => {
    const { accessToken, refreshToken, expiresAt } = tokens
    expect(await profile(tokens, { domain: 'acme.example' })).toEqual({
      outcome: 'known',
      profile: {
        account: 'alice@acme.example',
        labels: {},
        tokens: { accessToken, refreshToken, expiresAt },
        validUntil: NOW + HOUR - 31_000,
      },
    })
  })

  test('is refused without a verified address', async () => {
    expect(await profile(await tokensOf('3'))).toEqual({
      outcome: 'refused',
      reason: 'Google has not verified the e-mail address mallory@acme.example.',
    })
  })

  test.each([
    ['a private account with an address of the domain', '2'],
    ['an address of another domain of the same organization', '4'],
    ['an address of a domain that ends alike', '5'],
  ])('is refused as not of the domain: %s', async (_, sub) => {
    expect(await profile(await tokensOf(sub))).toMatchObject({ outcome: 'known' })
    expect(await profile(await tokensOf(sub), { domain: 'acme.example' })).toMatchObject({
      outcome: 'refused',
      reason: expect.stringContaining('is not an account of the domain acme.example'),
    })
  })

  test.each(['', undefined, 7, ['alice@acme.example']])('is refused with the address %j', async (email) => {
    google.override('/v1/userinfo', () => ({ json: { sub: '1' } }))
    expect(await profile(await withIdToken({ sub: '1', email, email_verified: true }))).toMatchObject({
      outcome: 'refused',
    })
  })
})

describe('an ID token', () => {
  const claims = { sub: '1', email: 'alice@acme.example', email_verified: true }

  test.each<[string, JWTPayload, boolean]>([
    ['of another client', { ...claims, aud: 'another-client' }, false],
    ['of another issuer', { ...claims, iss: 'https://accounts.google.com.evil.example' }, false],
    ['that has expired', { ...claims, iat: NOW / 1000 - 7200, exp: NOW / 1000 - 3600 }, false],
    ['of nobody', { email: 'alice@acme.example', email_verified: true }, false],
    ['signed by somebody else', claims, true],
  ])('%s is refused', async (_, payload, forged) => {
    const answer = await profile(await withIdToken(payload, forged))
    expect(answer).toMatchObject({ outcome: 'refused' })
    expect(answer).toMatchObject({
      reason: expect.stringMatching(/^The ID token that Google sent is not valid \(ERR_/),
    })
  })

  test.each([
    ['an unsigned one', (token: string) => `${encode({ alg: 'none' })}.${token.split('.')[1]!}.`],
    [
      'one signed with the client secret',
      (token: string) => `${encode({ alg: 'HS256' })}.${token.split('.')[1]!}.AAAA`,
    ],
    ['no token at all', () => 'canary'],
  ])('%s is refused', async (_, forge) => {
    const idToken = new Secret(forge(await google.idToken(claims)))
    expect(await profile({ ...tokens, idToken })).toMatchObject({ outcome: 'refused' })
  })

  test.each<[string, JWTPayload]>([
    ['another party', { azp: 'another-client' }],
    ['another party, which shares the audience', { aud: [CLIENT.clientId, 'another-client'], azp: 'another-client' }],
    ['nobody in particular of its audience', { aud: [CLIENT.clientId, 'another-client'] }],
    ['a party that is no text', { azp: [CLIENT.clientId] }],
  ])('made out to %s is refused', async (_, changes) => {
    expect(await profile(await withIdToken({ ...claims, ...changes }))).toMatchObject({ outcome: 'refused' })
  })

  test.each<[string, JWTPayload]>([
    ['alone', { azp: CLIENT.clientId }],
    ['in a list of one', { aud: [CLIENT.clientId] }],
    ['of an audience', { aud: ['another-client', CLIENT.clientId], azp: CLIENT.clientId }],
  ])('made out to us %s is accepted', async (_, changes) => {
    expect(await profile(await withIdToken({ ...claims, ...changes }))).toMatchObject({ outcome: 'known' })
  })

  test('is needed at a sign-in', async () => {
    expect(await profile({ ...tokens, idToken: undefined })).toEqual({
      outcome: 'refused',
      reason: 'Google sent no ID token.',
    })
  })

  test('must be about the same person as the access token', async () => {
    const other = await tokensOf('4')
    await outageOf(profile({ ...tokens, accessToken: other.accessToken }))
  })

  const encode = (header: object): string => Buffer.from(JSON.stringify(header)).toString('base64url')
})

describe('a revalidation', () => {
  test('refreshes the tokens and keeps the refresh token that Google does not send again', async () => {
    const answer = await profile(tokens, {}, true)
    expect(answer).toMatchObject({ outcome: 'known', profile: { account: 'alice@acme.example' } })
    expect(answer).toMatchObject({ profile: { tokens: { refreshToken: tokens.refreshToken } } })
    expect(google.requests.find(({ url }) => url.pathname === '/token')?.body.get('client_id')).toBe(CLIENT.clientId)
  })

  test('sees that an account left the domain', async () => {
    google.people.set('1', { email: 'alice@acme.example', email_verified: true })
    expect(await profile(tokens, { domain: 'acme.example' }, true)).toMatchObject({ outcome: 'refused' })
  })

  test('makes do without an ID token', async () => {
    const { access_token, expires_in } = await google.oauth.issue('1')
    google.override('/token', () => ({ json: { access_token, expires_in, token_type: 'Bearer' } }))
    expect(await profile(tokens, { domain: 'acme.example' }, true)).toMatchObject({ outcome: 'known' })
  })

  test('is revoked when the person took back the consent, or there is no refresh token', async () => {
    const { accessToken } = tokens
    expect(await profile({ accessToken }, {}, true)).toEqual({ outcome: 'revoked' })
    google.oauth.revoke('1')
    expect(await profile(tokens, {}, true)).toEqual({ outcome: 'revoked' })
  })

  test('is revoked when Google does not take the access token', async () => {
    google.people.delete('1')
    expect(await profile(tokens)).toEqual({ outcome: 'revoked' })
  })
})

describe('an outage of Google', () => {
  const paths = ['/.well-known/openid-configuration', '/oauth2/v3/certs', '/v1/userinfo', '/token']
  const cases = paths.flatMap((path) => MALFUNCTIONS.map(([what, handler]) => ({ path, what, handler })))

  test.each(cases)('is told from a denial: $path $what', async ({ path, handler }) => {
    google.override(path, handler)
    expect(await outageOf(profile(tokens, { httpTimeoutMs: 300 }, true))).toContain('Google')
  })

  test('is over when discovery succeeds again', async () => {
    const provider = createGoogleProvider(googleSettings(google.url), () => NOW)
    let fails = true
    const path = '/.well-known/openid-configuration'
    const document: unknown = await (await fetch(`${google.url}${path}`)).json()
    google.override(path, () => (fails ? { status: 503 } : { json: document }))
    await outageOf(provider.profile(tokens, { due: false }))
    fails = false
    expect(await provider.profile(tokens, { due: false })).toMatchObject({ outcome: 'known' })
    expect(await provider.profile(tokens, { due: false })).toMatchObject({ outcome: 'known' })
    expect(google.requests.filter(({ url }) => url.pathname === path)).toHaveLength(3)
  })

  test('is another issuer than the one that was asked', async () => {
    google.override('/.well-known/openid-configuration', () => ({
      json: { issuer: 'https://accounts.google.com', jwks_uri: `${google.url}/oauth2/v3/certs` },
    }))
    await outageOf(profile(tokens))
  })

  test('is a client secret that Google refuses', async () => {
    const answer = profile(tokens, { clientSecret: new Secret('canary of another kind') }, true)
    expect(await outageOf(answer)).toContain('invalid_client')
  })
})
