// The line that docker_auth logs for every token: `New token for {USER:***@ADDRESS SCOPES} LABELS: CLAIMS`, in Go's formats but for the claims.
import { parseJson } from '../../lib/json.ts'
import type { Labels } from '../../protocol/identity.ts'
import type { ResourceActions } from '../../protocol/scope.ts'
import { isRecord, isTexts } from './log-token.ts'
import type { LogEntry, LoggedScope } from './log-token.ts'

/** What stands before the first brace of such a line. */
export const NEW_TOKEN = 'New token for '

// Inside the claims every quote is escaped, so that this stands nowhere behind their beginning.
const CLAIMS = ': {"iss":'

/**
 * Reads the line from its first brace on. Names may hold anything, so the text is held against the claims (which say what was granted,
 * scope by scope) rather than taken apart by its punctuation.
 */
export function parseDockerAuthToken(text: string): LogEntry {
  const end = text.lastIndexOf(CLAIMS)
  const claims = readClaims(end < 0 ? undefined : parseJson(text.slice(end + 2)))
  if (claims === undefined) return 'unreadable'
  const { account, service, time, access } = claims
  const cursor = createCursor(text.slice(0, end))
  // Without credentials the account is that of the query, and the user is empty.
  if (!cursor.skip(`{${account}:`) && !cursor.skip('{:')) return 'unreadable'
  cursor.skip('***')
  const address = cursor.skip('@') ? cursor.until(' ') : undefined
  const scopes = cursor.skip('[') ? readScopes(access, cursor) : undefined
  if (address === undefined || scopes === undefined || !cursor.skip(']}')) return 'unreadable'
  const labels = parseLabels(cursor.rest())
  if (labels === undefined) return 'unreadable'
  return {
    source: 'docker_auth',
    account,
    labels,
    labelsArePatterns: true,
    labelsAreCertain: Object.values(labels).every((values) => values.length < 2),
    service,
    ip: withoutPort(address),
    time,
    scopes,
  }
}

interface Claims {
  readonly account: string
  readonly service: string
  readonly time: number
  readonly access: readonly ResourceActions[]
}

// What a Date can hold.
const LAST_SECOND = 8.64e12

function readClaims(value: unknown): Claims | undefined {
  if (!isRecord(value)) return undefined
  const { sub: account, aud, iat, access } = value
  const service = isTexts(aud) ? aud[0] : aud
  if (typeof account !== 'string' || typeof service !== 'string') return undefined
  if (typeof iat !== 'number' || !(Math.abs(iat) <= LAST_SECOND)) return undefined
  if (!Array.isArray(access) || !access.every(isAccess)) return undefined
  return { account, service, time: iat * 1000, access }
}

function isAccess(value: unknown): value is ResourceActions {
  return (
    isRecord(value) &&
    typeof value['type'] === 'string' &&
    typeof value['name'] === 'string' &&
    isTexts(value['actions'])
  )
}

// Each scope is `{TYPE CLASS NAME [ACTION ACTION]}`, the class mostly empty; the first versions had none and wrote no second space.
function readScopes(access: readonly ResourceActions[], cursor: Cursor): LoggedScope[] | undefined {
  const scopes: LoggedScope[] = []
  for (const { type, name, actions: granted } of access) {
    if (scopes.length > 0) cursor.skip(' ')
    if (!cursor.skip(`{${type} `)) return undefined
    if (!cursor.skip(`${name} [`) && !(cursor.until(' ') !== undefined && cursor.skip(`${name} [`))) return undefined
    const texts = cursor.until(']}')
    if (texts === undefined) return undefined
    const actions = [...new Set(words(texts))]
    scopes.push({ asked: { type, name, actions }, granted: actions.filter((action) => granted.includes(action)) })
  }
  return scopes
}

/** Goes through a text from its beginning. `until` answers what stands before a mark and steps behind it. */
interface Cursor {
  skip(expected: string): boolean
  until(mark: string): string | undefined
  rest(): string
}

function createCursor(text: string): Cursor {
  let at = 0
  return {
    skip(expected) {
      if (!text.startsWith(expected, at)) return false
      at += expected.length
      return true
    },
    until(mark) {
      const end = text.indexOf(mark, at)
      if (end < 0) return undefined
      const passed = text.slice(at, end)
      at = end + mark.length
      return passed
    },
    rest: () => text.slice(at),
  }
}

const LABEL = /([^\s:]+):\[(.*?)\](?: (?=[^\s:]+:\[)|$)/suy

// ` map[group:[dev ops] team:[web]]`; the first versions knew no labels.
function parseLabels(text: string): Labels | undefined {
  if (text === '') return {}
  const body = /^ map\[(.*)\]$/su.exec(text)?.[1]
  if (body === undefined) return undefined
  const labels: [string, string[]][] = []
  for (let at = 0; at < body.length; at = LABEL.lastIndex) {
    LABEL.lastIndex = at
    const [matched, label = '', values = ''] = LABEL.exec(body) ?? []
    if (matched === undefined) return undefined
    labels.push([label, words(values)])
  }
  return Object.fromEntries(labels)
}

function words(text: string): string[] {
  return text.split(' ').filter((word) => word !== '')
}

// `192.0.2.1:51234`, `[2001:db8::1]:51234`, or without a port where a proxy said who it was.
function withoutPort(address: string): string {
  const [, v6, other] = /^(?:\[(.+)\]:\d+|([^:]+):\d+)$/.exec(address) ?? []
  return v6 ?? other ?? address
}
