// The door of the room: the ordered list of everyone who knows accounts, and how their sections are read.
import type { Plan, Reading, SectionKind } from '../lib/section.ts'
import type { Authenticator } from './authenticator.ts'
import { extAuth } from './ext-auth.ts'
import { ldapAuth } from './ldap/authenticator.ts'
import { pluginAuthn } from './module.ts'
import { mongo } from './mongo.ts'
import type { AuthnTools } from './tools.ts'
import { users } from './users.ts'
import { readWeb, webSectionNames } from './web/web.ts'
import type { WebPlan } from './web/web.ts'

export type { Authentication, Authenticator } from './authenticator.ts'
export { createChain } from './chain.ts'
export type { ChainOptions } from './chain.ts'
export { CredentialCacheConfig, DEFAULT_CACHE } from './credential-cache.ts'
export { createPasswords, isBcryptHash } from './passwords.ts'
export type { Passwords } from './passwords.ts'
export type { AuthnTools } from './tools.ts'
export { createOpenId } from './web/openid.ts'
export type { OpenId } from './web/openid.ts'
export type { OidcSettings } from './web/oidc.ts'
export { migrateStores } from './web/migration.ts'
export type { WebStores } from './web/migration.ts'
export type { ProviderName, UpstreamTokens } from './web/provider.ts'
export type { ProviderSettings } from './web/settings.ts'
export type { NewPassword, StoredPassword, WebSignIn } from './web/sign-in.ts'
export type { WebPlan } from './web/web.ts'

// docker_auth's fixed order; the web providers are asked between these two lists.
const BEFORE_WEB: readonly SectionKind<AuthnTools, Authenticator>[] = [users, extAuth]
const AFTER_WEB: readonly SectionKind<AuthnTools, Authenticator>[] = [ldapAuth, mongo, pluginAuthn]

/** Every section of this room, by its name in the configuration file. */
export const authnSections: readonly string[] = [
  ...BEFORE_WEB.map(({ section }) => section),
  ...webSectionNames,
  ...AFTER_WEB.map(({ section }) => section),
]

/** The back ends of a configuration, in the order in which they are asked. */
export interface AuthnConfig {
  readonly plans: readonly Plan<AuthnTools, Authenticator>[]
  /** The one of them that browsers sign in to. */
  readonly web: WebPlan | undefined
}

/** Reads the sections that are there; `readingOf` answers for each of them, `publicUrl` is where people reach this server. */
export async function readAuthn(
  sections: Readonly<Record<string, unknown>>,
  readingOf: (section: string) => Reading,
  publicUrl: string | undefined,
): Promise<AuthnConfig> {
  const readAll = async (kinds: typeof BEFORE_WEB): Promise<Plan<AuthnTools, Authenticator>[]> => {
    const plans: Plan<AuthnTools, Authenticator>[] = []
    for (const { section, read } of kinds) {
      const plan = sections[section] === undefined ? undefined : await read(sections[section], readingOf(section))
      if (plan !== undefined) plans.push(plan)
    }
    return plans
  }
  const before = await readAll(BEFORE_WEB)
  const web = await readWeb(sections, readingOf, publicUrl)
  const after = await readAll(AFTER_WEB)
  return { plans: [...before, ...(web === undefined ? [] : [web]), ...after], web }
}
