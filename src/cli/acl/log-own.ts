// The token line of our own log, as auth/issuer.ts writes it.
import type { Labels } from '../../protocol/identity.ts'
import { parseScope } from '../../protocol/scope.ts'
import type { ResourceActions } from '../../protocol/scope.ts'
import { isRecord, isTexts } from './log-token.ts'
import type { LogEntry, LoggedScope } from './log-token.ts'

// A login is granted without any scope; a refusal or an outage says nothing about rules.
const DECIDED = ['granted', 'partial', 'denied']

/** Reads the fields of a line whose message is `token`. The labels in it are those that the rules of that time compared. */
export function parseOwnToken(line: Readonly<Record<string, unknown>>): LogEntry {
  const { account, service, ip, outcome, labels = {} } = line
  if (typeof outcome !== 'string') return 'unreadable'
  if (!DECIDED.includes(outcome)) return 'undecided'
  const time = typeof line['time'] === 'string' ? Date.parse(line['time']) : NaN
  const scopes = readScopes(line)
  if (typeof account !== 'string' || typeof service !== 'string' || typeof ip !== 'string') return 'unreadable'
  if (scopes === undefined || Number.isNaN(time) || !isLabels(labels)) return 'unreadable'
  return {
    source: 'registry-auth',
    account,
    labels,
    labelsArePatterns: line['quoted_labels'] !== true,
    labelsAreCertain: true,
    service,
    ip,
    time,
    scopes,
  }
}

function readScopes({
  asked: wanted,
  granted: given,
  rules: named,
}: Readonly<Record<string, unknown>>): LoggedScope[] | undefined {
  const asked = parseScopes(wanted)
  const granted = given === wanted ? asked : parseScopes(given)
  if (asked === undefined || granted === undefined) return undefined
  const rules = typeof named === 'string' ? named.split(' ') : []
  // A file's name may hold a space; then nobody can tell which rule is whose.
  const rulesAreKnown = rules.length === asked.length
  return asked.map((scope, index) => ({
    asked: scope,
    granted: scope.actions.filter((action) =>
      granted.some((one) => isSame(one, scope) && one.actions.includes(action)),
    ),
    rule: rulesAreKnown ? rules[index] : undefined,
  }))
}

function parseScopes(text: unknown): ResourceActions[] | undefined {
  if (typeof text !== 'string') return undefined
  const scopes: ResourceActions[] = []
  for (const one of text === '' ? [] : text.split(' ')) {
    const scope = parseScope(one)
    if (scope === undefined) return undefined
    scopes.push(scope)
  }
  return scopes
}

// What is granted does not depend on the other scopes of the request, so scopes that stand there twice need not be told apart.
function isSame(one: ResourceActions, other: ResourceActions): boolean {
  return one.name === other.name && one.type === other.type
}

function isLabels(value: unknown): value is Labels {
  return isRecord(value) && Object.values(value).every(isTexts)
}
