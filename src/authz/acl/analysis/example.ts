// A request that shows what is meant, and its words.
import { quoteGlob } from '../../../lib/glob.ts'
import { compileRegex, quoteRegex } from '../../../lib/regex.ts'
import { formatScope } from '../../../protocol/scope.ts'
import { compileAcl } from '../acl.ts'
import type { AuthorizationRequest } from '../../authorizer.ts'
import type { ListedRule } from '../list.ts'
import { FIELDS, regexSource, render } from '../template.ts'
import type { Field, Placeholder } from '../template.ts'
import { readCondition } from './condition.ts'
import type { Condition } from './condition.ts'
import { momentsAround } from './moments.ts'
import { addressIn } from './networks.ts'
import type { Region } from './region.ts'
import { samplesOf } from './samples.ts'

/** A request and when it is made (ms since 1970); `timed` where that matters. */
export interface Example {
  readonly request: AuthorizationRequest
  readonly at: number
  readonly timed: boolean
}

type Labels = Readonly<Record<string, readonly string[]>>
type Fields = Readonly<Record<Field, string>>

const USUAL: Fields = { account: 'alice', type: 'repository', name: 'library/app', service: 'registry' }
const TRIES = 6

/** A request that this rule matches, were it alone; undefined where none was found. */
export function exampleOf(
  rule: ListedRule,
  region: Region,
  actions: readonly string[],
  now: number,
): Example | undefined {
  const { acl } = compileAcl([{ entry: rule.entry, position: rule.position, syntax: rule.syntax }])
  const { time } = rule.entry.match
  const moments = time === undefined ? [now] : momentsAround([time], now)
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const request = requestFor(region, actions, attempt)
    const at = moments.find((moment) => acl?.decide(request, moment).outcome === 'decided')
    if (at !== undefined) return { request, at, timed: time !== undefined }
  }
  return undefined
}

function requestFor(region: Region, actions: readonly string[], attempt: number): AuthorizationRequest {
  const labels: Record<string, string[]> = {}
  const texts = { ...USUAL, ...(region.known.type === 'registry' ? { name: 'catalog' } : {}) }
  const fill = (condition: Condition, usual = ''): string | undefined => {
    const filled = filledWith(condition, texts, labels, region)
    const samples = [...(filled.matches?.(usual) === true ? [usual] : []), ...samplesOf(filled)]
    return samples[Math.min(attempt, samples.length - 1)]
  }
  for (const field of FIELDS) {
    for (const { label } of labelsNamed(region.fields[field])) labels[label] ??= ['web']
  }
  const isOpen = (condition: Condition | undefined): boolean => condition?.template !== undefined
  for (const { label, condition } of region.labels) {
    if (!isOpen(condition)) labels[label] = [...(labels[label] ?? []), fill(condition) ?? 'web']
  }
  // What placeholders stand for comes first.
  for (const field of [...FIELDS].sort(
    (one, other) => Number(isOpen(region.fields[one])) - Number(isOpen(region.fields[other])),
  )) {
    const condition = region.fields[field]
    if (condition !== undefined) texts[field] = fill(condition, texts[field]) ?? texts[field]
  }
  for (const { label, condition } of region.labels) {
    if (isOpen(condition)) labels[label] = [...(labels[label] ?? []), fill(condition) ?? 'web']
  }
  const { account, type, name, service } = texts
  const [network] = region.networks ?? []
  const ip = network === undefined ? '' : addressIn(network)
  return { identity: { account, labels, labelsArePatterns: true }, resource: { type, name, actions }, service, ip }
}

function labelsNamed(condition: Condition | undefined): { readonly label: string }[] {
  return (condition?.template?.placeholders ?? []).filter((one) => one.kind === 'label')
}

/** The condition with its placeholders filled in: what it asks of a request with these fields and labels. */
export function filledWith(condition: Condition, texts: Fields, labels: Labels, region: Region): Condition {
  const { template, syntax } = condition
  if (template === undefined) return condition
  const quote = template.kind === 'glob' ? quoteGlob : quoteRegex
  const valueOf = (placeholder: Placeholder | undefined): string => {
    if (placeholder === undefined) return ''
    if (placeholder.kind === 'label') return labels[placeholder.label]?.[0] ?? placeholder.source
    const text = texts[placeholder.field]
    if (placeholder.kind === 'field') return quote(text)
    const compiled = compileRegex(regexSource(region.match[placeholder.field] ?? '') ?? '')
    const groups = compiled.outcome === 'compiled' ? compiled.regex.groups(text) : undefined
    return quote(groups?.[placeholder.group] ?? placeholder.source)
  }
  const filled = render(template, (index) => valueOf(template.placeholders[index])).join('')
  return readCondition(template.kind === 'glob' ? filled : `/${filled}/`, syntax, region.match)
}

/** The example in words: `alice (team=web) from 10.0.0.1 asks for repository:web/app:pull`. */
export function describeExample({ request, at, timed }: Example): string {
  const { identity, resource, service, ip } = request
  const labels = Object.entries(identity.labels).flatMap(([label, values]) =>
    values.map((value) => `${label}=${value}`),
  )
  const who = identity.account === '' ? 'anonymous' : identity.account
  const what = formatScope(resource)
  return [
    labels.length === 0 ? who : `${who} (${labels.join(', ')})`,
    ...(ip === '' ? [] : [`from ${ip}`]),
    `asks for ${what}`,
    ...(service === USUAL.service ? [] : [`at the service "${service}"`]),
    ...(timed ? [`at ${new Date(at).toISOString()}`] : []),
  ].join(' ')
}
