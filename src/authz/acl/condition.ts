// One condition under `match`, compiled: does it hold? Plain data and one function, because a list may have hundreds of thousands.
import type { AclEntryConfig } from './config.ts'
import { fixedFillings, matchesOpen } from './fillings.ts'
import type { Captures } from './fillings.ts'
import { fill, matchesConstant } from './pattern.ts'
import type { Pattern } from './pattern.ts'
import type { Field } from './template.ts'
import { valueOf } from './walk.ts'
import type { Walk } from './walk.ts'

/** `written` is what stands in the rule. */
export type Condition =
  | FieldCondition
  | LabelCondition
  | { readonly on: 'ip'; readonly written: string | readonly string[]; readonly networks: readonly Test<string>[] }
  | {
      readonly on: 'time'
      readonly written: NonNullable<AclEntryConfig['match']['time']>
      readonly holds: Test<number>
    }

type Test<Value> = (value: Value) => boolean

export interface FieldCondition {
  readonly on: Field
  readonly written: string
  readonly pattern: Pattern
  readonly captures: Captures
}

/** Some value of the label has to match. */
export interface LabelCondition {
  readonly on: 'labels' | 'requires_labels'
  readonly label: string
  readonly written: string
  readonly pattern: Pattern
  readonly captures: Captures
}

const COST = { literal: 0, beginning: 1, glob: 1, ip: 2, time: 2, regex: 3, open: 4 } as const

/** Ranks conditions by how long they take. */
export function costOf(condition: Condition): number {
  return 'pattern' in condition ? COST[condition.pattern.kind] : COST[condition.on]
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
    case 'service': {
      const { pattern, on, captures } = condition
      if (pattern.kind === 'open') return matchesOpen(pattern, on, captures, walk)
      return matchesConstant(pattern, valueOf(walk.request, on))
    }
  }
}

// The label placeholders of a label's pattern stay as they are written.
function holdsForLabel({ label, pattern, captures }: LabelCondition, { request }: Walk): boolean {
  const { labels } = request.identity
  const values = Object.hasOwn(labels, label) ? labels[label] : undefined
  if (values === undefined) return false
  if (pattern.kind === 'literal') return values.includes(pattern.prefix)
  if (pattern.kind !== 'open') return values.some((value) => matchesConstant(pattern, value))
  return values.some(fill(pattern, fixedFillings(pattern, request, captures)))
}
