// Which rules are left once a value is chosen in one dimension.
import type { ComparedRule } from './compared-rule.ts'

/** The rules of one point of the walk, by the demands that they have in one dimension. */
export interface Meeting {
  /** The rules (by index) that ask something in this dimension and are content with these demands being met. */
  metBy(met: ReadonlySet<string>): number[]
  /** The rules that are left when of those that ask something only these are. */
  without(met: readonly number[]): ComparedRule[]
}

/** Sorts the rules by their demands. */
export function createMeeting(rules: readonly ComparedRule[], dimension: string): Meeting {
  const byFirst = new Map<string, number[]>()
  const open: number[] = []
  const closedDemands = rules.map(({ demands }) =>
    demands.get(dimension)?.filter(({ condition }) => condition?.template === undefined),
  )
  for (const [index, demands] of closedDemands.entries()) {
    const first = demands?.[0]?.key
    const others = first === undefined ? undefined : byFirst.get(first)
    if (others !== undefined) others.push(index)
    else if (first !== undefined) byFirst.set(first, [index])
    else if (demands !== undefined) open.push(index)
  }
  return {
    metBy: (met) =>
      [...open, ...[...met].flatMap((key) => byFirst.get(key) ?? [])]
        .filter((index) => closedDemands[index]?.every(({ key }) => met.has(key)))
        .sort((one, other) => one - other),
    without(met) {
      const kept = new Set(met)
      return rules.filter((_, index) => closedDemands[index] === undefined || kept.has(index))
    },
  }
}
