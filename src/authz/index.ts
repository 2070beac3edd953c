// The door of the room: the ordered list of everyone who knows rules, asked one after the other.
import { createAclAuthorizer } from './acl/acl.ts'
import type { Acl } from './acl/acl.ts'
import type { AuthorizationRequest, Authorizer } from './authorizer.ts'

export type { Authorization, AuthorizationRequest, Authorizer } from './authorizer.ts'
export { AclConfig, AclEntryConfig } from './acl/config.ts'
export { compileAcl } from './acl/acl.ts'
export type { Acl, AclRemark, CompiledAcl, SourcedEntry } from './acl/acl.ts'

/** The back ends of a configuration. */
export interface AuthzConfig {
  readonly acl?: Acl | undefined
}

/** What is granted; `actions: []` is a denial. `rule` is the one that decided, for the log; absent when none did. */
export interface Decision {
  readonly actions: readonly string[]
  readonly rule?: string
}

/** Decides on one resource. A rejected promise is an outage. */
export type Authorize = (request: AuthorizationRequest, signal?: AbortSignal) => Promise<Decision>

/** Asks every configured back end in docker_auth's fixed order. */
export function createAuthorizer(config: AuthzConfig): Authorize {
  return createChain(config.acl === undefined ? [] : [createAclAuthorizer(config.acl)])
}

/**
 * The chain itself: `no-match` passes on, the first opinion decides, no opinion is a denial. No answer grants more than was asked,
 * whatever a back end says.
 */
export function createChain(backends: readonly Authorizer[]): Authorize {
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
