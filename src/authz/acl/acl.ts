// The access list: the first rule that matches decides. It knows no files: whoever reads them says where each rule stands.
import { parseIp } from '../../lib/ip.ts'
import type { Authorization, AuthorizationRequest, Authorizer } from '../authorizer.ts'
import type { AclEntryConfig } from './config.ts'
import { compileRule } from './rule.ts'
import type { CompiledRule, Remark } from './rule.ts'
import type { Trace } from './trace.ts'
import type { Walk } from './walk.ts'

/** A rule and where it stands (`file:line`), which is its name in answers and logs unless it has an id. */
export interface SourcedEntry {
  readonly entry: AclEntryConfig
  readonly position: string
  /** 2 where the list says `syntax: 2`; 1, docker_auth's, otherwise. */
  readonly syntax?: 1 | 2
}

/** A list ready to decide. `now` is in ms since 1970. */
export interface Acl {
  readonly size: number
  /** The names of the labels that rules compare. */
  readonly labels: ReadonlySet<string>
  decide(request: AuthorizationRequest, now: number): Authorization
  /** The decision and how it came about. */
  explain(request: AuthorizationRequest, now: number): Trace
}

/** Builds a list rule by rule, so that a long one need not be compiled in one go. */
export interface AclBuilder {
  /** Compiles the next rule. One with problems is left out: whoever adds it must not use the list. */
  add(sourced: SourcedEntry): Pick<CompiledRule, 'problems' | 'warnings'>
  /** The list; nothing is added afterwards. */
  finish(): Acl
}

/** A remark about the rule with this index in the list. */
export interface AclRemark extends Remark {
  readonly index: number
}

/** There is an `acl` only where there are no problems. */
export interface CompiledAcl {
  readonly acl: Acl | undefined
  readonly problems: readonly AclRemark[]
  readonly warnings: readonly AclRemark[]
}

/** Compiles a list at once. */
export function compileAcl(entries: readonly SourcedEntry[]): CompiledAcl {
  const builder = createAclBuilder()
  const remarks = entries.map((sourced) => builder.add(sourced))
  const listed = (kind: 'problems' | 'warnings'): AclRemark[] =>
    remarks.flatMap((one, index) => one[kind].map((remark) => ({ index, ...remark })))
  const problems = listed('problems')
  return { acl: problems.length === 0 ? builder.finish() : undefined, problems, warnings: listed('warnings') }
}

// Some 30 ms of label combinations. It takes hundreds of labels and a name made for the purpose to spend it.
const BUDGET = 1_000_000

/** Starts an empty list. */
export function createAclBuilder(): AclBuilder {
  const rules: { readonly name: string; readonly rule: CompiledRule['rule'] }[] = []
  return {
    add({ entry, position }) {
      const { rule, problems, warnings } = compileRule(entry)
      if (problems.length === 0) rules.push({ name: entry.id ?? position, rule })
      return { problems, warnings }
    },
    finish: () => ({
      size: rules.length,
      labels: new Set<string>(),
      decide(request, now) {
        const walk: Walk = { request, ip: parseIp(request.ip) ?? '', now, budget: BUDGET }
        for (const { rule, name } of rules) {
          const matched = rule.matches(walk)
          // Whether this rule matches is not known, and the rules behind it may grant what it denies.
          if (walk.budget < 0) return { outcome: 'decided', actions: [], rule: name }
          if (matched) return { outcome: 'decided', actions: rule.grant(request.resource.actions), rule: name }
        }
        return { outcome: 'no-match' }
      },
      explain: () => ({ rules: [], decision: { outcome: 'no-match' } }),
    }),
  }
}

/** The authorizer of an access list. */
export function createAclAuthorizer(acl: Acl, now: () => number): Authorizer {
  return {
    name: 'acl',
    authorize: (request) => Promise.resolve(acl.decide(request, now())),
    explain: (request) => Promise.resolve(acl.explain(request, now())),
    labels: () => acl.labels,
  }
}
