// What two access lists answer differently, by example.
import { parseScope, formatScope } from '../../../protocol/scope.ts'
import type { Acl } from '../acl.ts'
import type { AclList } from '../list.ts'
import type { Example } from './example.ts'
import { walkRequests } from './requests.ts'

/** Requests that are decided by one rule of each list, or by none, with another outcome. `proved` is false where only samples were tried. */
export interface Difference {
  readonly old: string | undefined
  readonly new: string | undefined
  readonly gains: readonly string[]
  readonly loses: readonly string[]
  readonly examples: readonly Example[]
  readonly proved: boolean
}

/** `sampled` says what was only tried with samples; where it is empty, there are no other differences (between texts without control characters). */
export interface Diff {
  readonly differences: readonly Difference[]
  readonly sampled: readonly string[]
}

const EXAMPLES = 2

/** Asks both lists for all actions that any of their rules names. `now` is in ms since 1970. A rule that denies grants as much as no rule. */
export function diffLists(old: AclList, next: AclList, now: number): Diff {
  const named = [...old.rules, ...next.rules].flatMap(({ entry }) => entry.actions)
  const actions = [...new Set(['pull', 'push', 'delete', '*', ...named])].sort()
  const { sampled, candidates } = walkRequests(old, next, actions, now)
  const groups = new Map<string, Difference>()
  for (const candidate of candidates) {
    const { request, at, timed, told } = candidate
    if (parseScope(formatScope(request.resource)) === undefined) continue
    const [before, after] = [decide(old.acl, candidate), decide(next.acl, candidate)]
    const gains = after.actions.filter((action) => !before.actions.includes(action))
    const loses = before.actions.filter((action) => !after.actions.includes(action))
    if (gains.length === 0 && loses.length === 0) continue
    const key = JSON.stringify([before.rule, after.rule, gains, loses])
    const group = groups.get(key) ?? { old: before.rule, new: after.rule, gains, loses, examples: [], proved: true }
    const examples = [...group.examples, { request, at, timed }].sort((one, other) => sizeOf(one) - sizeOf(other))
    groups.set(key, { ...group, examples: examples.slice(0, EXAMPLES), proved: group.proved && told })
  }
  return { differences: [...groups.values()], sampled: [...sampled] }
}

function decide(
  acl: Acl,
  { request, at }: Example,
): { readonly actions: readonly string[]; readonly rule: string | undefined } {
  const answer = acl.decide(request, at)
  return answer.outcome === 'no-match'
    ? { actions: [], rule: undefined }
    : { actions: answer.actions, rule: answer.rule }
}

function sizeOf({ request: { identity, resource } }: Example): number {
  return JSON.stringify([identity, resource.name]).length
}
