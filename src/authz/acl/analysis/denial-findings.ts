// Denials that come too late: what they should take away was granted before, and behind them nobody grants anything.
import { compileAcl } from '../acl.ts'
import type { AclList, ListedRule } from '../list.ts'
import { areApart } from './alike.ts'
import { asked, findingAt, showExample } from './finding.ts'
import type { Finding } from './finding.ts'
import { exampleOf } from './example.ts'
import type { Example } from './example.ts'
import type { Region } from './region.ts'

// So many denials, and so many rules around each of them, are looked at in the longest list.
const DENIALS = 100
const RULES = 2_000

/** Denials in vain; `regions` are those of the rules, and `skipped` are rules (by index) of which enough was said. */
export function lateDenials(
  list: AclList,
  regions: readonly Region[],
  skipped: ReadonlySet<number>,
  now: number,
): ReadonlyMap<number, Finding> {
  const denials = [...list.rules.entries()].filter(
    ([index, rule]) => rule.entry.actions.length === 0 && !skipped.has(index) && isSpecific(regions[index]),
  )
  return new Map(
    denials.slice(0, DENIALS).flatMap(([index, rule]) => {
      const region = regions[index]
      if (region === undefined || takesAway(list, regions, index, region)) return []
      const example = grantedBefore(list, regions, index, region, now)
      return example === undefined ? [] : [[index, finding(rule, example, list)]]
    }),
  )
}

// A denial of all that is left, or of all of somebody who may only do certain things, is meant for what nobody thought of.
function isSpecific(region: Region | undefined): boolean {
  if (region === undefined || region.never !== undefined) return false
  const { account, name } = region.fields
  return name !== undefined || region.labels.length > 0 || (account?.literal ?? '') !== ''
}

function takesAway(list: AclList, regions: readonly Region[], index: number, region: Region): boolean {
  const behind = list.rules.slice(index + 1)
  if (behind.length > RULES) return true
  return behind.some((rule, offset) => {
    const other = regions[index + 1 + offset]
    return rule.entry.actions.length > 0 && other?.never === undefined && (!other || !areApart(region, other))
  })
}

// A request of the denied that an earlier rule grants: that rule's own, asked by them, or for what is denied.
function grantedBefore(
  list: AclList,
  regions: readonly Region[],
  index: number,
  region: Region,
  now: number,
): Example | undefined {
  const denial = list.rules[index]
  const denied = denial && exampleOf(denial, region, ['pull'], now)
  if (denial === undefined || denied === undefined) return undefined
  const { acl: alone } = compileAcl([denial])
  for (const [place, rule] of list.rules.slice(0, Math.min(index, RULES)).entries()) {
    const other = regions[place]
    if (rule.entry.actions.length === 0 || other === undefined) continue
    if (areApart(region, other) || !isForMore(other, region)) continue
    const example = exampleOf(rule, other, asked(rule, other), now)
    const found =
      example &&
      mixed(denied, example, region).find(({ request, at }) => {
        const answer = list.acl.decide(request, at)
        if (answer.outcome === 'no-match' || answer.rule !== rule.name || answer.actions.length === 0) return false
        return alone?.decide(request, at).outcome === 'decided'
      })
    if (found !== undefined) return found
  }
  return undefined
}

const SOMEBODY = 'somebody-else'

// Exceptions for few are meant to stand before a denial for many; a rule for more people than the denial is about is none.
function isForMore(granting: Region, denying: Region): boolean {
  const [ip, deniedIp] = [granting, denying].map(({ match }) => JSON.stringify(match.ip))
  if (granting.time !== undefined || (ip !== undefined && ip !== deniedIp)) return false
  const isShared = ({ label, condition }: Region['labels'][number]): boolean =>
    denying.labels.some((own) => own.label === label && own.condition.key === condition.key)
  if (!granting.labels.every(isShared)) return false
  const { account, ...others } = granting.fields
  const filled = Object.values(others).flatMap(({ template }) => template?.placeholders ?? [])
  if (filled.some(({ kind }) => kind === 'label')) return false
  if (account === undefined || account.matches?.(SOMEBODY) === true) return true
  return denying.fields.account?.literal !== undefined && account.literal === undefined
}

function mixed(denied: Example, granted: Example, { fields }: Region): Example[] {
  const { identity, resource, ip } = denied.request
  const labels = { ...granted.request.identity.labels, ...identity.labels }
  const account = fields.account === undefined ? granted.request.identity.account : identity.account
  const request = {
    ...granted.request,
    identity: { ...identity, account, labels },
    ip: ip === '' ? granted.request.ip : ip,
  }
  const own = { ...granted.request.resource, name: resource.name }
  return [request, { ...request, resource: own }].map((one) => ({ ...granted, request: one }))
}

function finding(rule: ListedRule, example: Example, list: AclList): Finding {
  const answer = list.acl.decide(example.request, example.at)
  const by = answer.outcome === 'decided' ? answer.rule : undefined
  const name = by ?? 'an earlier rule'
  return findingAt(rule, [], {
    kind: 'denial',
    by,
    message: 'denies in vain: no rule behind it grants what it denies, and an earlier one does',
    why: `the first rule that matches decides, and ${name} comes first`,
    example: showExample(example, list.acl),
    fix: `move it before ${name}, or remove it`,
  })
}
