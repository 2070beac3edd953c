// GitLab on this machine: the documented pages and API calls that a sign-in needs.
// https://docs.gitlab.com/api/oauth2/ and https://docs.gitlab.com/integration/openid_connect_provider/
import { createOauth } from './oauth.ts'
import type { Oauth } from './oauth.ts'
import { startFakeServer } from './server.ts'
import type { FakeAnswer, FakeRequest, FakeServer } from './server.ts'

export interface GitlabPerson {
  readonly state: 'active' | 'blocked' | 'deactivated'
  /** Full paths. */
  readonly groups: readonly string[]
}

export interface FakeGitlab extends FakeServer {
  readonly oauth: Oauth
  /** By user name; tests change it. */
  readonly people: Map<string, GitlabPerson>
}

/** Starts it. The web pages stand at `url`, the API at `url` with `/api/v4` behind it. Tokens live two hours and rotate. */
export async function startFakeGitlab(people: Readonly<Record<string, GitlabPerson>>): Promise<FakeGitlab> {
  const oauth = createOauth({ refusal: 400, expiresIn: 7200, rotates: true })
  const known = new Map(Object.entries(people))

  function about(
    request: FakeRequest,
    scope: string,
    answer: (name: string, person: GitlabPerson) => unknown,
  ): FakeAnswer {
    const bearer = oauth.bearer(request)
    const person = known.get(bearer?.person ?? '')
    if (bearer === undefined || person === undefined) return { status: 401, json: { message: '401 Unauthorized' } }
    if (!bearer.scope.split(' ').includes(scope)) return { status: 403, json: { error: 'insufficient_scope', scope } }
    return { json: answer(bearer.person, person) }
  }

  const server = await startFakeServer((request) => {
    switch (`${request.method} ${request.url.pathname}`) {
      case 'GET /oauth/authorize':
        return oauth.authorize(request)
      case 'POST /oauth/token':
        return oauth.token(request)
      case 'GET /api/v4/user':
        return about(request, 'read_user', (username, { state }) => ({ id: 1, username, name: username, state }))
      case 'GET /oauth/userinfo':
        return about(request, 'openid', (nickname, { groups }) => ({ sub: '1', nickname, groups }))
      default:
        return undefined
    }
  })
  return { ...server, oauth, people: known }
}
