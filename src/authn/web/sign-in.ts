// What the browser's door sees of this room: sign-ins go in, docker passwords come out.
import type { Secret } from '../../lib/secret.ts'
import type { Authenticator } from '../authenticator.ts'
import type { ProviderName, UpstreamTokens } from './provider.ts'

/** A docker password, shown once. `expiresAt` is in ms since the epoch. */
export interface NewPassword {
  readonly account: string
  readonly password: Secret
  readonly expiresAt: number
}

/** What a signed-in person may know about the stored password. Times are in ms since the epoch. */
export interface StoredPassword {
  readonly expiresAt: number
  /** When the provider is asked again whether the account is still welcome. */
  readonly validUntil: number
}

/** The passwords of everybody who signed in with a browser; as an Authenticator it checks them, all providers as one group. */
export interface WebSignIn extends Authenticator {
  /** Asks the provider who these tokens belong to and, only after every check has passed, stores a new password for them. */
  signedIn(
    provider: ProviderName,
    tokens: UpstreamTokens,
    signal?: AbortSignal,
  ): Promise<
    | { readonly outcome: 'stored'; readonly issued: NewPassword }
    | { readonly outcome: 'refused'; readonly reason: string }
  >
  stored(provider: ProviderName, account: string): Promise<StoredPassword | undefined>
  /** A new password in place of the old one; undefined when there is no record any more. */
  replace(provider: ProviderName, account: string): Promise<NewPassword | undefined>
  revoke(provider: ProviderName, account: string): Promise<void>
  /** 32 bytes that seal the cookies of the sign-in; the same on every replica that shares the secret key. */
  readonly cookieKey: Uint8Array
}
