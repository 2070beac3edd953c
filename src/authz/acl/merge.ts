// The first rule of several chains that passes a test, in the order of the whole list, without putting the chains together.
import type { Places } from './places.ts'

/**
 * The first rule that passes, or -1. `heads` has the first rule of each chain and is used up; the test sees every rule up to the one
 * that passes, in order, and one that is in two chains twice.
 */
export function firstOf(heads: number[], { next }: Pick<Places, 'next'>, passes: (rule: number) => boolean): number {
  if (heads.length > 1) heads.sort((one, other) => one - other)
  for (let first = 0; first < heads.length;) {
    const rule = heads[first] ?? -1
    if (passes(rule)) return rule
    const behind = next(rule)
    if (behind === -1) first++
    else sink(heads, first, behind)
  }
  return -1
}

// Puts a rule in the place of the first one, behind those with smaller numbers.
function sink(heads: number[], first: number, rule: number): void {
  let at = first
  for (; at + 1 < heads.length && (heads[at + 1] ?? 0) < rule; at++) heads[at] = heads[at + 1] ?? 0
  heads[at] = rule
}
