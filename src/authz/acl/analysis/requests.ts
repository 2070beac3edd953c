// Finds requests that two lists may answer differently: one for every way of meeting the demands of their rules, where they differ.
import type { AuthorizationRequest } from '../../authorizer.ts'
import type { AclList } from '../list.ts'
import { changedRules, relevantRules } from './alike.ts'
import { comparedRules, isOpen } from './compared-rule.ts'
import type { ComparedRule } from './compared-rule.ts'
import { choicesAt, dimensionsOf, draftOf } from './dimensions.ts'
import type { Chosen, Dimension } from './dimensions.ts'
import type { Example } from './example.ts'
import { createMeeting } from './meeting.ts'

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

const TIMES = 'time: a week from now and the weeks around each date, at the times that rules name'

/** Walks through the dimensions, and leaves a branch where both lists have the same rules left. */
export function walkRequests(old: AclList, next: AclList, actions: readonly string[], now: number): Walk {
  const rules = relevantRules([...comparedRules(old.rules, 0), ...comparedRules(next.rules, 1)])
  const dimensions = dimensionsOf(rules, now)
  const sampled = new Set<string>()
  let work = WORK
  let leaves = LEAVES

  function* walk(depth: number, left: readonly ComparedRule[], chosen: Chosen, told: boolean): Generator<Candidate> {
    const alive = cut(left, dimensions.slice(depth))
    const changed = changedRules(alive)
    if (changed.size === 0) return
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
    if (!complete) sampled.add(name === 'time' ? TIMES : `${name}: too many ways to try all of them`)
    const sensitive =
      asking.some((rule) => rule.mentions.has(name)) ||
      unsure.some(({ condition }) => condition?.template !== undefined)
    const meeting = createMeeting(alive, name)
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

// Rules behind one that surely matches decide nothing.
function cut(rules: readonly ComparedRule[], ahead: readonly Dimension[]): ComparedRule[] {
  const ended = [false, false]
  return rules.filter((rule) => {
    if (ended[rule.side] === true) return false
    if (!isOpen(rule) && !ahead.some(({ name }) => rule.demands.has(name))) ended[rule.side] = true
    return true
  })
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
