// GitLab: account, group restriction and rotating tokens, asked of a server that speaks the documented API.
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { createGitlabProvider } from '../../src/authn/web/gitlab.ts'
import type { GitlabSettings } from '../../src/authn/web/gitlab.ts'
import type { ProfileAnswer, Provider, UpstreamTokens } from '../../src/authn/web/provider.ts'
import { Secret } from '../../src/lib/secret.ts'
import { MALFUNCTIONS, outageOf } from '../support/providers/failures.ts'
import { startFakeGitlab } from '../support/providers/gitlab.ts'
import type { FakeGitlab } from '../support/providers/gitlab.ts'
import { asUpstreamTokens, gitlabSettings } from '../support/providers/settings.ts'

const NOW = 1_700_000_000_000
const SCOPES = new URLSearchParams({ scope: 'read_user openid' })

let gitlab: FakeGitlab
let tokens: UpstreamTokens
beforeEach(async () => {
  gitlab = await startFakeGitlab({
    alice: { state: 'active', groups: ['Acme', 'Acme/platform', 'acme/platform/db', 'acmeister', 'other/Acme'] },
    guest: { state: 'active', groups: ['acme/platform'] },
    mallory: { state: 'blocked', groups: ['acme'] },
  })
  tokens = asUpstreamTokens(await gitlab.oauth.issue('alice', SCOPES), NOW)
})
afterEach(() => gitlab.close())

const provider = (changes: Partial<GitlabSettings> = {}): Provider =>
  createGitlabProvider(gitlabSettings(gitlab.url, changes), () => NOW)
const profile = (changes: Partial<GitlabSettings> = {}, given = tokens): Promise<ProfileAnswer> =>
  provider(changes).profile(given, { due: false })
const tokensOf = async (name: string): Promise<UpstreamTokens> =>
  asUpstreamTokens(await gitlab.oauth.issue(name, SCOPES), NOW)

describe('an account of GitLab', () => {
  test('is named by its user name, and has no labels without a group', async () => {
    expect(await profile()).toEqual({
      outcome: 'known',
      profile: { account: 'alice', labels: {}, tokens, validUntil: NOW + 3_600_000 },
    })
    expect(gitlab.requests.map(({ url }) => url.pathname)).toEqual(['/api/v4/user'])
  })

  test('has the full paths of the group and of those below it as labels', async () => {
    expect(await profile({ organization: 'acme' })).toMatchObject({
      profile: { labels: { groups: ['Acme', 'Acme/platform', 'acme/platform/db'] } },
    })
  })

  test.each(['other', 'acme/other', 'platform', 'Acm', 'acme/'])(
    'is refused when it is not in the group %s',
    async (organization) => {
      expect(await profile({ organization })).toEqual({
        outcome: 'refused',
        reason: `alice is not a member of the GitLab group ${organization}.`,
      })
    },
  )

  test('is refused when it is in a group below only', async () => {
    expect(await profile({ organization: 'acme' }, await tokensOf('guest'))).toMatchObject({ outcome: 'refused' })
    expect(await profile({ organization: 'acme/platform' }, await tokensOf('guest'))).toMatchObject({
      profile: { labels: { groups: ['acme/platform'] } },
    })
  })

  test('is refused when it is blocked, whichever way GitLab says so', async () => {
    const answer = await profile({ organization: 'acme' }, await tokensOf('mallory'))
    expect(answer).toEqual({ outcome: 'refused', reason: 'The GitLab account mallory is blocked.' })
    gitlab.override('/api/v4/user', () => ({
      status: 403,
      json: { message: '403 Forbidden - You have been blocked.' },
    }))
    expect(await profile()).toMatchObject({ outcome: 'refused' })
  })

  test('is revoked when GitLab does not know the token', async () => {
    gitlab.oauth.revoke('alice')
    expect(await profile()).toEqual({ outcome: 'revoked' })
  })

  test('has to sign in anew when its token was not asked for with its groups', async () => {
    const old = await gitlab.oauth.issue('alice', new URLSearchParams({ scope: 'read_user' }))
    expect(await profile({ organization: 'acme' }, asUpstreamTokens(old, NOW))).toEqual({ outcome: 'revoked' })
  })
})

