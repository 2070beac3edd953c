// Rules that an earlier rule leaves nothing to decide. Only rules that can cover each other are compared, so that long lists take no longer.
import { asRepositories, createComparison } from './region.ts'
import type { Region, Verdict } from './region.ts'

/** The rule (by index) that matches all that the later rule matches; `proved`, or only for all texts that were tried. */
export interface Shadow {
  readonly rule: number
  readonly by: number
  readonly proved: boolean
}

/** `complete`: every pair that could matter was compared. */
export interface Shadows {
  readonly found: readonly Shadow[]
  readonly complete: boolean
}

/** For each rule the first earlier one that covers it, with about `limit` work. */
export function findShadows(regions: readonly Region[], limit: number): Shadows {
  const comparison = createComparison()
  const index = createIndex()
  const found: Shadow[] = []
  for (const [rule, whole] of regions.entries()) {
    if (whole.never !== undefined) continue
    const region = asRepositories(whole)
    let best: { readonly by: number; readonly verdict: Verdict } | undefined
    for (const bucket of index.bucketsFor(region)) {
      for (const by of bucket) {
        const outer = regions[by]
        if (outer === undefined || (best?.verdict === 'proved' && by > best.by)) break
        if (comparison.work() > limit) return { found, complete: false }
        const verdict = comparison.covers(outer, region)
        if (verdict === 'proved' || (verdict === 'sampled' && best === undefined)) best = { by, verdict }
        if (verdict === 'proved') break
      }
    }
    // Whatever a covered rule covers is covered by the same rule.
    if (best?.verdict !== 'proved') index.add(whole, rule)
    if (best !== undefined) found.push({ rule, by: best.by, proved: best.verdict === 'proved' })
  }
  return { found, complete: true }
}

interface Index {
  add(region: Region, rule: number): void
  /** The rules among which all are that cover this one, in several lists in ascending order. */
  bucketsFor(region: Region): readonly (readonly number[])[]
}

// A rule covers only rules with the same literal account, if it has one, the same literal label, and names that begin as its own do.
function createIndex(): Index {
  const buckets = new Map<string, number[]>()
  const lengths = new Set<number>()
  const literalLabels = (region: Region): string[] =>
    region.labels.flatMap(({ label, condition: { literal } }) =>
      literal === undefined ? [] : JSON.stringify([label, literal]),
    )
  const keyOf = (account: string | undefined, label: string | undefined, prefix: string): string =>
    JSON.stringify([account, label, prefix])
  return {
    add(region, rule) {
      const prefix = region.fields.name?.prefix ?? ''
      const key = keyOf(region.known.account, literalLabels(region)[0], prefix)
      const bucket = buckets.get(key)
      lengths.add(prefix.length)
      if (bucket === undefined) buckets.set(key, [rule])
      else bucket.push(rule)
    },
    bucketsFor(region) {
      const prefix = region.fields.name?.prefix ?? ''
      const prefixes = [...lengths].filter((length) => length <= prefix.length).map((length) => prefix.slice(0, length))
      const accounts = region.known.account === undefined ? [undefined] : [undefined, region.known.account]
      const labels = [undefined, ...new Set(literalLabels(region))]
      return accounts.flatMap((account) =>
        labels.flatMap((label) => prefixes.flatMap((start) => [buckets.get(keyOf(account, label, start)) ?? []])),
      )
    },
  }
}
