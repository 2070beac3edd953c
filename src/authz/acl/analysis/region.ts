// The requests that one rule matches, and whether those of another rule are all among them.
import type { AclEntryConfig } from '../config.ts'
import type { ListedRule } from '../list.ts'
import { FIELDS } from '../template.ts'
import type { Field } from '../template.ts'
import { readCondition, specialize } from './condition.ts'
import type { Condition, Known } from './condition.ts'
import { liesWithin, readNetwork } from './networks.ts'
import type { Network } from './networks.ts'
import { representatives } from './machine.ts'
import { samplesOf } from './samples.ts'
import { ANYTHING } from './steps.ts'
import type { CharSet, Language } from './steps.ts'
import { patternsOf } from './written.ts'

/** What a rule asks of a request; all of it has to be met. Some value of the label has to meet each of `labels`. */
export interface Region {
  readonly match: AclEntryConfig['match']
  readonly fields: Readonly<Partial<Record<Field, Condition>>>
  readonly labels: readonly { readonly label: string; readonly condition: Condition }[]
  readonly networks: readonly Network[] | undefined
  readonly time: string | undefined
  /** The fields that it compares with one text. */
  readonly known: Known
  /** The path of a condition that nothing can meet. */
  readonly never: readonly (string | number)[] | undefined
}

/** What the rule asks of a request. */
export function regionOf({ entry: { match }, syntax }: Pick<ListedRule, 'entry' | 'syntax'>): Region {
  const read = (source: string): Condition => readCondition(source, syntax, match)
  const written = FIELDS.flatMap((field) => {
    const source = match[field]
    return source === undefined ? [] : [{ field, condition: read(source) }]
  })
  const known: Known = Object.fromEntries(
    written.flatMap(({ field, condition: { literal } }) => (literal === undefined ? [] : [[field, literal]])),
  )
  const fields: { [field in Field]?: Condition } = {}
  for (const { field, condition } of written) fields[field] = specialize(condition, known, match)
  const patterns = patternsOf(match).map(({ path, source }) => ({ path, condition: read(source) }))
  const labels = patterns.flatMap(({ path: [, , label], condition }) =>
    typeof label === 'string' ? { label, condition } : [],
  )
  return {
    match,
    fields,
    labels,
    networks: match.ip === undefined ? undefined : [match.ip].flat().flatMap((network) => readNetwork(network) ?? []),
    time: match.time === undefined ? undefined : JSON.stringify(match.time),
    known,
    never: patterns.find(({ condition }) => condition.never)?.path,
  }
}

/**
 * The requests of a rule that registries make: one that names no type, and not the catalog, is about repositories. What covers these
 * leaves it nothing to decide.
 */
export function asRepositories(region: Region): Region {
  const { name, type } = region.fields
  if (type !== undefined || name?.matches?.('catalog') !== false) return region
  const repository = readCondition('repository', 1, region.match)
  return {
    ...region,
    fields: { ...region.fields, type: repository },
    known: { ...region.known, type: 'repository' },
  }
}

const LETTERS_AND_DIGITS: CharSet = {
  negated: false,
  ranges: [
    [0x30, 0x39],
    [0x61, 0x7a],
  ],
}
const VISIBLE: CharSet = {
  negated: true,
  ranges: [
    [0x00, 0x20],
    [0x7f, 0xa0],
  ],
}
const some = (set: CharSet): Language => [
  { kind: 'one', set },
  { kind: 'many', set },
]

/** The texts that a scope can have there (protocol/scope.ts), and any elsewhere. */
export const UNIVERSES: Readonly<Record<Field, Language>> = {
  account: ANYTHING,
  service: ANYTHING,
  type: some(LETTERS_AND_DIGITS),
  name: some(VISIBLE),
}

/** `proved`: always; `sampled`: for all texts that were tried; `no`: not always, or it cannot be told. */
export type Verdict = 'proved' | 'sampled' | 'no'

/** Compares regions, and remembers what it found out about pairs of patterns. */
export interface Comparison {
  /** Whether all requests of `inner` are among those of `outer`. */
  covers(outer: Region, inner: Region): Verdict
  /** How much work it was so far; a comparison that needs no thought is 1. */
  work(): number
}

// What it costs to compare two patterns that are not literal.
const PATTERNS = 1_000

/** Starts with nothing remembered. */
export function createComparison(): Comparison {
  let work = 0
  const remembered = new Map<string, Verdict>()
  const included = (inner: Condition | undefined, outer: Condition | undefined, of: Field | 'label'): Verdict => {
    if (outer === undefined || outer.key === inner?.key) return 'proved'
    if (!(inner?.prefix ?? '').startsWith(outer.prefix)) return 'no'
    if (inner?.literal !== undefined && outer.matches !== undefined)
      return outer.matches(inner.literal) ? 'proved' : 'no'
    const key = JSON.stringify([of, inner?.key, outer.key])
    const known = remembered.get(key)
    if (known !== undefined) return known
    work += PATTERNS
    const verdict = compare(inner, outer, of === 'label' ? ANYTHING : UNIVERSES[of])
    remembered.set(key, verdict)
    return verdict
  }
  const covers = (outer: Region, inner: Region): Verdict => {
    work++
    if (outer.time !== undefined && outer.time !== inner.time) return 'no'
    if (!networksCovered(outer.networks, inner.networks)) return 'no'
    let verdict: Verdict = 'proved'
    for (const field of FIELDS) {
      const condition = outer.fields[field]
      if (condition === undefined) continue
      const known = specialize(condition, inner.known, outer.match)
      const one = included(inner.fields[field], known, field)
      if (one === 'no') return 'no'
      if (one === 'sampled') verdict = one
    }
    for (const { label, condition } of outer.labels) {
      const verdicts = inner.labels
        .filter((own) => own.label === label)
        .map((own) => included(own.condition, condition, 'label'))
      if (verdicts.includes('proved')) continue
      if (!verdicts.includes('sampled')) return 'no'
      verdict = 'sampled'
    }
    return verdict
  }
  return { covers, work: () => work }
}

const LIMIT = 2_000

function compare(inner: Condition | undefined, outer: Condition, universe: Language): Verdict {
  const texts = inner === undefined ? universe : inner.upper
  if (texts !== undefined && outer.exact !== undefined) {
    const { texts: kinds, complete } = representatives([outer.exact, universe], texts, LIMIT)
    const isOutside = kinds.some(({ members }) => members.length === 1 && members[0] === 1)
    if (complete && !isOutside) return 'proved'
    if (complete && (inner === undefined || inner.exact !== undefined)) return 'no'
  }
  const { matches } = outer
  const samples = inner === undefined || matches === undefined ? [] : samplesOf(inner)
  return matches !== undefined && samples.length > 0 && samples.every(matches) ? 'sampled' : 'no'
}

function networksCovered(outer: readonly Network[] | undefined, inner: readonly Network[] | undefined): boolean {
  if (outer === undefined) return true
  return inner !== undefined && inner.every((one) => outer.some((other) => liesWithin(one, other)))
}
