// The requests that are decided differently, by account and rule, with the first of each kind.

/** Requests of one account that one rule decides differently. Without a rule, none matched; `was` is the rule that the log names. */
export interface Difference {
  readonly account: string
  readonly rule: string | undefined
  readonly was: string | undefined
  readonly requests: number
  readonly loses: readonly string[]
  readonly gains: readonly string[]
  readonly first: Example
}

/** A request of the log; lines count from 1. */
export interface Example {
  readonly time: Date
  readonly scope: string
  readonly file: string
  readonly line: number
}

/** One request that is decided differently. */
export type Change = Omit<Difference, 'requests'>

/** Gathers changes into differences. */
export interface Differences {
  add(change: Change): void
  /** The largest first. */
  list(): Difference[]
  /** How many requests of further accounts and rules were only counted. */
  uncounted(): number
}

// Somebody who makes up accounts must not fill the memory.
const MOST = 10_000
const LONGEST = 4000

/** Starts without any. */
export function createDifferences(): Differences {
  const groups = new Map<string, { change: Change; requests: number; loses: Set<string>; gains: Set<string> }>()
  let uncounted = 0
  return {
    add(change) {
      const key = JSON.stringify([change.account, change.rule, change.was])
      const group = groups.get(key)
      if (group === undefined) {
        if (groups.size >= MOST || key.length + change.first.scope.length > LONGEST) uncounted++
        else groups.set(key, { change, requests: 1, loses: new Set(change.loses), gains: new Set(change.gains) })
        return
      }
      group.requests++
      for (const action of change.loses) group.loses.add(action)
      for (const action of change.gains) group.gains.add(action)
    },
    list: () =>
      [...groups.values()]
        .map(({ change, requests, loses, gains }) => ({
          ...change,
          requests,
          loses: [...loses].sort(),
          gains: [...gains].sort(),
        }))
        .sort((one, other) => other.requests - one.requests),
    uncounted: () => uncounted,
  }
}
