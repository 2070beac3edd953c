// Rules that live in a JavaScript module of the admin's own.
import { z } from 'zod'
import { callPlugin, hasMethod, lifeOf, loadPlugin, pluginShape, readPlugin } from '../lib/plugin.ts'
import type { PluginLife, PluginSettings } from '../lib/plugin.ts'
import { strict } from '../lib/schema.ts'
import { defineSection } from '../lib/section.ts'
import type { Authorization, AuthorizationRequest, Authorizer } from './authorizer.ts'
import type { AuthzTools } from './tools.ts'

/**
 * What a module of `plugin_authz` exports as `authorizer`. What it grants beyond what was asked is ignored; to grant everything it
 * answers the actions of the request. What it throws is an outage. `signal` aborts when nobody waits for the answer any more.
 */
export interface AuthorizerModule extends PluginLife {
  authorize(request: AuthorizationRequest, signal: AbortSignal): Authorization | Promise<Authorization>
}

/** `plugin_authz`: the file of a module, and how long it may take. */
export const PluginAuthzConfig = strict(pluginShape)
export type PluginAuthzConfig = z.infer<typeof PluginAuthzConfig>

export const pluginAuthz = defineSection({
  section: 'plugin_authz',
  schema: PluginAuthzConfig,
  read: readPlugin,
  open: createModuleAuthorizer,
})

const Exports = z.object({ authorizer: hasMethod<AuthorizerModule>('authorize') })
const WANTED = 'an object "authorizer" with a method "authorize"'

const Answer = z.discriminatedUnion('outcome', [
  z.object({ outcome: z.literal('decided'), actions: z.array(z.string()), rule: z.string().optional() }),
  z.object({ outcome: z.literal('no-match') }),
])

/** Loads the module and asks it about every resource. Throws ConfigError when it cannot be loaded. */
export async function createModuleAuthorizer(plugin: PluginSettings, tools: AuthzTools): Promise<Authorizer> {
  const { authorizer } = await loadPlugin(plugin, Exports, WANTED, tools.randomBytes(8).toString('hex'))
  return {
    name: 'plugin_authz',
    async authorize(request, signal) {
      // A copy: what was asked for is what the answer is cut down to, so a module must not be able to change it.
      const copy = structuredClone(request)
      const answer = await callPlugin(plugin, Answer, (ending) => authorizer.authorize(copy, ending), signal)
      if (answer.outcome === 'no-match') return answer
      const { rule, ...decided } = answer
      return rule === undefined ? decided : { ...decided, rule }
    },
    ...lifeOf(plugin, authorizer),
  }
}
