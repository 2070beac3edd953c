// Which rules of two lists can make a difference, and which only stand around them.
import { FIELDS } from '../template.ts'
import type { ComparedRule } from './compared-rule.ts'
import type { Condition } from './condition.ts'
import type { Region } from './region.ts'

/**
 * The rules (by index) outside the longest run of rules that both lists have in the same order. Where none of them matches, both lists
 * answer alike. No rule stands in one list twice; those of the old one come first.
 */
export function changedRules(rules: readonly ComparedRule[]): ReadonlySet<number> {
  const places = new Map(rules.flatMap(({ side, content }, index) => (side === 1 ? [[content, index] as const] : [])))
  // By length: the run of that length that ends earliest in the new list.
  const runs: Pair[] = []
  for (const [own, { side, content }] of rules.entries()) {
    const other = side === 0 ? places.get(content) : undefined
    if (other === undefined) continue
    const length = countBefore(runs, other)
    runs[length] = { own, other, before: runs[length - 1] }
  }
  const changed = new Set(rules.keys())
  for (let pair = runs.at(-1); pair !== undefined; pair = pair.before) {
    changed.delete(pair.own)
    changed.delete(pair.other)
  }
  return changed
}

/** A rule in both lists, and the pair before it in the same order. */
interface Pair {
  readonly own: number
  readonly other: number
  readonly before: Pair | undefined
}

function countBefore(runs: readonly Pair[], place: number): number {
  let low = 0
  let high = runs.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((runs[middle]?.other ?? place) < place) low = middle + 1
    else high = middle
  }
  return low
}

const COMPARISONS = 5_000_000

/** Leaves out the rules that match no request that a changed rule matches, where that is plain to see. */
export function relevantRules(rules: readonly ComparedRule[]): readonly ComparedRule[] {
  const changed = changedRules(rules)
  if (changed.size * rules.length > COMPARISONS) return rules
  const regions = [...changed].flatMap((index) => rules[index]?.region ?? [])
  return rules.filter(({ region }, index) => changed.has(index) || regions.some((other) => !areApart(region, other)))
}

/** Whether no request meets both, as literals and the beginnings of patterns tell. */
export function areApart(one: Region, other: Region): boolean {
  return FIELDS.some((field) => exclude(one.fields[field], other.fields[field]))
}

function exclude(one: Condition | undefined, other: Condition | undefined): boolean {
  if (one === undefined || other === undefined) return false
  if (!one.prefix.startsWith(other.prefix) && !other.prefix.startsWith(one.prefix)) return true
  return refuses(one, other.literal) || refuses(other, one.literal)
}

function refuses({ matches }: Condition, literal: string | undefined): boolean {
  return literal !== undefined && matches?.(literal) === false
}
