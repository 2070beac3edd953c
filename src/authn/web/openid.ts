// An OpenID provider as this server's client sees it: discovery, ID tokens, refreshing, and what is said about a person.
import type { ClientAuth, Configuration, CustomFetch, TokenEndpointResponse } from 'openid-client'
import { createRemoteJWKSet, customFetch, errors, jwtVerify } from 'jose'
import type { JWTPayload, JWTVerifyGetKey } from 'jose'
import { BackendError } from '../../lib/errors.ts'
import { Secret } from '../../lib/secret.ts'
import { createUpstream } from '../../lib/upstream.ts'
import type { UpstreamTokens } from './provider.ts'
import { rememberExchanges } from './rotation.ts'

/** An OpenID provider and who we are to it. */
export interface OpenIdSettings {
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: Secret
  readonly httpTimeoutMs: number
}

export type Claims = Readonly<Record<string, unknown>>

/** Whom tokens belong to. `claims` come from the ID token and from the userinfo endpoint, in this order, from either or both. */
export type Identified =
  | { readonly outcome: 'known'; readonly claims: readonly Claims[]; readonly tokens: UpstreamTokens }
  | { readonly outcome: 'refused'; readonly reason: string }
  | { readonly outcome: 'revoked' }

/** One OpenID provider. */
export interface OpenId {
  /** What its token endpoint handed out. */
  tokensOf(answer: TokenEndpointResponse): UpstreamTokens
  /** openid-client's view of it, for the sign-in: discovered at the first use, and again after a failure. Throws BackendError. */
  configuration(): Promise<Configuration>
  /** Right after a sign-in the tokens are verified as they are; when `due` they are refreshed first. Throws BackendError on an outage. */
  identify(tokens: UpstreamTokens, occasion: { readonly due: boolean }): Promise<Identified>
}

interface Discovered {
  readonly client: typeof import('openid-client')
  readonly configuration: Configuration
  readonly issuer: string
  readonly hasUserInfo: boolean
  readonly keys: JWTVerifyGetKey
}

// Signatures only the provider can make; one made with the client secret anybody who knows that could.
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519']
const CLOCK_TOLERANCE_S = 30

