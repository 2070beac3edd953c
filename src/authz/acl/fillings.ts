// What the placeholders of a pattern stand for on one request, and whether the pattern then matches.
import { choiceOf } from '../../lib/glob.ts'
import type { GlobWithGaps } from '../../lib/glob.ts'
import type { Regex } from '../../lib/regex.ts'
import type { AuthorizationRequest } from '../authorizer.ts'
import { candidatesFor } from './label-values.ts'
import { fill, isPlain, occurs } from './pattern.ts'
import type { Filling, OpenPattern } from './pattern.ts'
import type { Field, Placeholder } from './template.ts'
import { valueOf } from './walk.ts'
import type { Candidates, Walk } from './walk.ts'

/** The expressions of one rule that `${field:N}` takes its groups from. */
export type Captures = Readonly<Partial<Record<Field, Regex>>>

// What a combination costs, in units of about 30 ns; a long subject adds to it. An expression has to be compiled.
const COST = { glob: 15, regex: 2_000 } as const

/** The fillings that do not depend on labels. A label placeholder stays as it is written, and so does a group that does not exist. */
export function fixedFillings(pattern: OpenPattern, request: AuthorizationRequest, captures: Captures): Filling[] {
  return pattern.template.placeholders.map((placeholder) => {
    const text = resolve(placeholder, request, captures)
    return text === undefined ? { text: placeholder.source, as: 'unresolved' } : { text, as: 'text' }
  })
}

function resolve(placeholder: Placeholder, request: AuthorizationRequest, captures: Captures): string | undefined {
  if (placeholder.kind === 'label') return undefined
  const value = valueOf(request, placeholder.field)
  if (placeholder.kind === 'field') return value
  return captures[placeholder.field]?.groups(value)?.[placeholder.group]
}

/**
 * Whether the pattern matches as it is written or with any combination of the values of the labels it names. A label has the same value
 * everywhere in the pattern; one that the identity does not have stays as it is written; one without values has no combination.
 * False with a budget below zero means that there were too many combinations to tell.
 */
export function matchesOpen(pattern: OpenPattern, field: Field, captures: Captures, walk: Walk): boolean {
  const subject = valueOf(walk.request, field)
  if (!subject.startsWith(pattern.prefix)) return false
  const { kind, placeholders } = pattern.template
  const fixed = fixedFillings(pattern, walk.request, captures)
  if (fill(pattern, fixed)(subject)) return true
  const labels = new Map<string, Candidates>()
  for (const placeholder of placeholders) {
    if (placeholder.kind !== 'label') continue
    const candidates = candidatesFor(kind, field, placeholder.label, walk)
    if (candidates !== undefined) labels.set(placeholder.label, candidates)
  }
  if (labels.size === 0) return false
  const slots = placeholders.map((one) => (one.kind === 'label' && labels.has(one.label) ? one.label : undefined))
  const others = fixed.filter((_, index) => slots[index] === undefined)
  const open: OpenRequest = { pattern, subject, fixed, slots, labels, walk }
  const plain = others.every((filling) => isPlain(kind, filling)) && [...labels.values()].every((one) => one.plain)
  if (!pattern.needsAll || !plain) return matchesAny(open, (label) => label.all)
  if (!others.every((filling) => occurs(kind, filling, subject))) return false
  if (pattern.gaps === undefined) return matchesAny(open, (label) => label.occurring)
  return matchesPlaced(open, pattern.gaps, new Map())
}

// A pattern with label placeholders held against a subject; `slots` has the label of each placeholder that is one with values.
interface OpenRequest {
  readonly pattern: OpenPattern
  readonly subject: string
  readonly fixed: readonly Filling[]
  readonly slots: readonly (string | undefined)[]
  readonly labels: ReadonlyMap<string, Candidates>
  readonly walk: Walk
}

// Every combination in turn.
function matchesAny(
  { pattern, subject, fixed, slots, labels, walk }: OpenRequest,
  valuesOf: (label: Candidates) => readonly string[],
): boolean {
  const as = walk.request.identity.labelsArePatterns ? 'pattern' : 'text'
  const cost = COST[pattern.template.kind] + subject.length / 8
  const lists = [...labels].map(([label, candidates]) => [label, valuesOf(candidates)] as const)
  for (const chosen of combinations(lists)) {
    walk.budget -= cost
    if (walk.budget < 0) return false
    const fillings = fixed.map((filling, index): Filling => {
      const text = chosen.get(slots[index] ?? '')
      return slots[index] === undefined || text === undefined ? filling : { text, as }
    })
    if (fill(pattern, fillings)(subject)) return true
  }
  return false
}

// One value from each list, in every way there is.
function* combinations(
  lists: readonly (readonly [string, readonly string[]])[],
): Generator<ReadonlyMap<string, string>> {
  const [first, ...rest] = lists
  if (first === undefined) yield new Map()
  else {
    const [label, values] = first
    for (const value of values) for (const others of combinations(rest)) yield new Map([...others, [label, value]])
  }
}

// All values at once, going from place to place in the subject. Only where that cannot tell, because a label stands twice or Go's way
// of matching matters, the labels that have no value yet are given one, one after the other.
function matchesPlaced(open: OpenRequest, gaps: GlobWithGaps, given: ReadonlyMap<string, string>): boolean {
  const { subject, fixed, slots, labels, walk } = open
  const choices = fixed.map(({ text }, index) => {
    const label = slots[index]
    const value = label === undefined ? text : given.get(label)
    return (value === undefined ? labels.get(label ?? '')?.choice : undefined) ?? choiceOf([value ?? text])
  })
  walk.budget -= COST.glob + (subject.length / 4) * choices.reduce((sum, { lengths }) => sum + lengths.length, 1)
  if (walk.budget < 0) return false
  const some = gaps.matchesSome(subject, choices)
  if (some === false) return false
  const free = [...labels.keys()].filter((label) => !given.has(label))
  const next = free.find((label) => some === 'perhaps' || slots.indexOf(label) !== slots.lastIndexOf(label))
  if (next === undefined) return some === true || gaps.matches(subject, valuesIn(open, given))
  const values = labels.get(next)?.occurring ?? []
  return values.some((value) => matchesPlaced(open, gaps, new Map([...given, [next, value]])))
}

function valuesIn({ fixed, slots }: OpenRequest, given: ReadonlyMap<string, string>): string[] {
  return fixed.map(({ text }, index) => {
    const label = slots[index]
    return (label === undefined ? undefined : given.get(label)) ?? text
  })
}
