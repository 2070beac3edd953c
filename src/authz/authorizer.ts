// The one interface of this room: what may you do?
// authz/ knows neither HTTP nor how anybody proved who they are.
import type { Trace } from './acl/trace.ts'
import type { Authorization, AuthorizationRequest } from './authorization.ts'

export type { Authorization, AuthorizationRequest } from './authorization.ts'

/** One back end that knows rules. */
export interface Authorizer {
  readonly name: string
  authorize(request: AuthorizationRequest, signal?: AbortSignal): Promise<Authorization>
  /** The same answer with its reasons; absent where the rules are somebody else's. */
  explain?(request: AuthorizationRequest, signal?: AbortSignal): Promise<Trace>
  /** The names of the labels that its rules compare. */
  labels?(): ReadonlySet<string>
  check?(signal: AbortSignal): Promise<void>
  close?(): Promise<void>
}