/** Creates the client of the provider that the log calls `name`. */
export function createOpenId(name: string, settings: OpenIdSettings, now: () => number): OpenId {
  const { issuer, clientId, clientSecret, httpTimeoutMs } = settings
  const upstream = createUpstream(name, httpTimeoutMs)
  // The time limit is upstream's alone: with the libraries' own signals a slow provider would look like a client that went away.
  const send: CustomFetch = (url, { method, headers, body }) => upstream.fetch(url, { method, headers, body })
  const outage = (error: unknown): BackendError => toBackendError(name, error)
  const refresh = rememberExchanges(exchange, now)
  let discovered: Promise<Discovered> | undefined

  function discovery(): Promise<Discovered> {
    discovered ??= discover().catch((error: unknown) => {
      discovered = undefined
      throw outage(error)
    })
    return discovered
  }

  async function discover(): Promise<Discovered> {
    const client = await import('openid-client')
    const post = client.ClientSecretPost(clientSecret.reveal())
    const basic = client.ClientSecretBasic(clientSecret.reveal())
    // Basic is what a provider that says nothing takes; post is what those that say so understand alike.
    const authenticate: ClientAuth = (server, metadata, body, headers) =>
      (server.token_endpoint_auth_methods_supported?.includes('client_secret_post') === true ? post : basic)(
        server,
        metadata,
        body,
        headers,
      )
    const configuration = await client.discovery(new URL(issuer), clientId, {}, authenticate, {
      [client.customFetch]: send,
      // eslint-disable-next-line @typescript-eslint/no-deprecated -- marked so that it is seen: an admin wrote http:// and was warned
      execute: issuer.startsWith('http:') ? [client.allowInsecureRequests] : [],
    })
    const metadata = configuration.serverMetadata()
    const keysUrl = metadata.jwks_uri ?? ''
    if (!URL.canParse(keysUrl) || (issuer.startsWith('https:') && !keysUrl.startsWith('https:'))) {
      throw new BackendError(`${name} names no https address of its keys`)
    }
    const getKeys = async (url: string, { headers }: { readonly headers: Headers }): Promise<Response> => {
      const response = await upstream.fetch(url, { headers })
      if (response.status !== 200) throw new BackendError(`${name} answered ${response.status} when asked for its keys`)
      return response
    }
    return {
      client,
      configuration,
      issuer: metadata.issuer,
      hasUserInfo: metadata.userinfo_endpoint !== undefined,
      keys: createRemoteJWKSet(new URL(keysUrl), { [customFetch]: getKeys }),
    }
  }

  const tokensOf: OpenId['tokensOf'] = ({ access_token, refresh_token, id_token, expires_in }) => ({
    accessToken: new Secret(access_token),
    refreshToken: refresh_token === undefined ? undefined : new Secret(refresh_token),
    idToken: id_token === undefined ? undefined : new Secret(id_token),
    expiresAt: expires_in === undefined ? undefined : now() + expires_in * 1000,
  })

  // Not ended when the client goes away: the old refresh token may be used up, so the new one must be seen.
  async function exchange(refreshToken: Secret): Promise<UpstreamTokens | undefined> {
    const { client, configuration } = await discovery()
    try {
      return tokensOf(await client.refreshTokenGrant(configuration, refreshToken.reveal()))
    } catch (error) {
      if (error instanceof client.ResponseBodyError && error.error === 'invalid_grant') return undefined
      throw outage(error)
    }
  }

  /** The claims of an ID token, or the code of what is wrong with it. https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation */
  async function verify(idToken: Secret): Promise<Claims | string> {
    const expected = await discovery()
    try {
      const { payload } = await jwtVerify(idToken.reveal(), expected.keys, {
        issuer: expected.issuer,
        audience: clientId,
        algorithms: ALGORITHMS,
        requiredClaims: ['sub', 'exp', 'iat'],
        clockTolerance: CLOCK_TOLERANCE_S,
        currentDate: new Date(now()),
      })
      return isMadeOutTo(clientId, payload) ? payload : 'azp'
    } catch (error) {
      const bad = error instanceof errors.JOSEError && !OUTAGES.has(error.code)
      if (bad) return error.code
      throw outage(error)
    }
  }

  /** What the provider says now, or undefined when it does not know the token any more. */
  async function askUserInfo(accessToken: Secret, subject: unknown): Promise<Claims | undefined> {
    const { client, configuration } = await discovery()
    try {
      // eslint-disable-next-line @typescript-eslint/no-deprecated -- marked so that it is seen: without an ID token there is no subject to compare
      const expected = typeof subject === 'string' ? subject : client.skipSubjectCheck
      return await client.fetchUserInfo(configuration, accessToken.reveal(), expected)
    } catch (error) {
      if (error instanceof client.WWWAuthenticateChallengeError && error.status === 401) return undefined
      throw outage(error)
    }
  }

  return {
    tokensOf,
    configuration: async () => (await discovery()).configuration,
    async identify(given, { due }) {
      const tokens = due ? given.refreshToken && (await refresh(given.refreshToken)) : given
      if (tokens === undefined) return { outcome: 'revoked' }
      const { accessToken, refreshToken, idToken, expiresAt } = tokens
      if (idToken === undefined && !due) return { outcome: 'refused', reason: `${name} sent no ID token.` }
      const said = idToken === undefined ? undefined : await verify(idToken)
      if (typeof said === 'string') {
        return { outcome: 'refused', reason: `The ID token that ${name} sent is not valid (${said}).` }
      }
      const { hasUserInfo } = await discovery()
      if (said === undefined && !hasUserInfo) throw new BackendError(`${name} says nothing about a refreshed token`)
      const info = hasUserInfo ? await askUserInfo(accessToken, said?.['sub']) : {}
      if (info === undefined) return { outcome: 'revoked' }
      return {
        outcome: 'known',
        claims: said === undefined ? [info] : [said, info],
        tokens: { accessToken, refreshToken, expiresAt },
      }
    },
  }
}

/** Whether a token that names us in its audience was made out to us, not to another client for use with us. */
function isMadeOutTo(clientId: string, { aud, azp }: JWTPayload): boolean {
  if (azp !== undefined) return azp === clientId
  return typeof aud === 'string' || aud?.length === 1
}

// jose's codes for keys that could not be had, not for a token that is wrong.
const OUTAGES = new Set(['ERR_JOSE_GENERIC', 'ERR_JWKS_INVALID', 'ERR_JWKS_TIMEOUT'])

// Their errors hold answers, and answers hold tokens: only the codes go on.
function toBackendError(name: string, error: unknown): BackendError {
  if (error instanceof BackendError) return error
  if (!(error instanceof Error)) return new BackendError(`${name} failed`)
  if (error.cause instanceof BackendError) return error.cause
  const words = [codeOf(error, 'code'), codeOf(error, 'error')].filter((code) => code !== '')
  return new BackendError(`${name} gave an answer that cannot be used (${words.join(', ') || error.name})`)
}

function codeOf(error: Error, key: 'code' | 'error'): string {
  const value: unknown = key in error ? Object.entries(error).find(([name]) => name === key)?.[1] : undefined
  return typeof value === 'string' && /^[\w.-]{1,60}$/.test(value) ? value : ''
}
