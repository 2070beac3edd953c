// GitHub: account, organisation and teams, asked of a server that speaks the documented API.
import { createHash } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { createGithubProvider } from '../../src/authn/web/github.ts'
import type { GithubSettings } from '../../src/authn/web/github.ts'
import type { ProfileAnswer, UpstreamTokens } from '../../src/authn/web/provider.ts'
import { MALFUNCTIONS, outageOf } from '../support/providers/failures.ts'
import { startFakeGithub } from '../support/providers/github.ts'
import type { FakeGithub, GithubTeam } from '../support/providers/github.ts'
import { CLIENT } from '../support/providers/oauth.ts'
import { asUpstreamTokens, githubSettings } from '../support/providers/settings.ts'

const NOW = 1_700_000_000_000
const team = (slug: string, parent?: string): GithubTeam => ({
  slug,
  organization: 'Acme',
  ...(parent === undefined ? {} : { parent }),
})

let github: FakeGithub
let tokens: UpstreamTokens
beforeEach(async () => {
  github = await startFakeGithub({
    Alice: {
      organizations: ['Acme'],
      teams: [
        team('dev'),
        team('backend', 'dev'),
        team('ops', 'infrastructure'),
        { slug: 'elsewhere', organization: 'Other' },
        { slug: 'homeless', organization: undefined },
      ],
    },
    mallory: { organizations: [], teams: [] },
  })
  tokens = asUpstreamTokens(await github.oauth.issue('Alice'), NOW)
})
afterEach(() => github.close())

function profile(changes: Partial<GithubSettings> = {}, given = tokens, signal?: AbortSignal): Promise<ProfileAnswer> {
  return createGithubProvider(githubSettings(github.url, changes), () => NOW).profile(given, { due: false }, signal)
}
const asMallory = async (): Promise<UpstreamTokens> => asUpstreamTokens(await github.oauth.issue('mallory'), NOW)

describe('an account of GitHub', () => {
  test('is named by its login, has no labels without an organization, and is asked about again in time', async () => {
    expect(await profile({ revalidateAfterMs: 5000 })).toEqual({
      outcome: 'known',
      profile: { account: 'Alice', labels: {}, tokens, validUntil: NOW + 5000 },
    })
    expect(github.requests.map(({ url }) => url.pathname)).toEqual(['/api/v3/user'])
  })

  test('has its teams in the organization and their parents as labels, once each, however the name is spelled', async () => {
    const answer = await profile({ organization: 'aCME' })
    expect(answer).toMatchObject({
      profile: { labels: { teams: ['dev', 'backend', 'ops', 'infrastructure'] } },
    })
  })

  test('has an empty label when it is in no team', async () => {
    github.people.set('Alice', { organizations: ['Acme'], teams: [] })
    expect(await profile({ organization: 'Acme' })).toMatchObject({ profile: { labels: { teams: [] } } })
  })

  test('loses teams and membership at the next revalidation', async () => {
    const provider = createGithubProvider(githubSettings(github.url, { organization: 'Acme' }), () => NOW)
    github.people.set('Alice', { organizations: ['Acme'], teams: [team('guests')] })
    expect(await provider.profile(tokens, { due: true })).toMatchObject({ profile: { labels: { teams: ['guests'] } } })
    github.people.set('Alice', { organizations: [], teams: [team('guests')] })
    expect(await provider.profile(tokens, { due: true })).toMatchObject({ outcome: 'refused' })
  })

  test('is refused when it is not in the organization, in a sentence that says so', async () => {
    expect(await profile({ organization: 'Acme' }, await asMallory())).toEqual({
      outcome: 'refused',
      reason: 'mallory is not a member of the GitHub organization Acme.',
    })
  })

  test('is refused as well when the organization is unknown to it', async () => {
    github.override('/api/v3/orgs/Acme/members/Alice', () => ({ status: 404, json: {} }))
    expect(await profile({ organization: 'Acme' })).toMatchObject({ outcome: 'refused' })
  })

  test('is revoked when GitHub does not know the token any more', async () => {
    github.oauth.revoke('Alice')
    expect(await profile({ organization: 'Acme' })).toEqual({ outcome: 'revoked' })
  })

  test('names of organizations are one segment of a path', async () => {
    await profile({ organization: '../user?x=' })
    expect(github.requests[1]?.url.pathname).toBe('/api/v3/orgs/..%2Fuser%3Fx%3D/members/Alice')
  })
})

