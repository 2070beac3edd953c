// Users known to a JavaScript module of the admin's own.
import { z } from 'zod'
import { callPlugin, hasMethod, lifeOf, loadPlugin, pluginShape, readPlugin } from '../lib/plugin.ts'
import type { PluginLife, PluginSettings } from '../lib/plugin.ts'
import { mapOf, strict, texts } from '../lib/schema.ts'
import { defineSection } from '../lib/section.ts'
import type { Labels } from '../protocol/identity.ts'
import type { Authentication, Authenticator } from './authenticator.ts'
import { CredentialCacheConfig } from './credential-cache.ts'
import { remembered } from './remembered.ts'
import type { AuthnTools } from './tools.ts'

/** What a module may answer about an account. */
export type ModuleAuthentication =
  | { readonly outcome: 'accepted'; readonly labels?: Labels | undefined }
  | { readonly outcome: 'rejected'; readonly reason?: 'wrong-password' | 'refused' | undefined }
  | { readonly outcome: 'no-match' }

/**
 * What a module of `plugin_authn` exports as `authenticator`. The account `''` is anonymous. What it throws is an outage and is
 * logged, so it may not hold the password. `signal` aborts when nobody waits for the answer any more.
 */
export interface AuthenticatorModule extends PluginLife {
  authenticate(
    credentials: { readonly account: string; readonly password: string },
    signal: AbortSignal,
  ): ModuleAuthentication | Promise<ModuleAuthentication>
}

/** `plugin_authn`: the file of a module, and how long it may take. */
export const PluginAuthnConfig = strict({
  ...pluginShape,
  credential_cache: CredentialCacheConfig.optional(),
})
export type PluginAuthnConfig = z.infer<typeof PluginAuthnConfig>

/** What `plugin_authn` says, checked. Without a `cache` nothing is remembered. */
export interface PluginAuthnSettings {
  readonly plugin: PluginSettings
  readonly cache: CredentialCacheConfig | undefined
}

export const pluginAuthn = defineSection({
  section: 'plugin_authn',
  schema: PluginAuthnConfig,
  async read(config, reading): Promise<PluginAuthnSettings | undefined> {
    const plugin = await readPlugin(config, reading)
    return plugin && { plugin, cache: config.credential_cache }
  },
  open: createModuleAuthenticator,
})

const Exports = z.object({ authenticator: hasMethod<AuthenticatorModule>('authenticate') })

const WANTED = 'an object "authenticator" with a method "authenticate"'

const Answer: z.ZodType<ModuleAuthentication> = z.discriminatedUnion('outcome', [
  z.object({
    outcome: z.literal('accepted'),
    labels: mapOf(texts, 'must be a map of label names and lists of values').optional(),
  }),
  z.object({ outcome: z.literal('rejected'), reason: z.enum(['wrong-password', 'refused']).optional() }),
  z.object({ outcome: z.literal('no-match') }),
])

/** Loads the module and asks it about every account, the anonymous one included. Throws ConfigError when it cannot be loaded. */
export async function createModuleAuthenticator(
  { plugin, cache }: PluginAuthnSettings,
  tools: AuthnTools,
): Promise<Authenticator> {
  const { authenticator } = await loadPlugin(plugin, Exports, WANTED, tools.randomBytes(8).toString('hex'))

  const ask: Authenticator['authenticate'] = async ({ account, password }, signal) => {
    const credentials = { account, password: password.reveal() }
    return readAnswer(
      account,
      await callPlugin(plugin, Answer, (ending) => authenticator.authenticate(credentials, ending), signal),
    )
  }
  return {
    name: 'plugin_authn',
    authenticate: remembered('plugin_authn', ask, cache, tools),
    ...lifeOf(plugin, authenticator),
  }
}

function readAnswer(account: string, answer: ModuleAuthentication): Authentication {
  if (answer.outcome === 'accepted')
    return { outcome: 'accepted', identity: { account, labels: answer.labels ?? {}, labelsArePatterns: true } }
  if (answer.outcome === 'rejected') return { outcome: 'rejected', reason: answer.reason ?? 'refused' }
  return answer
}
