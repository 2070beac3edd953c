// GitHub and GitHub Enterprise: an account's login, its membership of an organisation, and its teams there.
import { z } from 'zod'
import { BackendError } from '../../lib/errors.ts'
import { duration, strict, text } from '../../lib/schema.ts'
import { createUpstream } from '../../lib/upstream.ts'
import type { Upstream, UpstreamAnswer } from '../../lib/upstream.ts'
import { clientKeys, readClient, readServiceUrl, revalidateAfterMs, serviceUrl } from './client.ts'
import type { ClientSettings, WebReading } from './client.ts'
import type { Provider } from './provider.ts'

export const GithubConfig = strict({
  organization: text.optional(),
  revalidate_after: duration.optional(),
  github_web_uri: serviceUrl.optional(),
  github_api_uri: serviceUrl.optional(),
  ...clientKeys,
})
export type GithubConfig = z.infer<typeof GithubConfig>

/** What the `github_auth` section means. URLs have no slash at their end. */
export interface GithubSettings extends ClientSettings {
  readonly name: 'github'
  readonly organization: string | undefined
  readonly webUrl: string
  readonly apiUrl: string
  readonly revalidateAfterMs: number
  /** What a sign-in asks for. */
  readonly scopes: readonly string[]
}

/** Reads the `github_auth` section; undefined when something is wrong, which the report was told. */
export async function readGithub(config: GithubConfig, reading: WebReading): Promise<GithubSettings | undefined> {
  const client = await readClient(config, reading)
  if (client === undefined) return undefined
  return {
    name: 'github',
    ...client,
    organization: config.organization || undefined,
    webUrl: readServiceUrl(config.github_web_uri, 'https://github.com', ['github_web_uri'], reading.report),
    apiUrl: readServiceUrl(config.github_api_uri, 'https://api.github.com', ['github_api_uri'], reading.report),
    revalidateAfterMs: revalidateAfterMs(config),
    scopes: ['user:email', 'read:org'],
  }
}

const User = z.object({ login: z.string().min(1) })
const Teams = z.array(
  z.object({
    slug: z.string().min(1),
    organization: z.object({ login: z.string() }).nullish(),
    parent: z.object({ slug: z.string().min(1) }).nullish(),
  }),
)
type Teams = z.infer<typeof Teams>

/** Asks GitHub's API. The label `teams` holds the teams in the configured organisation and their parents; without one there is no label. */
export function createGithubProvider(settings: GithubSettings, now: () => number): Provider {
  const github = createUpstream('GitHub', settings.httpTimeoutMs)
  const { apiUrl, organization } = settings

  return {
    name: 'github',
    async profile(tokens, _occasion, signal) {
      const get: Get = (url) =>
        github.send(url, {
          headers: {
            accept: 'application/vnd.github+json',
            authorization: `Bearer ${tokens.accessToken.reveal()}`,
            'user-agent': 'registry-auth',
          },
          signal,
        })
      const user = await get(`${apiUrl}/user`)
      if (user.status === 401) return { outcome: 'revoked' }
      const { login } = github.json(user, User)
      const validUntil = now() + settings.revalidateAfterMs
      if (organization === undefined) {
        return { outcome: 'known', profile: { account: login, labels: {}, tokens, validUntil } }
      }
      // https://docs.github.com/en/rest/orgs/members#check-organization-membership-for-a-user
      const path = `/orgs/${encodeURIComponent(organization)}/members/${encodeURIComponent(login)}`
      const membership = await get(`${apiUrl}${path}`)
      if (membership.status === 302 || membership.status === 404) {
        return { outcome: 'refused', reason: `${login} is not a member of the GitHub organization ${organization}.` }
      }
      if (membership.status !== 204) throw github.unexpected(membership)
      const teams = slugsIn(organization, await readTeams(github, `${apiUrl}/user/teams?per_page=100`, get))
      return { outcome: 'known', profile: { account: login, labels: { teams }, tokens, validUntil } }
    },
  }
}

type Get = (url: string) => Promise<UpstreamAnswer>

const MAX_PAGES = 50

// Some of the teams would look like the teams: whatever is not read to its end is an outage.
async function readTeams(github: Upstream, first: string, get: Get): Promise<Teams> {
  const teams: Teams = []
  let url: string | undefined = first
  for (let page = 1; url !== undefined; page++) {
    if (page > MAX_PAGES) throw new BackendError(`GitHub lists more than ${MAX_PAGES} pages of teams`)
    const answer = await get(url)
    teams.push(...github.json(answer, Teams))
    url = nextPage(answer.headers.get('link') ?? '', url)
  }
  return teams
}

/** The `rel="next"` of a Link header (RFC 8288), which must stay where the token belongs. */
function nextPage(link: string, current: string): string | undefined {
  const [, target] = /<([^<>]*)>[^<]*;\s*rel\s*=\s*"?next\b/i.exec(link) ?? []
  if (target === undefined) return undefined
  const next = URL.canParse(target, current) ? new URL(target, current) : undefined
  if (next?.origin !== new URL(current).origin) throw new BackendError('GitHub names a next page that is not its own')
  return next.href
}

// The membership check does not mind the case of the organisation's name, so that neither does this.
function slugsIn(organization: string, teams: Teams): string[] {
  const mine = teams.filter((team) => team.organization?.login.toLowerCase() === organization.toLowerCase())
  return [...new Set(mine.flatMap(({ slug, parent }) => (parent ? [slug, parent.slug] : [slug])))]
}