describe('a revalidation', () => {
  const due = { due: true }
  async function known(answer: Promise<ProfileAnswer>): Promise<UpstreamTokens> {
    const found = await answer
    if (found.outcome !== 'known') throw new Error(found.outcome)
    return found.profile.tokens
  }

  test('keeps the tokens that took the place of the old ones, again and again', async () => {
    const first = await known(provider().profile(tokens, due))
    expect(first.refreshToken?.reveal()).not.toBe(tokens.refreshToken?.reveal())
    expect(first.expiresAt).toBe(NOW + 7_200_000)
    const second = await known(provider().profile(first, due))
    expect(await provider().profile(first, due)).toEqual({ outcome: 'revoked' })
    await known(provider().profile(second, due))
  })

  test('sends a client secret of any characters as a form', async () => {
    await known(provider().profile(tokens, due))
    const asked = gitlab.requests.find(({ url }) => url.pathname === '/oauth/token')
    expect(asked?.body.get('client_secret')).toBe('canary-client-secret+&%')
    expect(gitlab.requests.map(({ url }) => url.search)).toEqual(['', ''])
  })

  test('that fails after the exchange does not lose the new tokens', async () => {
    const one = provider()
    let fails = true
    const person = gitlab.people.get('alice')!
    gitlab.override('/api/v4/user', () =>
      fails ? { status: 502, text: 'bad gateway' } : { json: { username: 'alice', state: person.state } },
    )
    await outageOf(one.profile(tokens, due))
    fails = false
    const kept = await known(one.profile(tokens, due))
    await known(provider().profile(kept, due))
    expect(gitlab.requests.filter(({ url }) => url.pathname === '/oauth/token')).toHaveLength(2)
  })

  test('that fails for longer than the new tokens live goes on from the newest', async () => {
    let now = NOW
    const one = createGitlabProvider(gitlabSettings(gitlab.url), () => now)
    gitlab.override('/api/v4/user', () =>
      now === NOW ? { status: 502 } : { json: { username: 'alice', state: 'active' } },
    )
    await outageOf(one.profile(tokens, due))
    now += 7_200_000
    expect(await one.profile(tokens, due)).toMatchObject({ profile: { tokens: { expiresAt: now + 7_200_000 } } })
  })

  test('is not cut off between the tokens by a client that went away', async () => {
    const gone = new AbortController()
    const one = provider()
    gone.abort()
    expect(await outageOf(one.profile(tokens, due, gone.signal))).toBe('the client went away')
    await known(one.profile(tokens, due))
  })

  test('is revoked when the refresh token is', async () => {
    gitlab.oauth.revoke('alice')
    expect(await provider().profile(tokens, due)).toEqual({ outcome: 'revoked' })
  })

  test('makes do with the access token of a record that has no other', async () => {
    const only = { accessToken: tokens.accessToken }
    expect(await known(provider().profile(only, due))).toEqual(only)
  })

  test('sees that an account has left the group, and that it was blocked', async () => {
    gitlab.people.set('alice', { state: 'active', groups: [] })
    const answer = await provider({ organization: 'acme' }).profile(tokens, due)
    expect(answer).toMatchObject({ outcome: 'refused' })
    gitlab.people.set('alice', { state: 'deactivated', groups: ['acme'] })
    expect(await provider().profile(await tokensOf('alice'), due)).toMatchObject({ outcome: 'refused' })
  })
})

describe('an outage of GitLab', () => {
  const cases = ['/api/v4/user', '/oauth/userinfo', '/oauth/token'].flatMap((path) =>
    MALFUNCTIONS.map(([what, handler]) => ({ path, what, handler })),
  )
  test.each(cases)('is told from a denial: $path $what', async ({ path, handler }) => {
    gitlab.override(path, handler)
    const one = provider({ organization: 'acme', httpTimeoutMs: 300 })
    expect(await outageOf(one.profile(tokens, { due: true }))).toContain(path)
  })

  test('is a client secret that GitLab refuses', async () => {
    const one = provider({ clientSecret: new Secret('canary of another kind') })
    expect(await outageOf(one.profile(tokens, { due: true }))).toBe('GitLab answered 401 to POST /oauth/token')
  })
})
