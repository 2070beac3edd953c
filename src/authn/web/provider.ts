// The one interface of web providers: GitHub, Google, GitLab, OpenID Connect. Knows neither pages nor where records are kept.
import type { Secret } from '../../lib/secret.ts'
import type { Labels } from '../../protocol/identity.ts'

/** What a provider handed out at a sign-in. `expiresAt` is in ms since the epoch. */
export interface UpstreamTokens {
  readonly accessToken: Secret
  readonly refreshToken?: Secret | undefined
  readonly idToken?: Secret | undefined
  readonly expiresAt?: number | undefined
}

/** Who these tokens belong to, and the tokens to keep from now on (refreshed ones where the provider rotates them). */
export interface Profile {
  readonly account: string
  readonly labels: Labels
  readonly tokens: UpstreamTokens
  /** When the provider is to be asked again, in ms since the epoch. */
  readonly validUntil: number
}

/** A denial is a value; a rejected promise (BackendError) is an outage. `reason` is one clear sentence without tokens, for the person. */
export type ProfileAnswer =
  | { readonly outcome: 'known'; readonly profile: Profile }
  | { readonly outcome: 'refused'; readonly reason: string }
  | { readonly outcome: 'revoked' }

export const PROVIDER_NAMES = ['google', 'github', 'oidc', 'gitlab'] as const
export type ProviderName = (typeof PROVIDER_NAMES)[number]

/** One provider's API. */
export interface Provider {
  readonly name: ProviderName
  /**
   * Asks who the tokens belong to and checks everything the configuration restricts (organisation, group, domain, verified e-mail).
   * `due` is false right after a sign-in, and true at a revalidation, when tokens may need to be refreshed and an account must be the same.
   */
  profile(tokens: UpstreamTokens, occasion: { readonly due: boolean }, signal?: AbortSignal): Promise<ProfileAnswer>
}
