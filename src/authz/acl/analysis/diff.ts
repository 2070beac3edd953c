// What two access lists answer differently, by example.
import { parseScope, formatScope } from '../../../protocol/scope.ts'
import type { AuthorizationRequest } from '../../authorizer.ts'
import type { Acl } from '../acl.ts'
import type { AclList } from '../list.ts'
import { describeExample } from './example.ts'
import type { Example } from './example.ts'
import { asNobody, naturalize } from './natural.ts'
import { regionOf } from './region.ts'
import type { Region } from './region.ts'
import { walkRequests } from './requests.ts'

/** A request that is answered differently, for the actions that make the difference, in words, and when (ms since 1970). */
export interface DifferentRequest {
  readonly text: string
  readonly request: AuthorizationRequest
  readonly at: number
}

/** Requests that are decided by one rule of each list, or by none, with another outcome. `proved` is false where only samples were tried. */
export interface Difference extends Change {
  readonly examples: readonly DifferentRequest[]
  readonly proved: boolean
}

/** `sampled` says what was only tried with samples; where it is empty, there are no other differences (between texts without control characters). */
export interface Diff {
  readonly differences: readonly Difference[]
  readonly sampled: readonly string[]
}

interface Change {
  readonly old: string | undefined
  readonly new: string | undefined
  readonly gains: readonly string[]
  readonly loses: readonly string[]
}

interface Group extends Change {
  readonly key: string
  readonly examples: readonly Example[]
  readonly proved: boolean
}

const EXAMPLES = 2
// More differences than these nobody reads; their examples stay as they were found.
const NATURAL = 500

/**
 * Asks both lists for all actions that any of their rules names. `now` is in ms since 1970. A rule that denies grants as much as no
 * rule. The simplest differences come first.
 */
export function diffLists(old: AclList, next: AclList, now: number): Diff {
  const named = [...old.rules, ...next.rules].flatMap(({ entry }) => entry.actions)
  const actions = [...new Set(['pull', 'push', 'delete', '*', ...named])].sort()
  const { sampled, candidates } = walkRequests(old, next, actions, now)
  const groups = new Map<string, Group>()
  for (const candidate of candidates) {
    const change = compare(old.acl, next.acl, candidate)
    if (change === undefined) continue
    const key = JSON.stringify(change)
    const group = groups.get(key) ?? { ...change, key, examples: [], proved: true }
    const examples = [...group.examples, candidate].sort((one, other) => sizeOf(one) - sizeOf(other))
    groups.set(key, { ...group, examples: examples.slice(0, EXAMPLES), proved: group.proved && candidate.told })
  }
  const regionsOf = createRegionsOf(old, next)
  const differences = [...groups.values()].sort(bySimplicity).map((group, index) => {
    const examples = index < NATURAL ? naturalOf(group, regionsOf(group)) : group.examples
    const { gains, loses, proved } = group
    return { old: group.old, new: group.new, gains, loses, proved, examples: examples.map((one) => shown(one, group)) }
  })
  return { differences, sampled: [...sampled] }

  function naturalOf({ key, examples, gains }: Group, regions: readonly Region[]): Example[] {
    const shows = (example: Example): boolean => JSON.stringify(compare(old.acl, next.acl, example)) === key
    const natural = examples.map((example) => naturalize(example, regions, now, shows))
    const nobody = gains.length === 0 ? [] : natural.map(asNobody).filter(shows)
    const [first, ...others] = natural
    const all = first === undefined ? [] : [first, ...nobody, ...others]
    return [...new Map(all.map((example) => [describeExample(example), example])).values()].slice(0, EXAMPLES)
  }
}

function compare(old: Acl, next: Acl, { request, at }: Example): Change | undefined {
  if (parseScope(formatScope(request.resource)) === undefined) return undefined
  const [before, after] = [decide(old, request, at), decide(next, request, at)]
  const gains = after.actions.filter((action) => !before.actions.includes(action))
  const loses = before.actions.filter((action) => !after.actions.includes(action))
  if (gains.length === 0 && loses.length === 0) return undefined
  const tells = telling([...gains, ...loses], request.resource.type)
  return { old: before.rule, new: after.rule, gains: gains.filter(tells), loses: loses.filter(tells) }
}

function decide(
  acl: Acl,
  request: AuthorizationRequest,
  at: number,
): { readonly actions: readonly string[]; readonly rule: string | undefined } {
  const answer = acl.decide(request, at)
  return answer.outcome === 'no-match'
    ? { actions: [], rule: undefined }
    : { actions: answer.actions, rule: answer.rule }
}

// Only the registry's catalog is asked for with a literal `*`: elsewhere it counts where nothing else differs.
function telling(actions: readonly string[], type: string): (action: string) => boolean {
  const tells = (action: string): boolean => (action === '*') === (type === 'registry')
  return actions.some(tells) ? tells : () => true
}

function shown(example: Example, { gains, loses }: Change): DifferentRequest {
  const { request, at } = example
  const resource = { ...request.resource, actions: [...gains, ...loses].sort() }
  const asked = { ...request, resource }
  return { text: describeExample({ ...example, request: asked }), request: asked, at }
}

function createRegionsOf(old: AclList, next: AclList): (change: Change) => Region[] {
  const [before, after] = [old, next].map(({ rules }) => new Map(rules.map((rule) => [rule.name, rule])))
  return (change) =>
    [after?.get(change.new ?? ''), before?.get(change.old ?? '')].flatMap((rule) =>
      rule === undefined ? [] : regionOf(rule),
    )
}

function bySimplicity(one: Group, other: Group): number {
  const [first, second] = [one, other].map(({ examples: [example] }) => (example === undefined ? 0 : sizeOf(example)))
  return (first ?? 0) - (second ?? 0)
}

// Who needs more labels is less simple than who has a longer name.
function sizeOf({ request: { identity, resource }, timed }: Example): number {
  const { account, labels } = identity
  return (
    1000 * Object.values(labels).flat().length +
    (timed ? 100 : 0) +
    JSON.stringify([account, labels, resource.name]).length
  )
}
