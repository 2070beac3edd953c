// The access list: the first rule that matches decides. It knows no files: whoever reads them says where each rule stands.
import { parseIp } from '../../lib/ip.ts'
import type { Authorization, AuthorizationRequest, Authorizer } from '../authorizer.ts'
import type { AclEntryConfig } from './config.ts'
import { compileRule } from './rule.ts'
import type { Remark, Rule } from './rule.ts'
import type { Walk } from './walk.ts'

/** A rule and where it stands (`file:line`), which is its name in answers and logs. */
export interface SourcedEntry {
  readonly entry: AclEntryConfig
  readonly position: string
}

/** A list ready to decide. */
export interface Acl {
  decide(request: AuthorizationRequest): Authorization
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

// Some 30 ms of label combinations. It takes hundreds of labels and a name made for the purpose to spend it.
const BUDGET = 1_000_000

/** Compiles every pattern of a list, so that a request compiles none but those with placeholders. */
export function compileAcl(entries: readonly SourcedEntry[]): CompiledAcl {
  const compiled = entries.map(({ entry, position }, index) => ({ index, position, ...compileRule(entry) }))
  const remarks = (kind: 'problems' | 'warnings'): AclRemark[] =>
    compiled.flatMap((one) => one[kind].map((remark) => ({ index: one.index, ...remark })))
  const problems = remarks('problems')
  return { acl: problems.length === 0 ? createAcl(compiled) : undefined, problems, warnings: remarks('warnings') }
}

function createAcl(rules: readonly { readonly position: string; readonly rule: Rule }[]): Acl {
  return {
    decide(request) {
      const walk: Walk = { request, ip: parseIp(request.ip) ?? '', budget: BUDGET }
      for (const { rule, position } of rules) {
        const matched = rule.matches(walk)
        // Whether this rule matches is not known, and the rules behind it may grant what it denies.
        if (walk.budget < 0) return { outcome: 'decided', actions: [], rule: position }
        if (matched) return { outcome: 'decided', actions: rule.grant(request.resource.actions), rule: position }
      }
      return { outcome: 'no-match' }
    },
  }
}

/** The authorizer of an access list. */
export function createAclAuthorizer(acl: Acl): Authorizer {
  return {
    name: 'acl',
    authorize: (request) => Promise.resolve(acl.decide(request)),
  }
}
