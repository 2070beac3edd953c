// The access list: the first rule that matches decides. It knows no files: whoever reads them says where each rule stands.
import { createTurns } from '../../lib/turns.ts'
import type { Authorization, AuthorizationRequest, Authorizer } from '../authorizer.ts'
import type { AclEntryConfig } from './config.ts'
import { failedConditions, undecidedConditions } from './describe.ts'
import { createPatternCompiler } from './pattern.ts'
import { createRuleIndex } from './rule-index.ts'
import type { RuleIndex } from './rule-index.ts'
import { compileRule, firstMatching, grantedBy, labelsOf, matchesRule } from './rule.ts'
import type { CompiledRule, Remark, Rule } from './rule.ts'
import type { RuleTrace, Trace } from './trace.ts'
import { startWalk } from './walk.ts'
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
  /** Every rule looked at until the decision, with its reasons; then the decision. */
  trace(request: AuthorizationRequest, now: number): Generator<RuleTrace, Authorization, void>
}

/** Builds a list rule by rule, so that a long one need not be compiled in one go. */
export interface AclBuilder {
  /** Compiles the next rule. One with problems is left out: whoever adds it must not use the list. */
  readonly add: (sourced: SourcedEntry) => Pick<CompiledRule, 'problems' | 'warnings'>
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

// So many rules are looked at in turn before the index is asked, and the index is worth asking where it can leave out so many others.
const HEAD = 4
const INDEXED = 60

/** Starts an empty list. */
export function createAclBuilder(): AclBuilder {
  const rules: Rule[] = []
  const index = createRuleIndex()
  const compilers = { 1: createPatternCompiler(1), 2: createPatternCompiler(2) }
  const labels = new Set<string>()
  const sets = new Map<string, readonly string[]>()

  // The same list of actions for all rules that allow the same: a long list has few different ones.
  function shared(actions: readonly string[]): readonly string[] {
    const key = JSON.stringify(actions)
    const known = sets.get(key) ?? actions
    sets.set(key, known)
    return known
  }

  return {
    add(sourced) {
      const { compile } = compilers[sourced.syntax ?? 1]
      const { rule: compiled, problems, warnings } = compileRule(sourced, rules.length, compile)
      const rule = { ...compiled, actions: shared(compiled.actions) }
      if (problems.length === 0) {
        for (const label of labelsOf(rule)) labels.add(label)
        if (rule.number >= HEAD) index.add(rule)
        rules.push(rule)
      }
      return { problems, warnings }
    },
    finish() {
      compilers[1].forget()
      compilers[2].forget()
      return createAcl(rules, index, labels)
    },
  }
}

function createAcl(rules: readonly Rule[], index: RuleIndex, labels: ReadonlySet<string>): Acl {
  const isIndexed = index.size() >= INDEXED
  const head = isIndexed ? rules.slice(0, HEAD) : rules

  // The first rule that matches, or of which it cannot be told: those behind it may grant what it denies.
  function find(walk: Walk): Rule | undefined {
    const early = firstMatching(head, walk)
    if (early !== undefined || !isIndexed) return early
    const found = index.find(walk.request, (number) => {
      const rule = rules[number]
      return rule !== undefined && matchesRule(rule, walk)
    })
    return rules[found]
  }

  function decisionOf(found: Rule | undefined, walk: Walk): Authorization {
    if (found === undefined) return { outcome: 'no-match' }
    const actions = walk.budget < 0 ? [] : grantedBy(found, walk.request.resource.actions)
    return { outcome: 'decided', actions, rule: found.name }
  }

  return {
    size: rules.length,
    labels,
    decide(request, now) {
      const walk = startWalk(request, now)
      return decisionOf(find(walk), walk)
    },
    *trace(request, now) {
      const walk = startWalk(request, now)
      const found = find(walk)
      const decision = decisionOf(found, walk)
      // A budget of its own: what the decision did not look at is looked at here.
      const reasons = startWalk(request, now)
      for (const rule of rules) {
        if (rule === found) break
        const failed = failedConditions(rule, reasons)
        yield { rule: rule.name, position: rule.position, matched: false, failed, actions: [] }
      }
      if (found === undefined || decision.outcome === 'no-match') return decision
      const matched = walk.budget >= 0
      const failed = matched ? [] : undecidedConditions(found)
      yield { rule: found.name, position: found.position, matched, failed, actions: decision.actions }
      return decision
    },
  }
}

/** A decision with its reasons. A long list is looked at in pieces, so that nobody waits for it. */
export async function explainBy(acl: Acl, request: AuthorizationRequest, now: number): Promise<Trace> {
  const takeTurns = createTurns()
  const rules: RuleTrace[] = []
  const tracing = acl.trace(request, now)
  let step = tracing.next()
  for (; step.done !== true; step = tracing.next()) {
    rules.push(step.value)
    await takeTurns()
  }
  return { rules, decision: step.value }
}

/** The authorizer of an access list. */
export function createAclAuthorizer(acl: Acl, now: () => number): Authorizer {
  return {
    name: 'acl',
    authorize: (request) => Promise.resolve(acl.decide(request, now())),
    explain: (request) => explainBy(acl, request, now()),
    labels: () => acl.labels,
  }
}
