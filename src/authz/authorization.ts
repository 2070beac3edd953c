// A question of this room and its answer.
import type { Identity } from '../protocol/identity.ts'
import type { ResourceActions } from '../protocol/scope.ts'

/** One resource asked for by one identity. `ip` is the client's address in text, `''` where there is none. */
export interface AuthorizationRequest {
  readonly identity: Identity
  readonly resource: ResourceActions
  readonly service: string
  readonly ip: string
}

/** `actions: []` is a denial. `rule` is the deciding rule's id or file:line, for the log. A rejected promise is an outage. */
export type Authorization =
  | { readonly outcome: 'decided'; readonly actions: readonly string[]; readonly rule?: string }
  | { readonly outcome: 'no-match' }
