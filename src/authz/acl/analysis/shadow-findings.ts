// What is said about rules that decide nothing.
import { isDeepStrictEqual } from 'node:util'
import type { AclList, ListedRule } from '../list.ts'
import { exampleOf } from './example.ts'
import { asked, findingAt, listed, showExample } from './finding.ts'
import type { Finding } from './finding.ts'
import type { Region } from './region.ts'

/** A rule with a condition that nothing meets. */
export function neverMatches(rule: ListedRule, path: readonly (string | number)[]): Finding {
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
  const example = exampleOf(rule, region, asked(rule, region), now)
  const where = by.name === by.position ? by.name : `${by.name} (${by.position})`
  const requests = rule.entry.match.type === undefined && by.entry.match.type !== undefined ? 'for repositories ' : ''
  const covered = `${proved ? 'matches' : 'seems to match'} every request ${requests}that this rule matches`
  const decision = compared(rule.entry.actions, by.entry.actions)
  const isRedundant = decision === GRANTS_THE_SAME || decision === DENIES_AS_WELL
  return findingAt(rule, [], {
    kind: same ? 'duplicate' : 'shadowed',
    proved,
    by: by.name,
    message: same ? `never decides: ${where} has the same conditions` : `never decides: ${where} ${covered}`,
    why: `the first rule that matches decides, and ${by.name} ${decision}`,
    example: example && showExample(example, list.acl),
    fix: isRedundant ? 'remove it: nothing changes' : `move it before ${by.name}, or remove it`,
  })
}

const GRANTS_THE_SAME = 'grants the same'
const DENIES_AS_WELL = 'denies as well'

function compared(own: readonly string[], other: readonly string[]): string {
  const grants = `grants ${listed(other)}`
  if (own.length === 0) return other.length === 0 ? DENIES_AS_WELL : `${grants}, which this rule was to deny`
  const more = other.includes('*') || own.every((action) => other.includes(action))
  const less = own.includes('*') || other.every((action) => own.includes(action))
  if (more && less && own.includes('*') === other.includes('*')) return GRANTS_THE_SAME
  if (more && !(own.includes('*') && !other.includes('*'))) return `grants more: ${listed(other)}, not ${listed(own)}`
  return less ? `grants less: ${listed(other)}, not ${listed(own)}` : `${grants}, not ${listed(own)}`
}
