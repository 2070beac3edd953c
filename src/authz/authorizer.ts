// The one interface of this room: what may you do?
// authz/ knows neither HTTP nor how anybody proved who they are.
import type { Identity } from '../protocol/identity.ts'
import type { ResourceActions } from '../protocol/scope.ts'
import type { Trace } from './acl/trace.ts'

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
