// The one interface of this room, who are you?, and its answers.
// authn/ knows neither HTTP requests nor what anybody may do.
import type { Credentials, Identity } from '../protocol/identity.ts'

/** A denial is a value; a rejected promise is an outage. */
export type Authentication =
  | { readonly outcome: 'accepted'; readonly identity: Identity }
  | { readonly outcome: 'rejected'; readonly reason: 'wrong-password' | 'refused' }
  | { readonly outcome: 'no-match' }

/** One back end that knows accounts. */
export interface Authenticator {
  readonly name: string
  /** Says who presented these credentials, or `no-match` when it does not know the account. Throws BackendError on an outage. */
  authenticate(credentials: Credentials, signal?: AbortSignal): Promise<Authentication>
  /** Resolves when the back end answers. */
  check?(signal: AbortSignal): Promise<void>
  close?(): Promise<void>
}
