// OpenID Connect's flow, by openid-client: PKCE, and a nonce that the ID token must hold.
import { createHash } from 'node:crypto'
import type { OidcSettings, OpenId } from '../authn/index.ts'
import { BackendError } from '../lib/errors.ts'
import { printable } from './flow.ts'
import type { Exchange, Flow } from './flow.ts'

export interface OpenidParts {
  readonly label: string
  readonly openId: OpenId
  readonly randomBytes: (size: number) => Buffer
}

/** Creates the flow of an OpenID provider. The ID token's signature is checked by whoever asks whom the tokens belong to. */
export function createOpenidFlow(settings: OidcSettings, parts: OpenidParts): Flow {
  return {
    async begin(state, anew) {
      const { buildAuthorizationUrl, calculatePKCECodeChallenge } = await import('openid-client')
      const verifier = parts.randomBytes(32).toString('base64url')
      const location = buildAuthorizationUrl(await parts.openId.configuration(), {
        redirect_uri: settings.redirectUri,
        scope: settings.scopes.join(' '),
        ...(anew ? { prompt: 'login' } : {}),
        state,
        nonce: nonceOf(verifier),
        code_challenge: await calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
      })
      return { location: location.href, verifier }
    },
    async finish(callback, verifier) {
      const { authorizationCodeGrant } = await import('openid-client')
      const answered = new URL(settings.redirectUri)
      answered.search = callback.toString()
      const checks = {
        pkceCodeVerifier: verifier,
        expectedNonce: nonceOf(verifier),
        expectedState: callback.get('state') ?? '',
        idTokenExpected: true,
      }
      try {
        const granted = await authorizationCodeGrant(await parts.openId.configuration(), answered, checks)
        return { outcome: 'tokens', tokens: parts.openId.tokensOf(granted) }
      } catch (error) {
        return refusal(parts.label, error)
      }
    },
  }
}

/** A digest of what only the browser's cookie holds. https://openid.net/specs/openid-connect-core-1_0.html#NonceNotes */
function nonceOf(verifier: string): string {
  return createHash('sha256').update(`nonce ${verifier}`).digest('base64url')
}

// Neither the provider's words nor the client's errors go on from here: they may hold tokens and claims.
function refusal(label: string, error: unknown): Exchange {
  if (error instanceof BackendError) throw error
  if (!(error instanceof Error)) throw new BackendError(`${label} failed`)
  if (error.cause instanceof BackendError) throw error.cause
  if ('error' in error && typeof error.error === 'string') return { outcome: 'refused', code: printable(error.error) }
  const code = 'code' in error && typeof error.code === 'string' ? printable(error.code) : error.name
  throw new BackendError(`${label} answered the token request with something that cannot be used (${code})`)
}
