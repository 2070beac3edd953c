// The access list's semantics written down as plainly as possible, to compare the real one with: it tries everything and shares nothing.
import { RE2JS } from 're2js'
import { globMatches, networkHolds, timeHolds } from './naive-match.ts'

/** A rule as it is configured. */
export interface NaiveEntry {
  readonly match: {
    readonly account?: string | undefined
    readonly type?: string | undefined
    readonly name?: string | undefined
    readonly service?: string | undefined
    readonly ip?: string | readonly string[] | undefined
    readonly labels?: Readonly<Record<string, string>> | undefined
    readonly requires_labels?: Readonly<Record<string, string | readonly string[]>> | undefined
    readonly time?: Parameters<typeof timeHolds>[0] | undefined
  }
  readonly actions: readonly string[]
}

export interface NaiveRequest {
  readonly identity: {
    readonly account: string
    readonly labels: Readonly<Record<string, readonly string[]>>
    readonly labelsArePatterns: boolean
  }
  readonly resource: { readonly type: string; readonly name: string; readonly actions: readonly string[] }
  readonly service: string
  readonly ip: string
}

/** The first rule that matches, by its place in the list, and what it grants. */
export function naivelyDecides(
  entries: readonly NaiveEntry[],
  syntax: 1 | 2,
  request: NaiveRequest,
  now: number,
): { readonly number: number; readonly actions: readonly string[] } | undefined {
  const number = entries.findIndex((entry) => naivelyMatches(entry, syntax, request, now))
  const allowed = entries[number]?.actions
  if (allowed === undefined) return undefined
  const asked = request.resource.actions
  const isAll = allowed.length === 1 && allowed[0] === '*'
  return { number, actions: isAll ? asked : asked.filter((action) => allowed.includes(action)) }
}

const FIELDS = ['account', 'type', 'name', 'service'] as const

/** Whether the rule matches. */
export function naivelyMatches({ match }: NaiveEntry, syntax: 1 | 2, request: NaiveRequest, now: number): boolean {
  const { identity, resource, service, ip } = request
  const values = { account: identity.account, type: resource.type, name: resource.name, service }

  const replacements = (pattern: string): Map<string, string> => {
    const map = new Map<string, string>()
    if (!pattern.includes('${')) return map
    for (const field of FIELDS) {
      map.set(`\${${field}}`, quote(pattern, values[field]))
      const own = match[field]
      if (own === undefined || !isRegex(own)) continue
      const groups = groupsOf(own.slice(1, -1), values[field])
      for (const [number, group] of groups.entries()) map.set(`\${${field}:${number}}`, quote(pattern, group))
    }
    return map
  }

  const matches = (pattern: string, subject: string, map: ReadonlyMap<string, string>): boolean => {
    const parts = pattern.split(/(\$\{[^}]*\})/).map((part) => map.get(part) ?? part)
    if (!isRegex(pattern)) return globMatches(joined(pattern, parts, map), subject, syntax)
    const filled = parts.join('')
    return filled === '//' ? subject === '//' : expression(filled.slice(1, -1))?.test(subject) === true
  }

  const matchesField = (pattern: string, subject: string): boolean => {
    const map = replacements(pattern)
    if (matches(pattern, subject, map)) return true
    const labels = Object.entries(identity.labels).filter(([label]) => pattern.includes(`\${labels:${label}}`))
    if (labels.length === 0) return false
    let maps = [map]
    for (const [label, texts] of labels) {
      const sources = texts.map((text) => (identity.labelsArePatterns ? text : quote(pattern, text)))
      maps = maps.flatMap((one) => sources.map((source) => new Map([...one, [`\${labels:${label}}`, source]])))
    }
    return maps.some((one) => matches(pattern, subject, one))
  }

  const matchesLabel = (label: string, pattern: string): boolean =>
    (Object.hasOwn(identity.labels, label) ? identity.labels[label]! : []).some((value) =>
      matches(pattern, value, replacements(pattern)),
    )

  return (
    FIELDS.every((field) => match[field] === undefined || matchesField(match[field], values[field])) &&
    (match.ip === undefined || [match.ip].flat().some((network) => networkHolds(network, ip))) &&
    (match.time === undefined || timeHolds(match.time, now)) &&
    Object.entries(match.labels ?? {}).every(([label, pattern]) => matchesLabel(label, pattern)) &&
    Object.entries(match.requires_labels ?? {}).every(([label, patterns]) =>
      [patterns].flat().every((pattern) => matchesLabel(label, pattern)),
    )
  )
}

// Where stars may not become a pair: around what was filled in. What only looks like a placeholder is text like any other.
function joined(pattern: string, parts: readonly string[], map: ReadonlyMap<string, string>): string[] {
  const written = pattern.split(/(\$\{[^}]*\})/)
  const result = ['']
  for (const [index, part] of parts.entries()) {
    if (map.has(written[index]!)) result.push(part, '')
    else result.push((result.pop() ?? '') + part)
  }
  return result
}

function isRegex(pattern: string): boolean {
  return pattern.length > 2 && pattern.startsWith('/') && pattern.endsWith('/')
}

function quote(pattern: string, text: string): string {
  return text.replace(isRegex(pattern) ? /[\\.+*?()|[\]{}^$]/g : /[*?[\]\\^-]/g, '\\$&')
}

const expressions = new Map<string, RE2JS | undefined>()

function expression(source: string): RE2JS | undefined {
  if (!expressions.has(source)) {
    if (expressions.size > 5_000) expressions.clear()
    try {
      expressions.set(source, RE2JS.compile(source))
    } catch {
      expressions.set(source, undefined)
    }
  }
  return expressions.get(source)
}

function groupsOf(source: string, text: string): string[] {
  const matcher = expression(source)?.matcher(text)
  if (matcher?.find() !== true) return []
  return Array.from({ length: matcher.groupCount() + 1 }, (_, group) => matcher.group(group) ?? '')
}
