// Finds requests that two lists may answer differently: one for every way of meeting the demands of their rules, where they differ.
import type { AuthorizationRequest } from '../../authorizer.ts'
import type { AclList } from '../list.ts'
import { FIELDS } from '../template.ts'
import type { Field } from '../template.ts'
import { comparedRules, isOpen, LABEL } from './compared-rule.ts'
import type { ComparedRule } from './compared-rule.ts'
import { addressChoices, choiceOf, textChoices, timeChoices } from './dimension.ts'
import type { Choice, Choices, Demand } from './dimension.ts'
import { filledWith } from './example.ts'
import type { Example } from './example.ts'
import { samplesOf } from './samples.ts'

/** A request to ask both lists. `told` is false where a rule still in question was only held against samples. */
export interface Candidate extends Example {
  readonly told: boolean
}

export interface Walk {
  /** What was tried with samples only, in words. Grows while candidates are taken. */
  readonly sampled: ReadonlySet<string>
  readonly candidates: Iterable<Candidate>
}

// Some seconds each.
const WORK = 30_000_000
const LEAVES = 50_000
const COMBINATIONS = 500
const SEEDS = 40

/** Walks through the dimensions, and leaves a branch where both lists have the same rules left. */
export function walkRequests(old: AclList, next: AclList, actions: readonly string[], now: number): Walk {
  const rules = [...comparedRules(old.rules, 0), ...comparedRules(next.rules, 1)]
  const dimensions = dimensionsOf(rules, now)
  const sampled = new Set<string>()
  let work = WORK
  let leaves = LEAVES

  function* walk(depth: number, left: readonly ComparedRule[], chosen: Chosen, told: boolean): Generator<Candidate> {
    const alive = cut(left, dimensions.slice(depth))
    if (sameOnBothSides(alive)) return
    work -= alive.length
    if (work < 0 || leaves <= 0) {
      sampled.add('what is left of these lists: they differ in too many ways to try all of them')
      return
    }
    const dimension = dimensions[depth]
    if (dimension === undefined) {
      leaves--
      yield { ...requestOf(chosen, actions, now), told }
      return
    }
    const { name } = dimension
    const asking = alive.filter((rule) => rule.demands.has(name) || rule.mentions.has(name))
    const unsure = asking.flatMap((rule) => (rule.demands.get(name) ?? []).filter((demand) => !demand.told))
    for (const { pattern } of unsure) sampled.add(`${name} ${pattern}`)
    const { choices, complete } = choicesAt(dimension, asking, chosen)
    if (!complete) sampled.add(`${name}: too many ways to try all of them`)
    const sensitive =
      asking.some((rule) => rule.mentions.has(name)) ||
      unsure.some(({ condition }) => condition?.template !== undefined)
    const meeting = createMeeting(alive, name)
    const changed = changedRules(alive)
    const staysChanged = [...changed].some((index) => alive[index]?.demands.has(name) !== true)
    const seen = new Set<string>()
    for (const choice of choices) {
      const met = meeting.metBy(choice.meets)
      work -= 1 + met.length
      if (!staysChanged && !met.some((index) => changed.has(index))) continue
      const key = met.join() + (sensitive ? `:${choice.texts.join('\n')}` : '')
      if (seen.has(key)) continue
      seen.add(key)
      yield* walk(depth + 1, meeting.without(met), { ...chosen, [name]: choice.texts }, told && unsure.length === 0)
    }
  }
  return { sampled, candidates: walk(0, rules, {}, true) }
}

interface Dimension extends Choices {
  readonly name: string
}

type Chosen = Readonly<Record<string, readonly string[]>>

interface Combination {
  readonly texts: readonly string[]
  readonly meets: ReadonlySet<string>
}

// The name comes behind what its placeholders stand for, and before the other labels, because it leaves the fewest rules.
function dimensionsOf(rules: readonly ComparedRule[], now: number): Dimension[] {
  const matches = rules.map(({ region }) => region.match)
  const mentioned = rules.flatMap(({ demands, mentions }) => [...demands.keys(), ...mentions])
  const labels = [...new Set(mentioned)].filter((name) => name.startsWith(LABEL))
  const open = rules.some(isOpen)
  const isMentioned = (label: string): boolean => rules.some(({ mentions }) => mentions.has(label))
  const words = rules.flatMap(({ region }) =>
    Object.values(region.fields).flatMap(({ prefix }) => [prefix, ...prefix.split('/')]),
  )
  const seeds = open ? [...new Set(words)].filter((word) => word !== '').slice(0, SEEDS) : []
  const demandsOn = (name: string): Demand[] => [
    ...new Map(rules.flatMap(({ demands }) => demands.get(name) ?? []).map((demand) => [demand.key, demand])).values(),
  ]
  const onText = (name: string, of: Field | 'label'): Dimension => ({
    name,
    ...textChoices(of, demandsOn(name), seeds),
  })
  return [
    onText('account', 'account'),
    onText('service', 'service'),
    onText('type', 'type'),
    { name: 'ip', ...addressChoices(matches) },
    { name: 'time', ...timeChoices(matches, now) },
    ...labels.filter(isMentioned).map((name) => onText(name, 'label')),
    onText('name', 'name'),
    ...labels.filter((name) => !isMentioned(name)).map((name) => onText(name, 'label')),
  ]
}

