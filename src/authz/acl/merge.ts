// The first rule of several lists that passes a test, in the order of the whole list, without putting the lists together.
import type { Rule } from './rule.ts'

interface Cursor {
  readonly list: readonly Rule[]
  at: number
}

/**
 * The first rule that passes. The lists are in ascending order each, none is empty; the test sees every rule up to the one that passes,
 * in order, and one that is in two lists twice.
 */
export function firstOf(lists: readonly (readonly Rule[])[], passes: (rule: Rule) => boolean): Rule | undefined {
  if (lists.length < 2) return lists[0]?.find(passes)
  const cursors = lists.map((list): Cursor => ({ list, at: 0 }))
  cursors.sort((one, other) => headOf(one) - headOf(other))
  for (let first = 0; first < cursors.length;) {
    const cursor = cursors[first]
    if (cursor === undefined) break
    const bound = headOf(cursors[first + 1])
    for (
      let rule = cursor.list[cursor.at];
      rule !== undefined && rule.number <= bound;
      rule = cursor.list[++cursor.at]
    ) {
      if (passes(rule)) return rule
    }
    if (cursor.at === cursor.list.length) first++
    else sink(cursors, first)
  }
  return undefined
}

function headOf(cursor: Cursor | undefined): number {
  return cursor?.list[cursor.at]?.number ?? Infinity
}

// Moves the first cursor behind those whose heads are smaller.
function sink(cursors: Cursor[], first: number): void {
  for (let at = first; headOf(cursors[at + 1]) < headOf(cursors[at]); at++) {
    const [one, next] = [cursors[at], cursors[at + 1]]
    if (one === undefined || next === undefined) return
    cursors[at] = next
    cursors[at + 1] = one
  }
}
