// Accepted identities, remembered for a while where the admin asked for it.
import type { Identity } from '../protocol/identity.ts'
import type { Authenticator } from './authenticator.ts'
import type { CredentialCacheConfig } from './credential-cache.ts'
import { createMemory } from './tools.ts'
import type { AuthnTools } from './tools.ts'

/** Asks `ask` unless it accepted these very credentials within `cache`; without a `cache` it is asked every time. */
export function remembered(
  name: string,
  ask: Authenticator['authenticate'],
  cache: CredentialCacheConfig | undefined,
  tools: AuthnTools,
): Authenticator['authenticate'] {
  if (cache === undefined) return ask
  const memory = createMemory<Identity>(tools, cache)
  return async (credentials, signal) => {
    const parts = [name, credentials.account, credentials.password.reveal()]
    const identity = memory.get(parts)
    if (identity !== undefined) return { outcome: 'accepted', identity }
    const answer = await ask(credentials, signal)
    if (answer.outcome === 'accepted') memory.set(parts, answer.identity)
    return answer
  }
}