// Rules behind one that surely matches decide nothing.
function cut(rules: readonly ComparedRule[], ahead: readonly Dimension[]): ComparedRule[] {
  const ended = [false, false]
  return rules.filter((rule) => {
    if (ended[rule.side] === true) return false
    if (!isOpen(rule) && !ahead.some(({ name }) => rule.demands.has(name))) ended[rule.side] = true
    return true
  })
}

function sameOnBothSides(alive: readonly ComparedRule[]): boolean {
  return changedRules(alive).size === 0
}

// The rules (by index) between those that both lists begin and end with. Where none of them matches, both answer alike.
function changedRules(alive: readonly ComparedRule[]): ReadonlySet<number> {
  const border = alive.findIndex(({ side }) => side === 1)
  const size = border < 0 ? alive.length : border
  const length = Math.min(size, alive.length - size)
  let start = 0
  while (start < length && alive[start]?.content === alive[size + start]?.content) start++
  let end = 0
  while (end < length - start && alive[size - 1 - end]?.content === alive[alive.length - 1 - end]?.content) end++
  const between = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, index) => from + index)
  return new Set([...between(start, size - end), ...between(size + start, alive.length - end)])
}

interface Meeting {
  /** The rules (by index) that ask something in this dimension and are content with these demands being met. */
  metBy(met: ReadonlySet<string>): number[]
  /** The rules that are left when of those that ask something only these are. */
  without(met: readonly number[]): ComparedRule[]
}

function createMeeting(rules: readonly ComparedRule[], dimension: string): Meeting {
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

function choicesAt(
  dimension: Dimension,
  asking: readonly ComparedRule[],
  chosen: Chosen,
): { readonly choices: readonly Combination[]; readonly complete: boolean } {
  const { name, choices, complete } = dimension
  const made = [...choices, ...filledIn(name, asking, chosen)]
  if (!name.startsWith(LABEL)) {
    const all = made.map(({ text, meets }) => ({ texts: [text], meets }))
    return asking.length === 0 ? { choices: all.slice(0, 1), complete: true } : { choices: all, complete }
  }
  if (asking.length === 0) return { choices: [NONE], complete: true }
  return combinationsOf(
    distinct(made, name, asking),
    2 * Math.max(...asking.map((rule) => rule.demands.get(name)?.length ?? 0)),
    complete,
  )
}

const NONE: Combination = { texts: [], meets: new Set() }

// Texts that rules with placeholders could be about, now that much of the request is known.
function filledIn(name: string, asking: readonly ComparedRule[], chosen: Chosen): Choice[] {
  const demands = asking.flatMap((rule) => rule.demands.get(name) ?? [])
  const texts = asking.flatMap(({ region, demands: own }) =>
    (own.get(name) ?? []).flatMap(({ condition }) => {
      if (condition?.template === undefined) return []
      const { fields, labels } = draftOf(chosen)
      return samplesOf(filledWith(condition, fields, labels, region))
    }),
  )
  return [...new Set(texts)].filter((text) => text !== '').map((text) => choiceOf(text, demands))
}

function distinct(choices: readonly Choice[], name: string, asking: readonly ComparedRule[]): Choice[] {
  const sensitive = asking.some((rule) => rule.mentions.has(name))
  const demanded = new Set(asking.flatMap((rule) => (rule.demands.get(name) ?? []).map(({ key }) => key)))
  const kinds = new Map<string, Choice>()
  for (const choice of choices) {
    const key =
      [...choice.meets]
        .filter((one) => demanded.has(one))
        .sort()
        .join('\n') + (sensitive ? `\n${choice.text}` : '')
    if (!kinds.has(key)) kinds.set(key, choice)
  }
  return [...kinds.values()]
}

// A first rule of each list decides. Each demand needs one value, so no more values than these two rules have demands tell them apart.
function combinationsOf(
  choices: readonly Choice[],
  size: number,
  complete: boolean,
): { choices: Combination[]; complete: boolean } {
  let sets: { readonly combination: Combination; readonly next: number }[] = [{ combination: NONE, next: 0 }]
  const all = [NONE]
  for (let round = 0; round < Math.max(1, size); round++) {
    sets = sets.flatMap(({ combination, next }) =>
      choices.slice(next).map(({ text, meets }, index) => ({
        combination: { texts: [...combination.texts, text], meets: new Set([...combination.meets, ...meets]) },
        next: next + index + 1,
      })),
    )
    if (round > 0 && all.length + sets.length > COMBINATIONS) return { choices: all, complete: false }
    all.push(...sets.map(({ combination }) => combination))
  }
  return { choices: all, complete }
}

function draftOf(chosen: Chosen): {
  fields: Readonly<Record<Field, string>>
  labels: Record<string, readonly string[]>
} {
  const [account = 'alice', type = 'repository', name = 'library/app', service = 'registry'] = FIELDS.map(
    (field) => chosen[field]?.[0],
  )
  const labels = Object.entries(chosen).filter(([key, values]) => key.startsWith(LABEL) && values.length > 0)
  return {
    fields: { account, type, name, service },
    labels: Object.fromEntries(labels.map(([key, values]) => [key.slice(LABEL.length), values])),
  }
}

function requestOf(chosen: Chosen, actions: readonly string[], now: number): Example {
  const { fields, labels } = draftOf(chosen)
  const { account, type, name, service } = fields
  const at = Number(chosen['time']?.[0] ?? now)
  const request: AuthorizationRequest = {
    identity: { account, labels, labelsArePatterns: true },
    resource: { type, name, actions },
    service,
    ip: chosen['ip']?.[0] ?? '',
  }
  return { request, at, timed: at !== now }
}
