// GitLab: an account's user name, its membership of a group, and its groups below that.
import { z } from 'zod'
import { parseJson } from '../../lib/json.ts'
import { duration, strict, text } from '../../lib/schema.ts'
import { Secret } from '../../lib/secret.ts'
import { createUpstream } from '../../lib/upstream.ts'
import type { Upstream } from '../../lib/upstream.ts'
import { clientKeys, readClient, readServiceUrl, revalidateAfterMs, serviceUrl, warnOfOtherCallback } from './client.ts'
import type { ClientSettings, WebReading } from './client.ts'
import type { Provider, UpstreamTokens } from './provider.ts'
import { rememberExchanges } from './rotation.ts'

export const GitlabConfig = strict({
  organization: text.optional(),
  revalidate_after: duration.optional(),
  gitlab_web_uri: serviceUrl.optional(),
  gitlab_api_uri: serviceUrl.optional(),
  grant_type: z.enum(['', 'authorization_code'], { error: 'must be authorization_code' }).optional(),
  redirect_uri: serviceUrl.optional(),
  ...clientKeys,
})
export type GitlabConfig = z.infer<typeof GitlabConfig>

/** What the `gitlab_auth` section means. URLs have no slash at their end, but for `redirectUri`, which is as it is written. */
export interface GitlabSettings extends ClientSettings {
  readonly name: 'gitlab'
  /** The full path of a group, such as `acme` or `acme/platform`. */
  readonly organization: string | undefined
  readonly webUrl: string
  readonly apiUrl: string
  /** Undefined when this server's public URL says it. */
  readonly redirectUri: string | undefined
  readonly revalidateAfterMs: number
  /** What a sign-in asks for. */
  readonly scopes: readonly string[]
}

/** Reads the `gitlab_auth` section; undefined when something is wrong, which the report was told. */
export async function readGitlab(config: GitlabConfig, reading: WebReading): Promise<GitlabSettings | undefined> {
  const client = await readClient(config, reading)
  const redirectUri = config.redirect_uri || undefined
  warnOfOtherCallback(redirectUri, 'redirect_uri', '/gitlab_auth', reading.report)
  if (redirectUri === undefined && reading.publicUrl === undefined) {
    reading.report.problem(
      [],
      'needs redirect_uri or server.public_url: GitLab sends people back to a registered URL only',
    )
  }
  if (client === undefined) return undefined
  const organization = config.organization?.replace(/^\/+|\/+$/g, '') || undefined
  return {
    name: 'gitlab',
    ...client,
    organization,
    webUrl: readServiceUrl(config.gitlab_web_uri, 'https://gitlab.com', ['gitlab_web_uri'], reading.report),
    apiUrl: readServiceUrl(config.gitlab_api_uri, 'https://gitlab.com/api/v4', ['gitlab_api_uri'], reading.report),
    redirectUri,
    revalidateAfterMs: revalidateAfterMs(config),
    // Group membership comes with openid; the alternative, read_api, would let this server read everybody's repositories.
    scopes: organization === undefined ? ['read_user'] : ['read_user', 'openid'],
  }
}

const User = z.object({ username: z.string().min(1), state: z.string() })
// https://docs.gitlab.com/integration/openid_connect_provider/#shared-information: full paths, memberships through an ancestor too.
const UserInfo = z.object({ groups: z.array(z.string()).default([]) })

/** Asks GitLab's API. The label `groups` holds the full paths of the configured group and those below it that the account is in. */
export function createGitlabProvider(settings: GitlabSettings, now: () => number): Provider {
  const gitlab = createUpstream('GitLab', settings.httpTimeoutMs)
  const refresh = rememberExchanges((refreshToken) => refreshTokens(gitlab, settings, refreshToken, now), now)
  const { organization } = settings

  return {
    name: 'gitlab',
    async profile(given, { due }, signal) {
      // Access tokens live two hours, so a revalidation needs new ones. docker_auth's records hold no refresh token.
      const tokens = due && given.refreshToken !== undefined ? await refresh(given.refreshToken) : given
      if (tokens === undefined) return { outcome: 'revoked' }
      const headers = { authorization: `Bearer ${tokens.accessToken.reveal()}` }
      const answer = await gitlab.send(`${settings.apiUrl}/user`, { headers, signal })
      if (answer.status === 401) return { outcome: 'revoked' }
      if (answer.status === 403) return { outcome: 'refused', reason: 'GitLab does not let this account in.' }
      const { username, state } = gitlab.json(answer, User)
      if (state !== 'active') return { outcome: 'refused', reason: `The GitLab account ${username} is ${state}.` }
      const validUntil = now() + settings.revalidateAfterMs
      if (organization === undefined) {
        return { outcome: 'known', profile: { account: username, labels: {}, tokens, validUntil } }
      }
      const info = await gitlab.send(`${settings.webUrl}/oauth/userinfo`, { headers, signal })
      // Tokens that docker_auth kept were asked for without openid.
      if (info.status === 401 || info.status === 403) return { outcome: 'revoked' }
      const groups = gitlab.json(info, UserInfo).groups.filter((path) => isWithin(path, organization))
      if (!groups.some((path) => isSame(path, organization))) {
        return { outcome: 'refused', reason: `${username} is not a member of the GitLab group ${organization}.` }
      }
      return { outcome: 'known', profile: { account: username, labels: { groups }, tokens, validUntil } }
    },
  }
}

const Tokens = z.object({
  access_token: z.string().min(1),
  refresh_token: z.string().min(1).optional(),
  expires_in: z.number().positive().optional(),
})
const Refusal = z.object({ error: z.literal('invalid_grant') })

// Not ended when the client goes away: the old refresh token is used up, so the new one must be seen.
async function refreshTokens(
  gitlab: Upstream,
  settings: GitlabSettings,
  refreshToken: Secret,
  now: () => number,
): Promise<UpstreamTokens | undefined> {
  const answer = await gitlab.send(`${settings.webUrl}/oauth/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'refresh_token',
      client_id: settings.clientId,
      client_secret: settings.clientSecret.reveal(),
      refresh_token: refreshToken.reveal(),
    }),
  })
  if (answer.status !== 200 && Refusal.safeParse(parseJson(answer.text)).success) return undefined
  const { access_token, refresh_token, expires_in } = gitlab.json(answer, Tokens)
  return {
    accessToken: new Secret(access_token),
    refreshToken: refresh_token === undefined ? undefined : new Secret(refresh_token),
    expiresAt: expires_in === undefined ? undefined : now() + expires_in * 1000,
  }
}

// GitLab's paths differ in more than case.
const isSame = (path: string, group: string): boolean => path.toLowerCase() === group.toLowerCase()
const isWithin = (path: string, group: string): boolean =>
  isSame(path, group) || path.toLowerCase().startsWith(`${group.toLowerCase()}/`)
