// The tests of an access list: requests written beside the rules, with what they have to be granted.
import { formatScope } from '../../protocol/scope.ts'
import type { AuthorizationRequest } from '../authorizer.ts'
import type { Acl } from './acl.ts'
import type { AclTestConfig } from './config.ts'

/** Why a test does not hold, in one sentence; undefined when it does. `now` is for tests that do not say when. */
export function failureOf(test: AclTestConfig, acl: Acl, now: number): string | undefined {
  const answer = acl.decide(requestOf(test), test.at === undefined ? now : Date.parse(test.at))
  const rule = answer.outcome === 'decided' ? (answer.rule ?? 'a rule') : 'no rule'
  const granted = answer.outcome === 'decided' ? answer.actions : []
  const wrong = !same(granted, test.expect)
  if (!wrong && (test.rule === undefined || test.rule === rule)) return undefined
  const expected = wrong ? `not ${listed(test.expect)}` : `but ${test.rule ?? ''} was to decide`
  return `${who(test)} asks for ${formatScope(test.scope)} and is granted ${listed(granted)} by ${rule}, ${expected}`
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

function who({ account, ip }: AclTestConfig): string {
  return `${account === '' ? 'anonymous' : account}${ip === '' ? '' : ` from ${ip}`}`
}

function same(one: readonly string[], other: readonly string[]): boolean {
  return new Set(one).size === new Set(other).size && one.every((action) => other.includes(action))
}

function listed(actions: readonly string[]): string {
  return actions.length === 0 ? 'nothing' : actions.join(',')
}
