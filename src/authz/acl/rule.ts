// One rule of an access list, compiled: does it match a request, and what does it grant?
import { compileIpPattern } from '../../lib/ip.ts'
import { compileRegex } from '../../lib/regex.ts'
import type { Regex } from '../../lib/regex.ts'
import { costOf, holds, isLabelKey } from './condition.ts'
import type { Condition, TextCondition } from './condition.ts'
import type { AclEntryConfig } from './config.ts'
import type { Captures } from './fillings.ts'
import { isPlainPattern } from './pattern.ts'
import type { CompiledPattern } from './pattern.ts'
import { FIELDS, parseTemplate, regexSource } from './template.ts'
import type { Field } from './template.ts'
import { compileTime } from './time.ts'
import type { Walk } from './walk.ts'

/** A compiled rule. */
export interface Rule {
  /** Its place in the list, from 0. */
  readonly number: number
  /** Its id, or its position. */
  readonly name: string
  /** `file:line` */
  readonly position: string
  /** The first condition that is checked, one of the cheapest. */
  readonly first: Condition | undefined
  readonly actions: readonly string[]
}

/** Something to say about a rule; `path` leads from the rule to the key it is about. */
export interface Remark {
  readonly path: readonly (string | number)[]
  readonly message: string
}

/** Something that a rule may say, but that its author surely did not mean. */
export interface Warning extends Remark {
  readonly kind: 'malformed' | 'placeholder' | 'unanchored'
}

/** A rule with any `problems` must not be used; `warnings` are for the admin to read. */
export interface CompiledRule {
  readonly rule: Rule
  readonly problems: readonly Remark[]
  readonly warnings: readonly Warning[]
}

/** Compiles one rule of a valid configuration; `number` is its place in the list. */
export function compileRule(
  { entry: { id, match, actions }, position }: { readonly entry: AclEntryConfig; readonly position: string },
  number: number,
  compilePattern: (source: string) => CompiledPattern,
): CompiledRule {
  const problems: Remark[] = []
  const warnings: Warning[] = []
  const conditions: Condition[] = []
  const captures = compileCaptures(match)

  function add(on: TextCondition['on'], label: string, written: string, path: Remark['path']): void {
    const { pattern, invalid, malformed } = compilePattern(written)
    if (invalid !== undefined) problems.push({ path, message: invalid })
    if (malformed === true) warnings.push({ kind: 'malformed', path, message: MALFORMED })
    const unknown = written.includes('${') ? /\$\{[^}]*\}/.exec(parseTemplate(written).texts.join(' ')) : null
    if (unknown !== null) {
      warnings.push({ kind: 'placeholder', path, message: `${unknown[0]} is no placeholder and stands for itself` })
    }
    const { kind, prefix } = pattern
    const other = isPlainPattern(pattern) ? undefined : pattern
    conditions.push({ on, label, kind, prefix, pattern: other, next: undefined, written, captures })
  }

  for (const field of FIELDS) {
    const written = match[field]
    if (written === undefined) continue
    const path = ['match', field]
    add(field, '', written, path)
    if (field === 'account' && isUnanchored(written)) warnings.push({ kind: 'unanchored', path, message: UNANCHORED })
  }
  for (const on of ['labels', 'requires_labels'] as const) {
    for (const [label, value] of Object.entries(match[on] ?? {})) {
      for (const { written, path } of listed(value, ['match', on, label])) add(on, label, written, path)
    }
  }
  if (match.ip !== undefined) {
    const networks = listed(match.ip, ['match', 'ip']).flatMap(({ written, path }) => {
      const network = compileIpPattern(written)
      if (network === undefined) problems.push({ path, message: NO_IP })
      return network ?? []
    })
    conditions.push({ on: 'ip', kind: 'ip', written: match.ip, networks, next: undefined })
  }
  if (match.time !== undefined) {
    const { time } = match
    conditions.push({ on: 'time', kind: 'time', written: time, holds: compileTime(time), next: undefined })
  }

  // What the cheap ones turn away costs the others nothing.
  conditions.sort((one, other) => costOf(one) - costOf(other))
  for (const [index, condition] of conditions.entries()) condition.next = conditions[index + 1]
  const rule = { number, name: id ?? position, position, first: conditions[0], actions }
  return { rule, problems, warnings }
}

