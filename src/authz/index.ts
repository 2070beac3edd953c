// The door of the room: the ordered list of everyone who knows rules, asked one after the other.
import { readSections } from '../lib/section.ts'
import type { Plan, Reading, SectionKinds } from '../lib/section.ts'
import type { AuthorizationRequest, Authorizer } from './authorizer.ts'
import type { AuthzTools } from './module.ts'

export type { AuthzTools } from './module.ts'
export type { Authorization, AuthorizationRequest, Authorizer } from './authorizer.ts'
export { AclConfig, AclEntryConfig } from './acl/config.ts'
export { compileAcl, createAclAuthorizer } from './acl/acl.ts'
export type { Acl, AclRemark, CompiledAcl, SourcedEntry } from './acl/acl.ts'

// docker_auth's fixed order; the access list is asked before them. What is not configured is not loaded.
const KINDS: SectionKinds<AuthzTools, Authorizer> = {
  plugin_authz: async () => (await import('./module.ts')).pluginAuthz,
}

/** Every section of this room but the access list's, by its name in the configuration file. */
export const authzSections: readonly string[] = Object.keys(KINDS)

/** Reads the sections that are there, in the order in which they are asked; `readingOf` answers for each of them. */
export function readAuthz(
  sections: Readonly<Record<string, unknown>>,
  readingOf: (section: string) => Reading,
): Promise<Plan<AuthzTools, Authorizer>[]> {
  return readSections(KINDS, sections, readingOf)
}

/** What is granted; `actions: []` is a denial. `rule` is the one that decided, for the log; absent when none did. */
export interface Decision {
  readonly actions: readonly string[]
  readonly rule?: string
}

/** Decides on one resource. A rejected promise is an outage. */
export type Authorize = (request: AuthorizationRequest, signal?: AbortSignal) => Promise<Decision>

/**
 * Asks in order: `no-match` passes on, the first opinion decides, no opinion is a denial. No answer grants more than was asked,
 * whatever a back end says.
 */
export function createAuthorizer(backends: readonly Authorizer[]): Authorize {
  return async (request, signal) => {
    for (const backend of backends) {
      const answer = await backend.authorize(request, signal)
      if (answer.outcome === 'no-match') continue
      const actions = request.resource.actions.filter((action) => answer.actions.includes(action))
      return answer.rule === undefined ? { actions } : { actions, rule: answer.rule }
    }
    return { actions: [] }
  }
}
