// The door of the room: the ordered list of everyone who knows accounts, and how their sections are read.
import { readSections } from '../lib/section.ts'
import type { Plan, Reading, SectionKinds } from '../lib/section.ts'
import type { Authenticator } from './authenticator.ts'
import type { AuthnTools } from './tools.ts'
import { users } from './users.ts'
import { PROVIDER_NAMES } from './web/provider.ts'
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

type Kinds = SectionKinds<AuthnTools, Authenticator>

// docker_auth's fixed order; the web providers are asked between these two. What is not configured is not loaded.
const BEFORE_WEB: Kinds = {
  users: () => Promise.resolve(users),
  ext_auth: async () => (await import('./ext-auth.ts')).extAuth,
}
const AFTER_WEB: Kinds = {
  ldap_auth: async () => (await import('./ldap/authenticator.ts')).ldapAuth,
  mongo_auth: async () => (await import('./mongo.ts')).mongo,
  xorm_auth: async () => (await import('./xorm.ts')).xorm,
  plugin_authn: async () => (await import('./module.ts')).pluginAuthn,
}
const WEB_SECTIONS = PROVIDER_NAMES.map((name) => `${name}_auth`)

/** Every section of this room, by its name in the configuration file. */
export const authnSections: readonly string[] = [...Object.keys(BEFORE_WEB), ...WEB_SECTIONS, ...Object.keys(AFTER_WEB)]

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
  const before = await readSections(BEFORE_WEB, sections, readingOf)
  const web = await readWebSections(sections, readingOf, publicUrl)
  const after = await readSections(AFTER_WEB, sections, readingOf)
  return { plans: [...before, ...(web === undefined ? [] : [web]), ...after], web }
}

async function readWebSections(...[sections, ...rest]: Parameters<typeof readAuthn>): Promise<WebPlan | undefined> {
  if (!WEB_SECTIONS.some((section) => sections[section] !== undefined)) return undefined
  const { readWeb } = await import('./web/web.ts')
  return readWeb(sections, ...rest)
}
