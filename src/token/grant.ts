// The words of this room: what a token says, and the two parts that write and read it.
// token/ knows keys and claims; it knows no user, no rule and no HTTP.
import type { ResourceActions } from '../protocol/scope.ts'

/** Everything a token carries across: who, and what they may do. */
export interface Grant {
  readonly account: string
  readonly access: readonly ResourceActions[]
}

/** A signed token. Times are whole seconds. */
export interface IssuedToken {
  readonly token: string
  readonly expiresIn: number
  /** Seconds since the epoch. */
  readonly issuedAt: number
}

/** Signs grants for one issuer. */
export interface Signer {
  /** Signs a token for `service` (its audience). Rejects only when signing itself fails. */
  sign(grant: Grant, service: string): Promise<IssuedToken>
}

/** `check` says which check failed and both values, for the log; it holds no part of the token's signature. */
export type Verification =
  | { readonly outcome: 'valid'; readonly grant: Grant }
  | { readonly outcome: 'invalid'; readonly check: string; readonly malformed: boolean }

/** Verifies tokens as Distribution does. `malformed` marks the failures for which its challenge carries no `error`. */
export interface Verifier {
  verify(token: string): Promise<Verification>
}
