// One rule of an access list, compiled: does it match a request, and what does it grant?
import { compileIpPattern } from '../../lib/ip.ts'
import { compileRegex } from '../../lib/regex.ts'
import type { Regex } from '../../lib/regex.ts'
import { costOf, holds } from './condition.ts'
import type { Condition } from './condition.ts'
import type { AclEntryConfig } from './config.ts'
import type { Captures } from './fillings.ts'
import type { CompiledPattern, Pattern } from './pattern.ts'
import { FIELDS, parseTemplate, regexSource } from './template.ts'
import type { Field } from './template.ts'
import { compileTime } from './time.ts'
import type { Walk } from './walk.ts'

/** A compiled rule; its conditions are in the order in which they are checked, the cheap ones first. */
export interface Rule {
  /** Its place in the list, from 0. */
  readonly number: number
  /** Its id, or its position. */
  readonly name: string
  /** `file:line` */
  readonly position: string
  readonly conditions: readonly Condition[]
  readonly actions: readonly string[]
}

/** Something to say about a rule; `path` leads from the rule to the key it is about. */
export interface Remark {
  readonly path: readonly (string | number)[]
  readonly message: string
}

/** A rule with any `problems` must not be used; `warnings` are for the admin to read. */
export interface CompiledRule {
  readonly rule: Rule
  readonly problems: readonly Remark[]
  readonly warnings: readonly Remark[]
}

/** Compiles one rule of a valid configuration; `number` is its place in the list. */
export function compileRule(
  { entry: { id, match, actions }, position }: { readonly entry: AclEntryConfig; readonly position: string },
  number: number,
  compilePattern: (source: string) => CompiledPattern,
): CompiledRule {
  const problems: Remark[] = []
  const warnings: Remark[] = []
  const conditions: Condition[] = []
  const captures = compileCaptures(match)

  function compile(text: string, path: Remark['path']): Pattern {
    const { pattern, invalid, malformed } = compilePattern(text)
    if (invalid !== undefined) problems.push({ path, message: invalid })
    if (malformed === true) warnings.push({ path, message: 'is a malformed pattern: this rule never matches' })
    const unknown = text.includes('${') ? /\$\{[^}]*\}/.exec(parseTemplate(text).texts.join(' ')) : null
    if (unknown !== null) warnings.push({ path, message: `${unknown[0]} is no placeholder and stands for itself` })
    return pattern
  }

  for (const field of FIELDS) {
    const written = match[field]
    if (written === undefined) continue
    const path = ['match', field]
    conditions.push({ on: field, written, pattern: compile(written, path), captures })
    if (field === 'account' && isUnanchored(written)) warnings.push({ path, message: UNANCHORED })
  }
  for (const on of ['labels', 'requires_labels'] as const) {
    for (const [label, value] of Object.entries(match[on] ?? {})) {
      for (const { written, path } of listed(value, ['match', on, label])) {
        conditions.push({ on, label, written, pattern: compile(written, path), captures })
      }
    }
  }
  if (match.ip !== undefined) {
    const networks = listed(match.ip, ['match', 'ip']).flatMap(({ written, path }) => {
      const network = compileIpPattern(written)
      if (network === undefined) problems.push({ path, message: NO_IP })
      return network ?? []
    })
    conditions.push({ on: 'ip', written: match.ip, networks })
  }
  if (match.time !== undefined) conditions.push({ on: 'time', written: match.time, holds: compileTime(match.time) })

  // What the cheap ones turn away costs the others nothing.
  conditions.sort((one, other) => costOf(one) - costOf(other))
  return { rule: { number, name: id ?? position, position, conditions, actions }, problems, warnings }
}

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

/** Whether every condition holds; false with a budget below zero means that it could not be told. */
export function matchesRule({ conditions }: Rule, walk: Walk): boolean {
  // A loop, because `every` with a closure takes twice as long and this runs for every rule of every request.
  for (const condition of conditions) if (!holds(condition, walk)) return false
  return true
}

/** Which of the actions asked for the rule allows. */
export function grantedBy({ actions }: Rule, asked: readonly string[]): readonly string[] {
  if (actions.length === 1 && actions[0] === '*') return asked
  return asked.filter((action) => actions.includes(action))
}

/** The names of the labels that a rule compares. */
export function labelsOf({ conditions }: Rule): string[] {
  return conditions.flatMap((condition) => {
    if (condition.on === 'labels' || condition.on === 'requires_labels') return condition.label
    if (!('pattern' in condition) || condition.pattern.kind !== 'open') return []
    return condition.pattern.template.placeholders.flatMap((one) => (one.kind === 'label' ? one.label : []))
  })
}
