// The rules of two lists side by side: what each demands in which dimension.
import { FIELDS } from '../template.ts'
import type { ListedRule } from '../list.ts'
import type { Condition } from './condition.ts'
import type { Demand } from './dimension.ts'
import { regionOf } from './region.ts'
import type { Region } from './region.ts'

export const LABEL = 'label '

/** A rule of one of the two lists. */
export interface ComparedRule {
  readonly side: 0 | 1
  readonly region: Region
  /** Rules with one content decide the same requests in the same way. */
  readonly content: string
  /** By dimension: a field, `ip`, `time`, or a label behind LABEL. All have to be met. */
  readonly demands: ReadonlyMap<string, readonly Demand[]>
  /** The dimensions whose values its placeholders stand for. */
  readonly mentions: ReadonlySet<string>
}

/** The rules of a list. Those that never match, or say again what an earlier one says, are left out. */
export function comparedRules(rules: readonly ListedRule[], side: 0 | 1): ComparedRule[] {
  const said = new Set<string>()
  return rules.flatMap((rule) => {
    const { match, actions } = rule.entry
    const content = JSON.stringify([rule.syntax, sorted(match), [...new Set(actions)].sort()])
    const region = regionOf(rule)
    if (region.never !== undefined || said.has(content)) return []
    said.add(content)
    const demands = new Map<string, Demand[]>()
    const mentions = new Set<string>()
    const demand = (dimension: string, one: Demand): void => {
      demands.set(dimension, [...(demands.get(dimension) ?? []), one])
    }
    const onText = (dimension: string, condition: Condition): void => {
      const { key, source, exact } = condition
      demand(dimension, { key, pattern: source, told: exact !== undefined, condition })
      for (const placeholder of condition.template?.placeholders ?? [])
        mentions.add(placeholder.kind === 'label' ? LABEL + placeholder.label : placeholder.field)
    }
    for (const field of FIELDS) if (region.fields[field] !== undefined) onText(field, region.fields[field])
    for (const { label, condition } of region.labels) onText(LABEL + label, condition)
    if (match.ip !== undefined) demand('ip', { key: JSON.stringify(match.ip), pattern: 'ip', told: true })
    if (region.time !== undefined) demand('time', { key: region.time, pattern: region.time, told: true })
    return { side, region, content, demands, mentions }
  })
}

// Keys in one order, so that only what is said counts.
function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  )
}

/** Whether its placeholders leave open what it matches. */
export function isOpen({ mentions }: ComparedRule): boolean {
  return mentions.size > 0
}
