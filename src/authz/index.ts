// The door of the room: the ordered list of everyone who knows rules, asked one after the other.
import type { Plan, Reading, SectionKind } from '../lib/section.ts'
import type { AuthorizationRequest, Authorizer } from './authorizer.ts'
import { pluginAuthz } from './module.ts'
import type { AuthzTools } from './module.ts'

export type { AuthzTools } from './module.ts'
export type { Authorization, AuthorizationRequest, Authorizer } from './authorizer.ts'
export { AclConfig, AclEntryConfig } from './acl/config.ts'
export { compileAcl, createAclAuthorizer } from './acl/acl.ts'
export type { Acl, AclRemark, CompiledAcl, SourcedEntry } from './acl/acl.ts'

// docker_auth's fixed order; the access list is asked before them.
const KINDS: readonly SectionKind<AuthzTools, Authorizer>[] = [pluginAuthz]

/** Every section of this room but the access list's, by its name in the configuration file. */
export const authzSections: readonly string[] = KINDS.map(({ section }) => section)

/** Reads the sections that are there, in the order in which they are asked; `readingOf` answers for each of them. */
export async function readAuthz(
  sections: Readonly<Record<string, unknown>>,
  readingOf: (section: string) => Reading,
): Promise<Plan<AuthzTools, Authorizer>[]> {
  const plans: Plan<AuthzTools, Authorizer>[] = []
  for (const { section, read } of KINDS) {
    const plan = sections[section] === undefined ? undefined : await read(sections[section], readingOf(section))
    if (plan !== undefined) plans.push(plan)
  }
  return plans
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
