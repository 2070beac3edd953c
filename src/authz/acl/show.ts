// What a rule says to one person, before they have asked for anything.
import { quoteGlob } from '../../lib/glob.ts'
import { compileRegex, quoteRegex } from '../../lib/regex.ts'
import type { Identity } from '../../protocol/identity.ts'
import { compileAcl } from './acl.ts'
import type { AclEntryConfig } from './config.ts'
import type { ListedRule } from './list.ts'
import { parseTemplate, regexSource, render } from './template.ts'
import type { Field, Placeholder, Template } from './template.ts'

/** Somebody. `ip` and `service` are `''` and `time` (ms since 1970) is undefined where they may be any. */
export interface Person {
  readonly identity: Identity
  readonly ip: string
  readonly service: string
  readonly time: number | undefined
}

/** A rule that can decide for somebody. */
export interface PersonalRule {
  /** What it decides about: patterns with the person filled in, undefined for anything. At most 50 of `count`. */
  readonly resources: readonly { readonly type: string | undefined; readonly name: string | undefined }[]
  readonly count: number
  /** The conditions that it takes besides, in words. */
  readonly when: readonly string[]
}

const MOST = 50

type Match = AclEntryConfig['match']

/** What the rule says to this person; undefined when it never decides for them. */
export function personalize({ entry, position, syntax }: ListedRule, person: Person): PersonalRule | undefined {
  const { known, open } = divide(entry.match, person)
  const { identity, ip, service, time = 0 } = person
  const request = { identity, ip, service, resource: { type: '', name: '', actions: [] } }
  const { acl } = compileAcl([{ entry: { match: known, actions: [] }, position, syntax }])
  if (acl?.decide(request, time).outcome !== 'decided') return undefined
  const { type, name } = entry.match
  const types = type === undefined ? ANYTHING : fill(type, entry.match, person)
  const names = name === undefined ? ANYTHING : fill(name, entry.match, person)
  const count = types.count * names.count
  if (count === 0) return undefined
  const resources = take(MOST, pairs(types, names))
  return { resources, count, when: describe(open) }
}

// A condition is known when everything it compares and fills in is; the resource is never. No value of a label meets no pattern.
function divide(match: Match, person: Person): { readonly known: Match; readonly open: Match } {
  const unknown: Field[] = person.service === '' ? ['type', 'name', 'service'] : ['type', 'name']
  const isKnown = (pattern: string): boolean =>
    parseTemplate(pattern).placeholders.every((one) => one.kind === 'label' || !unknown.includes(one.field))
  const known: Match = {}
  const open: Match = {}
  const side = (isOnKnownSide: boolean): Match => (isOnKnownSide ? known : open)

  if (match.account !== undefined) side(isKnown(match.account)).account = match.account
  if (match.service !== undefined) side(person.service !== '' && isKnown(match.service)).service = match.service
  if (match.ip !== undefined) side(person.ip !== '').ip = match.ip
  if (match.time !== undefined) side(person.time !== undefined).time = match.time
  const lacks = (label: string): boolean => !Object.hasOwn(person.identity.labels, label)
  for (const [label, pattern] of Object.entries(match.labels ?? {})) {
    const to = side(lacks(label) || isKnown(pattern))
    to.labels = { ...to.labels, [label]: pattern }
  }
  for (const [label, patterns] of Object.entries(match.requires_labels ?? {})) {
    const to = side(lacks(label) || [patterns].flat().every(isKnown))
    to.requires_labels = { ...to.requires_labels, [label]: patterns }
  }
  return { known, open }
}

function describe({ account, service, ip, time, labels, requires_labels: required }: Match): string[] {
  const { after, before, days } = time ?? {}
  const moments = [
    ...(days === undefined ? [] : [`on ${days.join(', ')}`]),
    ...(after === undefined ? [] : [`from ${after}`]),
    ...(before === undefined ? [] : [`until ${before}`]),
  ]
  return [
    ...(account === undefined ? [] : [`account ${account}`]),
    ...(service === undefined ? [] : [`service ${service}`]),
    ...Object.entries(labels ?? {}).map(([label, pattern]) => `label ${label} ${pattern}`),
    ...Object.entries(required ?? {}).map(([label, patterns]) => `label ${label} ${[patterns].flat().join(' and ')}`),
    ...(ip === undefined ? [] : [`ip ${[ip].flat().join(' or ')}`]),
    ...(moments.length === 0 ? [] : [moments.join(' ')]),
  ]
}

interface FilledIn {
  readonly count: number
  readonly texts: () => Iterable<string | undefined>
}

const ANYTHING: FilledIn = { count: 1, texts: () => [undefined] }

// A label has one value everywhere in a pattern. Who lacks a label, or has no value of it, never meets the pattern.
function fill(pattern: string, match: Match, person: Person): FilledIn {
  const { labels, labelsArePatterns } = person.identity
  const template = parseTemplate(pattern)
  const named = [...new Set(template.placeholders.flatMap((one) => (one.kind === 'label' ? one.label : [])))]
  const values = named.map((label) => (Object.hasOwn(labels, label) ? [...new Set(labels[label])] : []))
  const quote = QUOTE[template.kind]

  function valueOf(placeholder: Placeholder, chosen: readonly string[]): string {
    if (placeholder.kind === 'label') {
      const value = chosen[named.indexOf(placeholder.label)] ?? ''
      return labelsArePatterns ? value : quote(value)
    }
    const value = resolve(placeholder, match, person)
    return value === undefined ? placeholder.source : quote(value)
  }

  return {
    count: values.reduce((product, list) => product * list.length, 1),
    *texts() {
      for (const chosen of combinations(values)) yield write(template, (placeholder) => valueOf(placeholder, chosen))
    },
  }
}

// What changes nothing is left unquoted, so that it can be read.
const QUOTE = {
  glob: (text: string) => (/[*?[\]\\]/.test(text) ? quoteGlob(text) : text),
  regex: quoteRegex,
} as const

function resolve(
  placeholder: Exclude<Placeholder, { kind: 'label' }>,
  match: Match,
  { identity, service }: Person,
): string | undefined {
  const { field } = placeholder
  const value = field === 'account' ? identity.account : field === 'service' && service !== '' ? service : undefined
  if (placeholder.kind === 'field' || value === undefined) return value
  const compiled = compileRegex(regexSource(match[field] ?? '') ?? '')
  return compiled.outcome === 'compiled' ? compiled.regex.groups(value)?.[placeholder.group] : undefined
}

function write(template: Template, valueOf: (placeholder: Placeholder) => string): string {
  const parts = render(template, (index) => {
    const placeholder = template.placeholders[index]
    return placeholder === undefined ? '' : valueOf(placeholder)
  })
  const text = parts.join('')
  return template.kind === 'regex' ? `/${text}/` : text
}

// One value from each list, in every way there is.
function* combinations(lists: readonly (readonly string[])[]): Generator<readonly string[]> {
  const [first, ...rest] = lists
  if (first === undefined) yield []
  else for (const value of first) for (const others of combinations(rest)) yield [value, ...others]
}

function* pairs(types: FilledIn, names: FilledIn): Generator<PersonalRule['resources'][number]> {
  for (const type of types.texts()) for (const name of names.texts()) yield { type, name }
}

function take<Item>(most: number, items: Iterable<Item>): Item[] {
  const taken: Item[] = []
  for (const item of items) {
    taken.push(item)
    if (taken.length === most) break
  }
  return taken
}
