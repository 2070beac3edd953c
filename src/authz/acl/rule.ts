// One rule of an access list, compiled: does it match a request, and what does it grant?
import { compileIpPattern } from '../../lib/ip.ts'
import { compileRegex } from '../../lib/regex.ts'
import type { Regex } from '../../lib/regex.ts'
import type { AclEntryConfig } from './config.ts'
import { fixedFillings, matchesOpen } from './fillings.ts'
import type { Captures } from './fillings.ts'
import { compilePattern, fill } from './pattern.ts'
import type { Pattern } from './pattern.ts'
import { FIELDS, parseTemplate, regexSource } from './template.ts'
import type { Field } from './template.ts'
import { valueOf } from './walk.ts'
import type { Walk } from './walk.ts'

/** A compiled rule. `grant` answers which of the actions asked for the rule allows. */
export interface Rule {
  readonly matches: (walk: Walk) => boolean
  readonly grant: (asked: readonly string[]) => readonly string[]
}

/** Something to say about a rule; `path` leads from the rule to the key it is about. */
export interface Remark {
  readonly path: readonly string[]
  readonly message: string
}

/** A rule with any `problems` must not be used; `warnings` are for the admin to read. */
export interface CompiledRule {
  readonly rule: Rule
  readonly problems: readonly Remark[]
  readonly warnings: readonly Remark[]
}

// One condition under `match`; `cost` ranks conditions by how long they take.
interface Check {
  readonly cost: number
  readonly matches: Rule['matches']
}

/** Compiles one rule of a valid configuration. */
export function compileRule({ match, actions }: AclEntryConfig): CompiledRule {
  const problems: Remark[] = []
  const warnings: Remark[] = []
  const checks: Check[] = []
  const captures = compileCaptures(match)

  function compile(text: string, path: readonly string[]): Pattern {
    const { pattern, invalid, malformed } = compilePattern(text)
    if (invalid !== undefined) problems.push({ path, message: invalid })
    if (malformed === true) warnings.push({ path, message: 'is a malformed pattern: this rule never matches' })
    const unknown = /\$\{[^}]*\}/.exec(parseTemplate(text).texts.join(' '))
    if (unknown !== null) warnings.push({ path, message: `${unknown[0]} is no placeholder and stands for itself` })
    return pattern
  }

  for (const field of FIELDS) {
    const text = match[field]
    if (text === undefined) continue
    const path = ['match', field]
    checks.push(checkField(compile(text, path), field, captures))
    if (field === 'account' && isUnanchored(text)) warnings.push({ path, message: UNANCHORED })
  }
  for (const [label, text] of Object.entries(match.labels ?? {})) {
    checks.push(checkLabel(compile(text, ['match', 'labels', label]), label, captures))
  }
  if (match.ip !== undefined) {
    const written = [match.ip].flat()
    const networks = written.flatMap((network) => compileIpPattern(network) ?? [])
    if (networks.length < written.length) problems.push({ path: ['match', 'ip'], message: NO_IP })
    else checks.push({ cost: 2, matches: ({ ip }) => networks.some((contains) => contains(ip)) })
  }

  // The cheap ones first: what they turn away costs the others nothing.
  checks.sort((one, other) => one.cost - other.cost)
  return {
    rule: { matches: matchesAll(checks.map(({ matches }) => matches)), grant: compileActions(actions) },
    problems,
    warnings,
  }
}

const UNANCHORED = 'is not anchored with ^ and $: it also matches accounts that merely contain what it describes'
const NO_IP = 'is neither an IP address nor a network such as 192.0.2.0/24'

// Anchors would change nothing about these.
const ANYTHING = new Set(['.', '.*', '.+'])

function isUnanchored(pattern: string): boolean {
  const source = regexSource(pattern)
  if (source === undefined || ANYTHING.has(source)) return false
  return !/^(?:\(\?\w+\))?(?:\^|\\A).*(?<!\\)(?:\$|\\z)$/s.test(source)
}

// Only a field written as an expression has groups. One that is an expression only once its placeholders are filled has none.
function compileCaptures(match: AclEntryConfig['match']): Captures {
  const patterns = [...FIELDS.flatMap((field) => match[field] ?? []), ...Object.values(match.labels ?? {})]
  const placeholders = patterns.flatMap((pattern) => parseTemplate(pattern).placeholders)
  const captures: { [field in Field]?: Regex } = {}
  for (const field of FIELDS) {
    const source = regexSource(match[field] ?? '')
    const named = placeholders.some((placeholder) => placeholder.kind === 'capture' && placeholder.field === field)
    if (source === undefined || !named) continue
    const compiled = compileRegex(source)
    if (compiled.outcome === 'compiled') captures[field] = compiled.regex
  }
  return captures
}

// A loop, because `every` with a closure takes twice as long and this runs for every rule of every request.
function matchesAll(tests: readonly Rule['matches'][]): Rule['matches'] {
  return (walk) => {
    for (const test of tests) if (!test(walk)) return false
    return true
  }
}

function checkField(pattern: Pattern, field: Field, captures: Captures): Check {
  if (pattern.kind === 'constant') {
    return { cost: pattern.cost, matches: ({ request }) => pattern.matches(valueOf(request, field)) }
  }
  return { cost: pattern.cost, matches: (walk) => matchesOpen(pattern, valueOf(walk.request, field), captures, walk) }
}

// The label placeholders of a label's pattern stay as they are written.
function checkLabel(pattern: Pattern, label: string, captures: Captures): Check {
  return {
    cost: pattern.cost,
    matches: ({ request }) => {
      const { labels } = request.identity
      const values = Object.hasOwn(labels, label) ? labels[label] : undefined
      if (values === undefined) return false
      return values.some(
        pattern.kind === 'constant' ? pattern.matches : fill(pattern, fixedFillings(pattern, request, captures)),
      )
    },
  }
}

function compileActions(actions: readonly string[]): Rule['grant'] {
  if (actions.length === 1 && actions[0] === '*') return (asked) => asked
  return (asked) => asked.filter((action) => actions.includes(action))
}
