// Which rules of a long list can match a request at all: by the literal account, the literal name or what it begins with, and
// literal labels. It only leaves out; whether a rule matches is for the rule to say.
import type { Identity } from '../../protocol/identity.ts'
import type { AuthorizationRequest } from '../authorizer.ts'
import { isLabelKey } from './condition.ts'
import type { Condition } from './condition.ts'
import { firstOf } from './merge.ts'
import { createPlaces, step, stepAll } from './places.ts'
import { conditionsOf } from './rule.ts'
import type { Rule } from './rule.ts'

/** Rules go in by ascending number. */
export interface RuleIndex {
  add(rule: Rule): void
  /** How many rules there are that it can leave out. */
  size(): number
  /** The number of the first rule that passes, or -1; the test sees every rule before it that may match, in order. */
  find(request: AuthorizationRequest, passes: (rule: number) => boolean): number
}

// So many rules of one place are looked at in turn before those behind them are told apart any further.
const FEW = 6

// How many different lengths of beginnings are looked up, and how many slashes deep; what is longer counts as its shorter beginning.
const LENGTHS = 8
const DEPTH = 8

const SLASH = 0x2f

// Where the ways to rules for any account, to those for one, and from a place to those for a label begin.
const ANYONE = 0x811c9dc5 | 0
const ACCOUNT = 0x3c6ef372
const LABEL = 0x1f83d9ab

/** An index without rules. */
export function createRuleIndex(): RuleIndex {
  const places = createPlaces()
  const labelNames = new Set<string>()
  // By length, whether beginnings are that long. Those that end with a slash are looked up wherever the name has one.
  const lengths: boolean[] = []
  let different = 0
  let depth = 0
  let size = 0

  // As much of a prefix as is looked up.
  function beginningOf(prefix: string): string {
    const { length } = prefix
    if (length > 0 && !prefix.endsWith('/')) {
      while (lengths.length <= length) lengths.push(false)
      if (lengths[length] === false && different < LENGTHS) {
        lengths[length] = true
        different++
      }
      if (lengths[length] === true) return prefix
    }
    const folders = prefix.split('/').slice(0, -1)
    depth = Math.min(DEPTH, Math.max(depth, folders.length))
    return folders
      .slice(0, DEPTH)
      .map((folder) => `${folder}/`)
      .join('')
  }

  function placeFor(rule: Rule): number {
    const conditions = conditionsOf(rule)
    const account = conditions.flatMap((one) => (one.on === 'account' ? (literalOf(one) ?? []) : []))[0]
    const start = account === undefined ? ANYONE : stepAll(ACCOUNT, account)
    if (account !== undefined && places.count(start) < FEW) return start
    const name = conditions.find(({ on }) => on === 'name')
    const place = name === undefined ? start : stepAll(start, literalOf(name) ?? beginningOf(prefixOf(name)))
    if (places.count(place) < FEW) return place
    // Of several labels, the one whose value has the fewest rules so far.
    const labelled = conditions.flatMap((one) => {
      if (!('label' in one) || !isLabelKey(one.on) || one.kind !== 'literal') return []
      return { label: one.label, at: labelPlace(place, one.label, one.prefix) }
    })
    const [rarest] = labelled.sort((one, other) => places.count(one.at) - places.count(other.at))
    if (rarest === undefined) return place
    labelNames.add(rarest.label)
    return rarest.at
  }

  function collectByName(start: number, { identity, resource: { name } }: AuthorizationRequest, heads: number[]): void {
    collect(start, identity, heads)
    let place = start
    let level = 0
    for (let end = 1; end <= name.length; end++) {
      const code = name.charCodeAt(end - 1)
      place = step(place, code)
      const isStop = code === SLASH ? level++ < depth : end < lengths.length && lengths[end] === true
      if (isStop || end === name.length) collect(place, identity, heads)
    }
  }

  function collect(place: number, { labels }: Identity, heads: number[]): void {
    const first = places.first(place)
    if (first === -1) return
    heads.push(first)
    if (labelNames.size === 0 || places.count(place) < FEW) return
    for (const label of labelNames) {
      for (const value of Object.hasOwn(labels, label) ? (labels[label] ?? []) : []) {
        const labelled = places.first(labelPlace(place, label, value))
        if (labelled !== -1) heads.push(labelled)
      }
    }
  }

  return {
    add(rule) {
      const place = placeFor(rule)
      places.add(place, rule.number)
      if (place !== ANYONE) size++
    },
    size: () => size,
    find(request, passes) {
      const heads: number[] = []
      collectByName(ANYONE, request, heads)
      const own = stepAll(ACCOUNT, request.identity.account)
      const first = places.first(own)
      if (first !== -1 && places.count(own) < FEW) heads.push(first)
      else if (first !== -1) collectByName(own, request, heads)
      return firstOf(heads, places, passes)
    },
  }
}

function labelPlace(place: number, label: string, value: string): number {
  return stepAll(stepAll(place ^ LABEL, label) ^ LABEL, value)
}

function literalOf(condition: Condition): string | undefined {
  return 'prefix' in condition && condition.kind === 'literal' ? condition.prefix : undefined
}

function prefixOf(condition: Condition): string {
  return 'prefix' in condition ? condition.prefix : ''
}
