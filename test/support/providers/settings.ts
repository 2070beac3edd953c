// Settings that lead to the providers of this folder.
import type { ClientSettings } from '../../../src/authn/web/client.ts'
import type { GithubSettings } from '../../../src/authn/web/github.ts'
import type { GitlabSettings } from '../../../src/authn/web/gitlab.ts'
import type { GoogleSettings } from '../../../src/authn/web/google.ts'
import type { OidcSettings } from '../../../src/authn/web/oidc.ts'
import type { UpstreamTokens } from '../../../src/authn/web/provider.ts'
import { Secret } from '../../../src/lib/secret.ts'
import { CLIENT } from './oauth.ts'
import type { IssuedTokens } from './oauth.ts'

const client: ClientSettings = {
  clientId: CLIENT.clientId,
  clientSecret: new Secret(CLIENT.clientSecret),
  httpTimeoutMs: 5000,
  registryUrl: 'registry.example.com',
  store: { settings: { kind: 'level', path: 'not opened' }, hashCost: 4, lifetime: 3_600_000 },
}

export const githubSettings = (url: string, changes: Partial<GithubSettings> = {}): GithubSettings => ({
  name: 'github',
  ...client,
  organization: undefined,
  webUrl: url,
  apiUrl: `${url}/api/v3`,
  revalidateAfterMs: 3_600_000,
  scopes: ['user:email', 'read:org'],
  ...changes,
})

export const gitlabSettings = (url: string, changes: Partial<GitlabSettings> = {}): GitlabSettings => ({
  name: 'gitlab',
  ...client,
  organization: undefined,
  webUrl: url,
  apiUrl: `${url}/api/v4`,
  redirectUri: undefined,
  revalidateAfterMs: 3_600_000,
  scopes: ['read_user', 'openid'],
  ...changes,
})

export const googleSettings = (url: string, changes: Partial<GoogleSettings> = {}): GoogleSettings => ({
  name: 'google',
  ...client,
  domain: undefined,
  issuer: url,
  authorizationUrl: `${url}/o/oauth2/v2/auth`,
  tokenUrl: `${url}/token`,
  scopes: ['openid', 'email'],
  ...changes,
})

export const oidcSettings = (
  issuer: string,
  redirectUri: string,
  changes: Partial<OidcSettings> = {},
): OidcSettings => ({
  name: 'oidc',
  ...client,
  issuer,
  redirectUri,
  userClaim: 'email',
  labelsClaims: [],
  scopes: ['openid', 'email', 'groups'],
  ...changes,
})

/** What the browser's door would make of a token endpoint's answer. */
export const asUpstreamTokens = (issued: IssuedTokens, now: number): UpstreamTokens => ({
  accessToken: new Secret(issued.access_token),
  refreshToken: issued.refresh_token === undefined ? undefined : new Secret(issued.refresh_token),
  idToken: issued.id_token === undefined ? undefined : new Secret(issued.id_token),
  expiresAt: issued.expires_in === undefined ? undefined : now + issued.expires_in * 1000,
})
