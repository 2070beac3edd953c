// The Bearer challenge a registry answers with when a token is missing or not enough.
// https://distribution.github.io/distribution/spec/auth/token/#how-to-authenticate
import type { ResourceActions } from './scope.ts'
import { formatScope } from './scope.ts'

/** What a client needs to know to fetch a token that will do. */
export interface Challenge {
  readonly realm: string
  readonly service: string
  readonly scope: readonly ResourceActions[]
  readonly error?: 'invalid_token' | 'insufficient_scope'
}

/** The value of `WWW-Authenticate`, in one header, without spaces between the parameters (some clients split on them). */
export function formatChallenge(challenge: Challenge): string {
  const parts = [`Bearer realm=${quote(challenge.realm)}`, `service=${quote(challenge.service)}`]
  if (challenge.scope.length > 0) parts.push(`scope=${quote(challenge.scope.map(formatScope).join(' '))}`)
  if (challenge.error !== undefined) parts.push(`error=${quote(challenge.error)}`)
  return parts.join(',')
}

function quote(value: string): string {
  return `"${value.replace(/["\\]/g, '\\$&')}"`
}
