// Everything in an access list that its author surely did not mean.
import type { AclList } from '../list.ts'
import { lateDenials } from './denial-findings.ts'
import type { Finding } from './finding.ts'
import { findInRule } from './rule-findings.ts'
import { regionOf } from './region.ts'
import { describeShadow, neverMatches } from './shadow-findings.ts'
import { findShadows } from './shadows.ts'

/** The findings in the order of the rules. `complete` is false where the list was too long to compare all its rules. */
export interface Lint {
  readonly findings: readonly Finding[]
  readonly complete: boolean
}

// Some seconds.
const WORK = 5_000_000

/** Looks at every rule of a list, alone and behind those before it. `now` (ms since 1970) is for examples. */
export function lintList(list: AclList, now: number): Lint {
  const regions = list.rules.map((rule) => regionOf(rule))
  const shadows = findShadows(regions, WORK)
  const shadowOf = new Map(shadows.found.map((shadow) => [shadow.rule, shadow]))
  const denials = lateDenials(list, regions, new Set(shadowOf.keys()), now)
  const findings = list.rules.flatMap((rule, index) => {
    const region = regions[index]
    if (region === undefined) return []
    if (region.never !== undefined) return [neverMatches(rule, region.never)]
    const shadow = shadowOf.get(index)
    const by = list.rules[shadow?.by ?? -1]
    return [
      ...(by === undefined ? [] : [describeShadow(rule, region, by, shadow?.proved === true, list, now)]),
      ...[denials.get(index) ?? []].flat(),
      ...findInRule(rule, region, list, now),
    ]
  })
  return { findings, complete: shadows.complete }
}