const MALFORMED = 'is a malformed pattern: this rule never matches'
const UNANCHORED = 'is not anchored with ^ and $: it also matches accounts that merely contain what it describes'
const NO_IP = 'is neither an IP address nor a network such as 192.0.2.0/24'

// One value stands at the path itself, those of a list below it.
function listed(
  value: string | readonly string[],
  path: Remark['path'],
): { readonly written: string; readonly path: Remark['path'] }[] {
  if (typeof value === 'string') return [{ written: value, path }]
  return value.map((written, index) => ({ written, path: [...path, index] }))
}

// Anchors would change nothing about these.
const ANYTHING = new Set(['.', '.*', '.+'])

function isUnanchored(pattern: string): boolean {
  const source = regexSource(pattern)
  if (source === undefined || ANYTHING.has(source)) return false
  return !/^(?:\(\?\w+\))?(?:\^|\\A).*(?<!\\)(?:\$|\\z)$/s.test(source)
}

const NO_CAPTURES: Captures = {}

// Only a field written as an expression has groups. One that is an expression only once its placeholders are filled has none.
function compileCaptures(match: AclEntryConfig['match']): Captures {
  const labels = [...Object.values(match.labels ?? {}), ...Object.values(match.requires_labels ?? {})].flat()
  const patterns = [...FIELDS.flatMap((field) => match[field] ?? []), ...labels]
  const open = patterns.filter((pattern) => pattern.includes('${'))
  if (open.length === 0) return NO_CAPTURES
  const placeholders = open.flatMap((pattern) => parseTemplate(pattern).placeholders)
  const captures: { [field in Field]?: Regex } = {}
  for (const field of FIELDS) {
    const source = regexSource(match[field] ?? '')
    const named = placeholders.some((placeholder) => placeholder.kind === 'capture' && placeholder.field === field)
    if (source === undefined || !named) continue
    const compiled = compileRegex(source)
    if (compiled.outcome === 'compiled') captures[field] = compiled.regex
  }
  return Object.keys(captures).length === 0 ? NO_CAPTURES : captures
}

/** Whether every condition holds; true with a budget below zero means that it could not be told. */
export function matchesRule({ first }: Rule, walk: Walk): boolean {
  for (let condition = first; condition !== undefined; condition = condition.next) {
    // Only what has placeholders takes from the budget.
    if (!holds(condition, walk)) return condition.kind === 'open' && walk.budget < 0
  }
  return true
}

/** The first rule that matches, or of which it cannot be told. */
export function firstMatching(rules: readonly Rule[], walk: Walk): Rule | undefined {
  // A loop, because `find` with a closure takes twice as long and this runs for every request.
  for (const rule of rules) if (matchesRule(rule, walk)) return rule
  return undefined
}

/** All conditions, in the order in which they are checked. */
export function conditionsOf({ first }: Rule): Condition[] {
  const conditions: Condition[] = []
  for (let condition = first; condition !== undefined; condition = condition.next) conditions.push(condition)
  return conditions
}

/** Which of the actions asked for the rule allows. */
export function grantedBy({ actions }: Rule, asked: readonly string[]): readonly string[] {
  if (actions.length === 1 && actions[0] === '*') return asked
  return asked.filter((action) => actions.includes(action))
}

/** The names of the labels that a rule compares. */
export function labelsOf(rule: Rule): string[] {
  return conditionsOf(rule).flatMap((condition) => {
    if (!('label' in condition)) return []
    if (isLabelKey(condition.on)) return condition.label
    if (condition.pattern?.kind !== 'open') return []
    return condition.pattern.template.placeholders.flatMap((one) => (one.kind === 'label' ? one.label : []))
  })
}
