// One condition under `match`, compiled: does it hold? Plain data and one function, because a list may have hundreds of thousands.
import type { AclEntryConfig } from './config.ts'
import { fixedFillings, matchesOpen } from './fillings.ts'
import type { Captures } from './fillings.ts'
import { fill, matchesConstant, matchesPlain } from './pattern.ts'
import type { Pattern, PlainPattern } from './pattern.ts'
import type { Field } from './template.ts'
import { valueOf } from './walk.ts'
import type { Walk } from './walk.ts'

/** `written` is what stands in the rule, `next` the condition that is checked after this one. */
export type Condition = TextCondition | IpCondition | TimeCondition

/**
 * A field, or some value of a label, has to match. A long list is fetched from memory object by object, so the conditions of a rule are
 * no array, and what most patterns are all about, their kind and their prefix, stands here.
 */
export interface TextCondition {
  readonly on: Field | LabelKey
  /** Its name, if it is a label. */
  readonly label: string
  readonly kind: Pattern['kind']
  readonly prefix: string
  /** Where kind and prefix do not say all. */
  readonly pattern: Exclude<Pattern, PlainPattern> | undefined
  next: Condition | undefined
  readonly written: string
  readonly captures: Captures
}

type LabelKey = 'labels' | 'requires_labels'

interface IpCondition {
  readonly on: 'ip'
  readonly kind: 'ip'
  readonly written: string | readonly string[]
  readonly networks: readonly Test<string>[]
  next: Condition | undefined
}

interface TimeCondition {
  readonly on: 'time'
  readonly kind: 'time'
  readonly written: NonNullable<AclEntryConfig['match']['time']>
  readonly holds: Test<number>
  next: Condition | undefined
}

type Test<Value> = (value: Value) => boolean

const COST = { literal: 0, star: 1, doublestar: 1, glob: 1, ip: 2, time: 2, regex: 3, open: 4 } as const

/** Ranks conditions by how long they take. */
export function costOf({ kind }: Condition): number {
  return COST[kind]
}

/** Whether it is a label, some value of which has to match, and no field. */
export function isLabelKey(on: Condition['on']): on is LabelKey {
  return on === 'labels' || on === 'requires_labels'
}

/** Whether the condition holds; false with a budget below zero means that it could not be told. */
export function holds(condition: Condition, walk: Walk): boolean {
  switch (condition.on) {
    case 'ip':
      return condition.networks.some((contains) => contains(walk.ip))
    case 'time':
      return condition.holds(walk.now)
    case 'labels':
    case 'requires_labels':
      return holdsForLabel(condition, walk)
    case 'account':
    case 'type':
    case 'name':
    case 'service':
      return holdsForField(condition, condition.on, walk)
  }
}

function holdsForField({ kind, prefix, pattern, captures }: TextCondition, field: Field, walk: Walk): boolean {
  if (pattern === undefined) return matchesPlain(kind, prefix, valueOf(walk.request, field))
  if (pattern.kind === 'open') return matchesOpen(pattern, field, captures, walk)
  return matchesConstant(pattern, valueOf(walk.request, field))
}

// The label placeholders of a label's pattern stay as they are written.
function holdsForLabel({ label, kind, prefix, pattern, captures }: TextCondition, { request }: Walk): boolean {
  const { labels } = request.identity
  const values = Object.hasOwn(labels, label) ? labels[label] : undefined
  if (values === undefined) return false
  if (kind === 'literal') return values.includes(prefix)
  if (pattern === undefined) return values.some((value) => matchesPlain(kind, prefix, value))
  if (pattern.kind !== 'open') return values.some((value) => matchesConstant(pattern, value))
  return values.some(fill(pattern, fixedFillings(pattern, request, captures)))
}