describe('many teams', () => {
  const many = Array.from({ length: 250 }, (_, number) => team(`team-${number}`))
  const teamsPath = '/api/v3/user/teams'

  test('are read page by page', async () => {
    github.people.set('Alice', { organizations: ['Acme'], teams: many })
    expect(await profile({ organization: 'Acme' })).toMatchObject({
      profile: { labels: { teams: many.map(({ slug }) => slug) } },
    })
    expect(github.requests.filter(({ url }) => url.pathname === teamsPath)).toHaveLength(3)
  })

  test.each([
    ['another server', () => 'http://127.0.0.1:1/user/teams'],
    ['another port of the same host', () => `${github.url.replace(/\d+$/, '1')}/user/teams`],
    ['no URL', () => 'http://'],
  ])('are not looked for on %s, where the token would follow', async (_, target) => {
    github.override(teamsPath, () => ({ json: [], headers: { link: `<${target()}>; rel="next"` } }))
    expect(await outageOf(profile({ organization: 'Acme' }))).toBe('GitHub names a next page that is not its own')
  })

  test('are an outage when they never end', async () => {
    github.override(teamsPath, ({ url }) => ({ json: [], headers: { link: `<${url.href}>; rel=next` } }))
    expect(await outageOf(profile({ organization: 'Acme' }))).toContain('more than 50 pages')
  })

  test.each(['', '<>', 'rel="next"', '<x>; rel="prev"', '<x>; title="rel=next', ';;<,<<>>'])(
    'end at the odd Link header %j',
    async (link) => {
      github.override(teamsPath, () => ({ json: [], headers: { link } }))
      expect(await profile({ organization: 'Acme' })).toMatchObject({ outcome: 'known' })
    },
  )
})

describe('an outage of GitHub', () => {
  const paths = ['/user', '/orgs/Acme/members/Alice', '/user/teams']
  const expectsNothing = new Set(['/orgs/Acme/members/Alice redirects'])
  const cases = paths
    .flatMap((path) => MALFUNCTIONS.map(([what, handler]) => ({ path, what, handler })))
    .filter(({ path, what }) => !expectsNothing.has(`${path} ${what}`))

  test.each(cases)('is told from a denial: $path $what', async ({ path, handler }) => {
    github.override(`/api/v3${path}`, handler)
    expect(await outageOf(profile({ organization: 'Acme', httpTimeoutMs: 300 }))).toContain('GitHub')
  })

  test('is a server that is not there', async () => {
    await github.close()
    expect(await outageOf(profile())).toBe('GitHub could not be reached for GET /api/v3/user (ECONNREFUSED)')
  })

  test('is a client that went away', async () => {
    const gone = new AbortController()
    gone.abort()
    expect(await outageOf(profile({}, tokens, gone.signal))).toBe('the client went away')
  })

  test('is an account without a name', async () => {
    github.override('/api/v3/user', () => ({ json: { login: '' } }))
    await outageOf(profile())
  })
})

describe('the stand-in', () => {
  test('hands out tokens to whoever proves to have begun the sign-in', async () => {
    github.oauth.person = 'Alice'
    const verifier = 'a verifier of this very sign-in, long enough'
    const asked = new URLSearchParams({
      client_id: CLIENT.clientId,
      redirect_uri: 'http://localhost/github_auth',
      state: 'the-state',
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    })
    const exchange = async (code_verifier: string): Promise<Record<string, string>> => {
      const sent = await fetch(`${github.url}/login/oauth/authorize?${asked.toString()}`, { redirect: 'manual' })
      const back = new URL(sent.headers.get('location')!)
      expect(back.searchParams.get('state')).toBe('the-state')
      const form = { ...CLIENT_FORM, code: back.searchParams.get('code')!, code_verifier }
      const body = new URLSearchParams({ ...form, redirect_uri: 'http://localhost/github_auth' })
      const answer = await fetch(`${github.url}/login/oauth/access_token`, { method: 'POST', body })
      return (await answer.json()) as Record<string, string>
    }
    expect(await exchange('another')).toEqual({ error: 'invalid_grant' })
    expect(await exchange(verifier)).toMatchObject({ access_token: expect.stringContaining('canary') })
  })
})

const CLIENT_FORM = { client_id: CLIENT.clientId, client_secret: CLIENT.clientSecret }
