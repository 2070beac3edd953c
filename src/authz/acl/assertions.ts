// The tests of an access list: requests written beside the rules, with what they have to be granted.
import { formatScope } from '../../protocol/scope.ts'
import type { AuthorizationRequest } from '../authorizer.ts'
import type { Acl } from './acl.ts'
import type { AclTestConfig } from './config.ts'
import { parseMoment } from './time.ts'

/**
 * Why a test does not hold, in one sentence that says who asks for what from where, what was expected and what came of it; undefined
 * when it holds. `now` (ms since 1970) is for tests that do not say when.
 */
export function failureOf(test: AclTestConfig, acl: Acl, now: number): string | undefined {
  const moment = test.at === undefined ? undefined : parseMoment(test.at)
  const answer = acl.decide(requestOf(test), moment ?? now)
  const { actions, rule } = answer.outcome === 'decided' ? answer : { actions: [] }
  if (same(actions, test.expect) && (test.rule === undefined || test.rule === rule)) return undefined
  const got = answer.outcome === 'decided' ? listed(actions, rule) : 'nothing, because no rule matches'
  return `${asking(test)}: expected ${listed(test.expect, test.rule)}${beyond(test)}, got ${got}${remark(test)}`
}

/** The request that a test is about. */
export function requestOf({ account, labels, quoted_labels, scope, service, ip }: AclTestConfig): AuthorizationRequest {
  const values = Object.fromEntries(Object.entries(labels).map(([label, value]) => [label, [value].flat()]))
  return {
    identity: { account, labels: values, labelsArePatterns: quoted_labels === 'false' },
    resource: scope,
    service,
    ip,
  }
}

function asking({ account, labels, ip, service, scope, at }: AclTestConfig): string {
  const values = Object.entries(labels).flatMap(([name, list]) => [list].flat().map((value) => `${name}=${value}`))
  const parts = [
    account === '' ? 'anonymous' : account,
    ...(values.length === 0 ? [] : [`(${values.join(', ')})`]),
    ...(ip === '' ? [] : [`from ${ip}`]),
    `asks for ${formatScope(scope)}`,
    ...(service === '' ? [] : [`on ${service}`]),
    ...(at === undefined ? [] : [`at ${at}`]),
  ]
  return parts.join(' ')
}

// Nothing is granted that was not asked for, so such a test cannot hold, whatever the rules say.
function beyond({ expect, scope }: AclTestConfig): string {
  const unasked = expect.filter((action) => !scope.actions.includes(action))
  return unasked.length === 0 ? '' : ` (${unasked.join(',')} is not asked for)`
}

function remark({ comment = '' }: AclTestConfig): string {
  return comment === '' ? '' : ` (${comment})`
}

function same(one: readonly string[], other: readonly string[]): boolean {
  return new Set(one).size === new Set(other).size && one.every((action) => other.includes(action))
}

function listed(actions: readonly string[], rule: string | undefined): string {
  return `${actions.length === 0 ? 'nothing' : actions.join(',')}${rule === undefined ? '' : ` by rule ${rule}`}`
}
