// OpenID Connect against Keycloak, which rotates refresh tokens and leaves out a groups claim that would be empty.
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { createOidcProvider } from '../../src/authn/web/oidc.ts'
import type { OidcSettings } from '../../src/authn/web/oidc.ts'
import type { Profile, ProfileAnswer, Provider, UpstreamTokens } from '../../src/authn/web/provider.ts'
import { Secret } from '../../src/lib/secret.ts'
import { cleanUp } from '../real/children.ts'
import { keycloakRequirement, keycloakUsers, startKeycloak } from '../real/keycloak.ts'
import type { Keycloak, KeycloakUser } from '../real/keycloak.ts'
import { requires } from '../real/requires.ts'
import { outageOf } from '../support/providers/failures.ts'
import type { IssuedTokens } from '../support/providers/oauth.ts'
import { asUpstreamTokens, oidcSettings } from '../support/providers/settings.ts'

requires(...keycloakRequirement)('an OpenID provider as the field uses it: Keycloak', () => {
  let keycloak: Keycloak
  beforeAll(async () => {
    keycloak = await startKeycloak()
  }, 180_000)
  afterAll(cleanUp)

  const provider = (changes: Partial<OidcSettings> = {}): Provider => {
    const { issuer, clientId } = keycloak
    const clientSecret = new Secret(keycloak.clientSecret)
    const settings = oidcSettings(issuer, 'http://localhost/oidc_auth', {
      clientId,
      clientSecret,
      labelsClaims: ['groups'],
    })
    return createOidcProvider({ ...settings, ...changes }, Date.now)
  }

  // The password grant stands in for the browser.
  async function signIn(user: KeycloakUser): Promise<UpstreamTokens> {
    const { issuer, clientId: client_id, clientSecret: client_secret } = keycloak
    const who = { username: user, password: keycloakUsers[user].password, scope: 'openid email' }
    const body = new URLSearchParams({ grant_type: 'password', client_id, client_secret, ...who })
    const response = await fetch(`${issuer}/protocol/openid-connect/token`, { method: 'POST', body })
    return asUpstreamTokens((await response.json()) as IssuedTokens, Date.now())
  }

  async function known(answer: Promise<ProfileAnswer>): Promise<Profile> {
    const found = await answer
    if (found.outcome !== 'known') throw new Error(JSON.stringify(found))
    return found.profile
  }

  test('groups are labels; somebody without groups has no label', async () => {
    const alice = await known(provider().profile(await signIn('alice'), { due: false }))
    expect(alice).toMatchObject({ account: 'alice@example.org', labels: { groups: ['dev', 'ops'] } })
    const bob = await known(provider().profile(await signIn('bob'), { due: false }))
    expect(bob).toMatchObject({ account: 'bob@example.org', labels: {} })
  })

  test('an address that is not verified is refused, another claim is not', async () => {
    const tokens = await signIn('mallory')
    expect(await provider().profile(tokens, { due: false })).toMatchObject({ outcome: 'refused' })
    const byName = provider({ userClaim: 'preferred_username' }).profile(tokens, { due: false })
    expect(await known(byName)).toMatchObject({ account: 'mallory' })
  })

  test('a change of groups is seen at each revalidation, with a new refresh token each time', async () => {
    const one = provider()
    const tokens = await signIn('alice')
    await keycloak.leaveGroup('alice', 'ops')
    const first = await known(one.profile(tokens, { due: true }))
    expect(first.labels).toEqual({ groups: ['dev'] })
    await keycloak.joinGroup('alice', 'ops')
    const second = await known(one.profile(first.tokens, { due: true }))
    expect(second.labels).toEqual({ groups: ['dev', 'ops'] })
    const [before, between, after] = [tokens, first.tokens, second.tokens].map(({ refreshToken }) =>
      refreshToken?.reveal(),
    )
    expect(new Set([before, between, after]).size).toBe(3)
    expect(second.validUntil).toBeGreaterThan(Date.now())
  })

  test('a session that was ended and an account that was disabled are revoked', async () => {
    const ended = await signIn('bob')
    await keycloak.logOut('bob')
    expect(await provider().profile(ended, { due: true })).toEqual({ outcome: 'revoked' })
    const disabled = await signIn('bob')
    await keycloak.setEnabled('bob', false)
    expect(await provider().profile(disabled, { due: true })).toEqual({ outcome: 'revoked' })
    await keycloak.setEnabled('bob', true)
  })

  test('a wrong client secret is an outage', async () => {
    const wrong = provider({ clientSecret: new Secret('canary') })
    expect(await outageOf(wrong.profile(await signIn('alice'), { due: true }))).toContain('The OpenID provider')
  })
})
