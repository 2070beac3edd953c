// The door of the room: the ordered list of everyone who knows accounts, and how their sections are read.
import type { Reading, SectionKind, Plan } from '../lib/section.ts'
import type { Authenticator } from './authenticator.ts'
import type { AuthnTools } from './tools.ts'
import type { WebSignIn } from './web/sign-in.ts'
import { users } from './users.ts'

export type { Authentication, Authenticator } from './authenticator.ts'
export { createChain } from './chain.ts'
export type { ChainOptions } from './chain.ts'
export { CredentialCacheConfig, DEFAULT_CACHE } from './credential-cache.ts'
export { createPasswords, isBcryptHash } from './passwords.ts'
export type { Passwords } from './passwords.ts'
export type { AuthnTools } from './tools.ts'
export type { NewPassword, StoredPassword, WebSignIn } from './web/sign-in.ts'
export type { ProviderName, UpstreamTokens } from './web/provider.ts'

/** A back end as configured. */
export type AuthenticatorPlan = Plan<AuthnTools, Authenticator>

// docker_auth's fixed order; the web providers stand between these two lists.
const BEFORE_WEB: readonly SectionKind<AuthnTools, Authenticator>[] = [users]
const AFTER_WEB: readonly SectionKind<AuthnTools, Authenticator>[] = []

/** Every section of this room, by its name in the configuration file. */
export const authnSections: readonly string[] = [...BEFORE_WEB, ...AFTER_WEB].map(({ section }) => section)

/** The back ends of a configuration, in the order in which they are asked. */
export interface AuthnConfig {
  readonly plans: readonly AuthenticatorPlan[]
  /** The one of them that browsers sign in to. */
  readonly web: Plan<AuthnTools, WebSignIn> | undefined
}

/** Reads the sections that are there; `reading` answers for each of them. */
export async function readAuthn(
  sections: Readonly<Record<string, unknown>>,
  readingOf: (section: string) => Reading,
): Promise<AuthnConfig> {
  const plans: AuthenticatorPlan[] = []
  for (const kind of [...BEFORE_WEB, ...AFTER_WEB]) {
    const value = sections[kind.section]
    if (value === undefined) continue
    const plan = await kind.read(value, readingOf(kind.section))
    if (plan !== undefined) plans.push(plan)
  }
  return { plans, web: undefined }
}
