// The access list's semantics written down as plainly as possible, to compare the real one with: no compiling ahead, no pruning, no order of checks.
import { compileGlob, quoteGlob } from '../../../src/lib/glob.ts'
import { compileIpPattern, parseIp } from '../../../src/lib/ip.ts'
import { compileRegex, quoteRegex } from '../../../src/lib/regex.ts'
import type { AclEntryConfig, AuthorizationRequest } from '../../../src/authz/index.ts'

const FIELDS = ['account', 'type', 'name', 'service'] as const

/** Whether the rule matches, by trying everything. */
export function naivelyMatches({ match }: AclEntryConfig, request: AuthorizationRequest): boolean {
  const { identity, resource, service, ip } = request
  const values = { account: identity.account, type: resource.type, name: resource.name, service }

  const isRegex = (pattern: string): boolean => pattern.length > 2 && pattern.startsWith('/') && pattern.endsWith('/')

  const replacements = (pattern: string): Map<string, string> => {
    const quote = isRegex(pattern) ? quoteRegex : quoteGlob
    const map = new Map<string, string>()
    for (const field of FIELDS) {
      map.set(`\${${field}}`, quote(values[field]))
      const own = match[field]
      if (own === undefined || !isRegex(own)) continue
      const compiled = compileRegex(own.slice(1, -1))
      const groups = compiled.outcome === 'compiled' ? (compiled.regex.groups(values[field]) ?? []) : []
      for (const [number, group] of groups.entries()) map.set(`\${${field}:${number}}`, quote(group))
    }
    return map
  }

  const matches = (pattern: string, subject: string, map: ReadonlyMap<string, string>): boolean => {
    const rendered = pattern.replace(/\$\{[^}]*\}/g, (placeholder) => map.get(placeholder) ?? placeholder)
    if (!isRegex(pattern)) return compileGlob(rendered).matches(subject)
    const compiled = compileRegex(rendered.slice(1, -1))
    return compiled.outcome === 'compiled' && compiled.regex.matches(subject)
  }

  const matchesField = (pattern: string, subject: string): boolean => {
    const quote = isRegex(pattern) ? quoteRegex : quoteGlob
    const map = replacements(pattern)
    if (matches(pattern, subject, map)) return true
    const labels = Object.entries(identity.labels).filter(([label]) => pattern.includes(`\${labels:${label}}`))
    if (labels.length === 0) return false
    let maps = [map]
    for (const [label, texts] of labels) {
      const sources = texts.map((text) => (identity.labelsArePatterns ? text : quote(text)))
      maps = maps.flatMap((one) => sources.map((source) => new Map([...one, [`\${labels:${label}}`, source]])))
    }
    return maps.some((one) => matches(pattern, subject, one))
  }

  return (
    FIELDS.every((field) => match[field] === undefined || matchesField(match[field], values[field])) &&
    (match.ip === undefined || [match.ip].flat().some((one) => compileIpPattern(one)?.(parseIp(ip) ?? '') === true)) &&
    Object.entries(match.labels ?? {}).every(([label, pattern]) =>
      (identity.labels[label] ?? []).some((value) => matches(pattern, value, replacements(pattern))),
    )
  )
}
