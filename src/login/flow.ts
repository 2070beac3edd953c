// What this door needs of a provider's sign-in: the way there, and what the way back yields.
import type { UpstreamTokens } from '../authn/index.ts'

/** A provider that does not hand out tokens says why with a code, such as `invalid_grant`; a rejected promise (BackendError) is an outage. */
export type Exchange =
  | { readonly outcome: 'tokens'; readonly tokens: UpstreamTokens }
  | { readonly outcome: 'refused'; readonly code: string }

/** One provider's authorization code flow (RFC 6749, section 4.1) with PKCE (RFC 7636), whose verifier the browser's cookie remembers. */
export interface Flow {
  /**
   * Where the browser goes to sign in; with `anew` the provider asks who it is even if it remembers somebody, where it can be told so.
   * Throws BackendError when the provider has to be asked first and does not answer.
   */
  begin(state: string, anew: boolean): Promise<{ readonly location: string; readonly verifier: string }>
  /** Exchanges the code with which the browser came back. Its state has been checked already. */
  finish(callback: URLSearchParams, verifier: string): Promise<Exchange>
}

/** The code of an OAuth error, fit for a log line; providers may send anything. */
export function printable(code: string): string {
  return /^[\w.-]{1,64}$/.test(code) ? code : 'unknown'
}
