// Refresh tokens that are good for one use: what one was exchanged for is remembered until somebody kept it.
import { LRUCache } from 'lru-cache'
import type { Secret } from '../../lib/secret.ts'
import type { UpstreamTokens } from './provider.ts'

/** Exchanges a refresh token for fresh tokens; undefined when it was revoked. Throws BackendError on an outage. */
export type Refresh = (refreshToken: Secret) => Promise<UpstreamTokens | undefined>

/** What is taken off a token's life, so that it does not end on its way. In ms. */
const EXPIRY_MARGIN = 30_000

const MAX_REMEMBERED = 1000

/**
 * The same exchange, but a token that was exchanged before leads to what it was exchanged for. The provider may fail right after
 * it gave out new tokens, or the store may; the old token is then presented again, and a second exchange of it would be
 * refused and often end the whole session (RFC 9700, section 4.14.2).
 */
export function rememberExchanges(refresh: Refresh, now: () => number): Refresh {
  const exchanged = new LRUCache<string, UpstreamTokens & { readonly refreshToken: Secret }>({ max: MAX_REMEMBERED })
  return async function exchange(refreshToken) {
    const key = refreshToken.reveal()
    const known = exchanged.get(key)
    if (known !== undefined) {
      if ((known.expiresAt ?? 0) - EXPIRY_MARGIN > now()) return known
      exchanged.delete(key)
      return exchange(known.refreshToken)
    }
    const fresh = await refresh(refreshToken)
    if (fresh === undefined) return undefined
    const tokens = { ...fresh, refreshToken: fresh.refreshToken ?? refreshToken }
    if (tokens.refreshToken.reveal() !== key) exchanged.set(key, tokens)
    return tokens
  }
}

const HOUR_MS = 3_600_000

/** When these tokens are to be refreshed, in ms since the epoch: shortly before their end, or in an hour where they name none. */
export function expiryOf(tokens: UpstreamTokens, now: () => number): number {
  return (tokens.expiresAt ?? now() + HOUR_MS) - EXPIRY_MARGIN
}
