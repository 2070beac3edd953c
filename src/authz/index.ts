// The door of the room: the ordered list of everyone who knows rules, asked one after the other.
import type { diffLists } from './acl/analysis/diff.ts'
import type { lintList } from './acl/analysis/lint.ts'
import { readSections } from '../lib/section.ts'
import type { Plan, Reading, SectionKinds } from '../lib/section.ts'
import type { Trace } from './acl/trace.ts'
import type { AuthorizationRequest, Authorizer } from './authorizer.ts'
import type { AuthzTools } from './tools.ts'

export type { AuthzTools } from './tools.ts'
export type { Authorization, AuthorizationRequest, Authorizer } from './authorizer.ts'
export {
  AclConfig,
  AclEntryConfig,
  AclFileConfig,
  AclTestConfig,
  AclTestFileConfig,
  AclTestsConfig,
} from './acl/config.ts'
export { compileAcl, createAclAuthorizer, createAclBuilder, explainBy } from './acl/acl.ts'
export type { Acl, AclBuilder, AclRemark, CompiledAcl, SourcedEntry } from './acl/acl.ts'
export type { Diff, Difference, DifferentRequest } from './acl/analysis/diff.ts'
export type { Finding, FindingKind, ShownExample } from './acl/analysis/finding.ts'
export type { Lint } from './acl/analysis/lint.ts'
export { failureOf, requestOf } from './acl/assertions.ts'
export { createShadowed } from './acl/shadow.ts'
export type { Shadowed } from './acl/shadow.ts'
export type { AclList, AclSetting, ListedRule, ListedTest, Place } from './acl/list.ts'
export { personalize } from './acl/show.ts'
export type { Person, PersonalRule } from './acl/show.ts'
export { parseMoment } from './acl/time.ts'
export type { FailedCondition, RuleTrace, Trace } from './acl/trace.ts'

/** Loads what looks for mistakes in a list: only a tool needs it. */
export async function loadLint(): Promise<typeof lintList> {
  return (await import('./acl/analysis/lint.ts')).lintList
}

/** Loads what finds the differences between two lists. */
export async function loadDiff(): Promise<typeof diffLists> {
  return (await import('./acl/analysis/diff.ts')).diffLists
}

// docker_auth's fixed order; the access list is asked before them. What is not configured is not loaded.
const KINDS: SectionKinds<AuthzTools, Authorizer> = {
  acl_mongo: async () => (await import('./acl-mongo.ts')).aclMongo,
  acl_xorm: async () => (await import('./acl-sql.ts')).aclXorm,
  acl_sql: async () => (await import('./acl-sql.ts')).aclSql,
  ext_authz: async () => (await import('./ext-authz.ts')).extAuthz,
  plugin_authz: async () => (await import('./module.ts')).pluginAuthz,
  casbin_authz: async () => (await import('./casbin/authorizer.ts')).casbinAuthz,
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

/** What one back end says to a request, with its reasons where it has any. */
export interface BackendAnswer {
  readonly backend: string
  readonly answer: { readonly outcome: 'decided' | 'no-match'; readonly actions: readonly string[] }
  readonly trace?: Trace | undefined
}

/** Everything that is asked about a request, in order, and what comes of it. */
export interface Explanation {
  readonly backends: readonly BackendAnswer[]
  readonly granted: readonly string[]
  readonly denied: readonly string[]
  /** The back end that decided, and its rule where it names one; absent where nobody did. */
  readonly decidedBy?: { readonly backend: string; readonly rule?: string | undefined } | undefined
}

/** The decision of `createAuthorizer` on the same back ends, with its reasons. Rejects on an outage, as it does. */
export async function explain(
  backends: readonly Authorizer[],
  request: AuthorizationRequest,
  signal?: AbortSignal,
): Promise<Explanation> {
  const asked = request.resource.actions
  const answers: BackendAnswer[] = []
  for (const backend of backends) {
    const trace = await backend.explain?.(request, signal)
    const answer = trace?.decision ?? (await backend.authorize(request, signal))
    const actions = answer.outcome === 'decided' ? asked.filter((action) => answer.actions.includes(action)) : []
    answers.push({ backend: backend.name, answer: { outcome: answer.outcome, actions }, trace })
    if (answer.outcome === 'no-match') continue
    const decidedBy = { backend: backend.name, rule: answer.rule }
    return { backends: answers, granted: actions, denied: asked.filter((one) => !actions.includes(one)), decidedBy }
  }
  return { backends: answers, granted: [], denied: asked }
}
