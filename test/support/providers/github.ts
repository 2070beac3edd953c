// GitHub on this machine: the documented pages and API calls that a sign-in needs.
// https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps and https://docs.github.com/en/rest
import { createOauth } from './oauth.ts'
import type { Oauth } from './oauth.ts'
import { startFakeServer } from './server.ts'
import type { FakeAnswer, FakeRequest, FakeServer } from './server.ts'

export interface GithubTeam {
  readonly slug: string
  readonly organization: string | undefined
  readonly parent?: string
}

export interface GithubPerson {
  readonly organizations: readonly string[]
  readonly teams: readonly GithubTeam[]
}

export interface FakeGithub extends FakeServer {
  readonly oauth: Oauth
  /** By login; tests change it. */
  readonly people: Map<string, GithubPerson>
}

/** Starts it. The web pages stand at `url`, the API at `url` with `/api/v3` behind it, as on GitHub Enterprise. */
export async function startFakeGithub(people: Readonly<Record<string, GithubPerson>>): Promise<FakeGithub> {
  const oauth = createOauth({ refusal: 200 })
  const known = new Map(Object.entries(people))

  function api(path: string, request: FakeRequest, url: string): FakeAnswer | undefined {
    const login = oauth.bearer(request)?.person
    const person = known.get(login ?? '')
    if (login === undefined || person === undefined) return { status: 401, json: { message: 'Bad credentials' } }
    if (path === '/user') return { json: { login, id: 1, type: 'User' } }
    if (path === '/user/teams') return teamsPage(person.teams, request.url, url)
    const [, organization = '', member] = /^\/orgs\/([^/]+)\/members\/([^/]+)$/.exec(path) ?? []
    if (member === undefined) return undefined
    const isMember =
      member === login && person.organizations.some((name) => isSame(name, decodeURIComponent(organization)))
    // Whoever is no member is sent to the public list.
    return isMember ? { status: 204 } : { status: 302, headers: { location: `${url}/public_members` } }
  }

  const server = await startFakeServer((request, url) => {
    const { pathname } = request.url
    if (pathname === '/login/oauth/authorize') return oauth.authorize(request)
    if (pathname === '/login/oauth/access_token') return oauth.token(request)
    return pathname.startsWith('/api/v3/') ? api(pathname.slice('/api/v3'.length), request, url) : undefined
  })
  return { ...server, oauth, people: known }
}

function teamsPage(teams: readonly GithubTeam[], asked: URL, url: string): FakeAnswer {
  const size = Number(asked.searchParams.get('per_page') ?? 30)
  const page = Number(asked.searchParams.get('page') ?? 1)
  const more = teams.length > page * size
  const link = (number: number, rel: string): string =>
    `<${url}/api/v3/user/teams?per_page=${size}&page=${number}>; rel="${rel}"`
  return {
    headers: more ? { link: `${link(page + 1, 'next')}, ${link(Math.ceil(teams.length / size), 'last')}` } : {},
    json: teams.slice((page - 1) * size, page * size).map(({ slug, organization, parent }) => ({
      slug,
      name: slug,
      ...(organization === undefined ? {} : { organization: { login: organization } }),
      parent: parent === undefined ? null : { slug: parent },
    })),
  }
}

const isSame = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase()
