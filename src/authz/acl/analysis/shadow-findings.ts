// What is said about rules that decide nothing.
import { isDeepStrictEqual } from 'node:util'
import type { AclList, ListedRule } from '../list.ts'
import { exampleOf } from './example.ts'
import { findingAt, listed, showExample } from './finding.ts'
import type { Finding } from './finding.ts'
import type { Region } from './region.ts'

/** A rule with a condition that nothing meets. */
export function neverMatches(rule: ListedRule, path: readonly string[]): Finding {
  return findingAt(rule, path, {
    kind: 'never',
    message: `${path.join('.')} is a malformed pattern`,
    why: 'a pattern with an open bracket or a lone backslash matches nothing, so the rule never matches',
    fix: 'close the bracket, or put a backslash before the character',
  })
}

/** A rule behind one that matches whatever it matches. */
export function describeShadow(
  rule: ListedRule,
  region: Region,
  by: ListedRule,
  proved: boolean,
  list: AclList,
  now: number,
): Finding {
  const same = isDeepStrictEqual(rule.entry.match, by.entry.match) && rule.syntax === by.syntax
  const asked = rule.entry.actions.filter((action) => action !== '*')
  const example = exampleOf(rule, region, asked.length > 0 ? asked : ['pull'], now)
  const where = by.name === by.position ? by.name : `${by.name} (${by.position})`
  const covered = proved
    ? 'matches every request that this rule matches'
    : 'seems to match every request that this rule matches'
  return findingAt(rule, [], {
    kind: same ? 'duplicate' : 'shadowed',
    proved,
    message: same ? `never decides: ${where} has the same conditions` : `never decides: ${where} ${covered}`,
    why: `the first rule that matches decides, and ${by.name} ${compared(rule.entry.actions, by.entry.actions)}`,
    example: example && showExample(example, list.acl),
    fix: `remove it, move it before ${by.name}, or make ${by.name} match less`,
  })
}

function compared(own: readonly string[], other: readonly string[]): string {
  const grants = `grants ${listed(other)}`
  if (own.length === 0) return other.length === 0 ? 'denies as well' : `${grants}, which this rule was to deny`
  const more = other.includes('*') || own.every((action) => other.includes(action))
  const less = own.includes('*') || other.every((action) => own.includes(action))
  if (more && less && own.includes('*') === other.includes('*')) return 'grants the same'
  if (more && !(own.includes('*') && !other.includes('*'))) return `grants more: ${listed(other)}, not ${listed(own)}`
  return less ? `grants less: ${listed(other)}, not ${listed(own)}` : `${grants}, not ${listed(own)}`
}
