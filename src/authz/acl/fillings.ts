// What the placeholders of a pattern stand for on one request, and whether the pattern then matches.
import type { Regex } from '../../lib/regex.ts'
import type { Identity } from '../../protocol/identity.ts'
import type { AuthorizationRequest } from '../authorizer.ts'
import { fill, isLiteral, isPlain, occurs } from './pattern.ts'
import type { Filling, OpenPattern } from './pattern.ts'
import type { Field, Placeholder } from './template.ts'
import { valueOf } from './walk.ts'
import type { Walk } from './walk.ts'

/** The expressions of one rule that `${field:N}` takes its groups from. */
export type Captures = Readonly<Partial<Record<Field, Regex>>>

// What a combination costs, in units of about 30 ns; a long subject adds to it.
const COST = { glob: 15, regex: 700 } as const

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
export function matchesOpen(pattern: OpenPattern, subject: string, captures: Captures, walk: Walk): boolean {
  const { kind, placeholders } = pattern.template
  const fixed = fixedFillings(pattern, walk.request, captures)
  if (fill(pattern, fixed)(subject)) return true
  const labels = labelsNamed(placeholders, walk.request.identity)
  if (labels.length === 0) return false
  const slots = placeholders.map((one) => (one.kind === 'label' ? labels.indexOf(one.label) : -1))
  const others = fixed.filter((_, index) => slots[index] === -1)
  const choices = choose(pattern, subject, others, labels, walk)
  const cost = COST[kind] + subject.length / 8
  for (const chosen of combinations(choices)) {
    walk.budget -= cost
    if (walk.budget < 0) return false
    const fillings = fixed.map((filling, index) => chosen[slots[index] ?? -1] ?? filling)
    if (fill(pattern, fillings)(subject)) return true
  }
  return false
}

function labelsNamed(placeholders: readonly Placeholder[], { labels }: Identity): string[] {
  const named = placeholders.flatMap((placeholder) => (placeholder.kind === 'label' ? placeholder.label : []))
  return [...new Set(named)].filter((label) => Object.hasOwn(labels, label))
}

// The values to combine, a list for every label. Where it can be told, those that cannot be part of a match are left out.
function choose(
  { template: { kind }, needsAll }: OpenPattern,
  subject: string,
  others: readonly Filling[],
  labels: readonly string[],
  walk: Walk,
): readonly (readonly Filling[])[] {
  const { identity } = walk.request
  const as = identity.labelsArePatterns ? 'pattern' : 'text'
  const lists = labels.map((label) => identity.labels[label] ?? [])
  for (const values of lists) walk.budget -= values.length
  const plain = as === 'text' || lists.every((values) => values.every((value) => isLiteral(kind, value)))
  const prune = needsAll && plain && others.every((filling) => isPlain(kind, filling))
  if (prune && !others.every((filling) => occurs(kind, filling, subject))) return [[]]
  return lists.map((values) =>
    (prune ? values.filter((value) => subject.includes(value)) : values).map((text) => ({ text, as })),
  )
}

// One value from each list, in every way there is.
function* combinations(lists: readonly (readonly Filling[])[]): Generator<readonly Filling[]> {
  const [first, ...rest] = lists
  if (first === undefined) yield []
  else for (const filling of first) for (const others of combinations(rest)) yield [filling, ...others]
}
