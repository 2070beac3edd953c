// OAuth 2.0 as GitHub, GitLab and Google speak it: authorization codes with PKCE, access tokens, refresh tokens.
import { createHash, randomUUID } from 'node:crypto'
import type { FakeAnswer, FakeRequest } from './server.ts'

export const CLIENT = { clientId: 'the-client', clientSecret: 'canary-client-secret+&%' } as const

export interface OauthOptions {
  /** The status of a refused token request: GitHub says 200. */
  readonly refusal: 200 | 400
  /** Seconds; without it tokens last for ever and there are no refresh tokens. */
  readonly expiresIn?: number
  /** Whether a refresh token is good for one use. */
  readonly rotates?: boolean
  /** More for the answer of the token endpoint, such as an ID token. */
  readonly extra?: (person: string, asked: URLSearchParams) => Promise<Record<string, string>>
}

export interface IssuedTokens {
  readonly access_token: string
  readonly token_type: string
  readonly scope?: string | undefined
  readonly refresh_token?: string | undefined
  readonly expires_in?: number | undefined
  readonly id_token?: string | undefined
}

export interface Oauth {
  /** Who sits at the browser; undefined says no to everything. */
  person: string | undefined
  /** Sends the browser back with a code, or with an error. */
  authorize(request: FakeRequest): FakeAnswer
  /** Exchanges a code or a refresh token. */
  token(request: FakeRequest): Promise<FakeAnswer>
  /** What a sign-in of this person would have yielded. */
  issue(person: string, asked?: URLSearchParams): Promise<IssuedTokens>
  /** Whose access token came with this request, and what it is good for. */
  bearer(request: FakeRequest): { readonly person: string; readonly scope: string } | undefined
  /** Makes every token of this person useless. */
  revoke(person: string): void
}

interface Session {
  readonly person: string
  readonly scope: string
}

/** Creates the part of a provider that hands out tokens. */
export function createOauth(options: OauthOptions): Oauth {
  const codes = new Map<string, { readonly person: string; readonly asked: URLSearchParams }>()
  const accessTokens = new Map<string, Session>()
  const refreshTokens = new Map<string, Session>()
  const refuse = (error: string): FakeAnswer => ({ status: options.refusal, json: { error } })

  function isClient({ headers, body }: FakeRequest): boolean {
    const [id, secret] = headers.authorization?.startsWith('Basic ')
      ? Buffer.from(headers.authorization.slice(6), 'base64').toString('utf8').split(':').map(decodeURIComponent)
      : [body.get('client_id'), body.get('client_secret')]
    return id === CLIENT.clientId && secret === CLIENT.clientSecret
  }

  async function session(person: string, asked: URLSearchParams): Promise<IssuedTokens> {
    const scope = asked.get('scope') ?? ''
    const access_token = `canary-access-${randomUUID()}`
    accessTokens.set(access_token, { person, scope })
    const issued = { access_token, token_type: 'bearer', scope, ...(await options.extra?.(person, asked)) }
    if (options.expiresIn === undefined) return issued
    const refresh_token = `canary-refresh-${randomUUID()}`
    refreshTokens.set(refresh_token, { person, scope })
    return { ...issued, refresh_token, expires_in: options.expiresIn }
  }

  async function exchangeCode(body: URLSearchParams): Promise<FakeAnswer> {
    const code = body.get('code') ?? ''
    const pending = codes.get(code)
    codes.delete(code)
    if (pending === undefined) return refuse('bad_verification_code')
    const { person, asked } = pending
    const proof = createHash('sha256')
      .update(body.get('code_verifier') ?? '')
      .digest('base64url')
    if (asked.has('code_challenge') && asked.get('code_challenge') !== proof) return refuse('invalid_grant')
    if (asked.get('redirect_uri') !== body.get('redirect_uri')) return refuse('invalid_grant')
    return { json: await session(person, asked) }
  }

  async function refresh(body: URLSearchParams): Promise<FakeAnswer> {
    const old = body.get('refresh_token') ?? ''
    const found = refreshTokens.get(old)
    if (found === undefined) return refuse('invalid_grant')
    const { refresh_token, ...issued } = await session(found.person, new URLSearchParams({ scope: found.scope }))
    if (options.rotates !== true) return { json: issued }
    refreshTokens.delete(old)
    return { json: { ...issued, refresh_token } }
  }

  const oauth: Oauth = {
    person: undefined,
    authorize({ url }) {
      const asked = url.searchParams
      const redirectUri = asked.get('redirect_uri')
      if (asked.get('client_id') !== CLIENT.clientId || redirectUri === null)
        return { status: 400, text: 'no such client' }
      const back = new URL(redirectUri)
      back.searchParams.set('state', asked.get('state') ?? '')
      if (oauth.person === undefined) back.searchParams.set('error', 'access_denied')
      else {
        const code = `canary-code-${randomUUID()}`
        codes.set(code, { person: oauth.person, asked })
        back.searchParams.set('code', code)
      }
      return { status: 302, headers: { location: back.href }, text: '' }
    },
    async token(request) {
      const { body } = request
      if (!isClient(request)) return { status: options.refusal === 200 ? 200 : 401, json: { error: 'invalid_client' } }
      if (body.get('grant_type') === 'refresh_token') return refresh(body)
      return exchangeCode(body)
    },
    issue: (person, asked = new URLSearchParams()) => session(person, asked),
    bearer({ headers }) {
      const [, token] = /^(?:bearer|token) (.+)$/i.exec(headers.authorization ?? '') ?? []
      return accessTokens.get(token ?? '')
    },
    revoke(person) {
      for (const tokens of [accessTokens, refreshTokens])
        for (const [token, owner] of tokens) if (owner.person === person) tokens.delete(token)
    },
  }
  return oauth
}
