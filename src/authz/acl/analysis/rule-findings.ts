// What a rule says that its author surely did not mean, whatever stands around it.
import { nearest } from '../../../lib/nearest.ts'
import { createAclBuilder } from '../acl.ts'
import type { AclList, ListedRule } from '../list.ts'
import { FIELDS, regexSource } from '../template.ts'
import { exampleOf } from './example.ts'
import type { Example } from './example.ts'
import { findingAt, showExample } from './finding.ts'
import type { Finding } from './finding.ts'
import type { Region } from './region.ts'
import { anonymous, asked, loopback, pushWithoutPull } from './rights-findings.ts'
import type { Looked } from './rights-findings.ts'
import { samplesOf } from './samples.ts'

/** Looks at one rule of a list. */
export function findInRule(rule: ListedRule, region: Region, list: AclList, now: number): Finding[] {
  const looked = { rule, region, list, now }
  return [warnings, anonymous, loopback, stars, labels, pushWithoutPull, types].flatMap((check) => check(looked))
}

// What loading the list warns about, with a way out.
function warnings(looked: Looked): Finding[] {
  const { rule } = looked
  return createAclBuilder()
    .add(rule)
    .warnings.map(({ path, message }) => {
      const said = `${path.join('.')} ${message}`
      if (/anchored/.test(message)) return unanchored(looked, said)
      return findingAt(rule, path, {
        kind: 'placeholder',
        message: said,
        why: 'only ${account}, ${type}, ${name}, ${service}, their groups as in ${account:1}, and ${labels:team} are replaced',
        fix: 'write one of these, or a backslash before the dollar sign',
      })
    })
}

function unanchored({ rule, region, list, now }: Looked, message: string): Finding {
  const source = regexSource(rule.entry.match.account ?? '') ?? ''
  const meant = exampleOf(rule, region, asked(rule), now)
  const [, flags = '', body = ''] = /^(\(\?\w+\))?(.*)$/s.exec(source) ?? []
  const inner = body.replace(/^\^/, '').replace(/(?<!\\)\$$/, '')
  const { account } = region.fields
  const [shortest] = account === undefined ? [] : samplesOf(account).sort((one, other) => one.length - other.length)
  const longer = meant === undefined || shortest === undefined ? [] : withAccountsAround(meant, shortest)
  const example = longer.find(({ request }) => account?.matches?.(request.identity.account))
  return findingAt(rule, ['match', 'account'], {
    kind: 'unanchored',
    message,
    why: 'an expression matches wherever it fits, so longer accounts have these rights too',
    example: example && showExample(example, list.acl),
    fix: `/${flags}^${inner.includes('|') ? `(?:${inner})` : inner}$/`,
  })
}

function withAccountsAround(meant: Example, account: string): Example[] {
  const { request } = meant
  return [`not-${account}-at-all`, `not-${account}`, `${account}-at-all`].map((longer) => ({
    ...meant,
    request: { ...request, identity: { ...request.identity, account: longer } },
  }))
}

function stars({ rule, region, list, now }: Looked): Finding[] {
  const { match } = rule.entry
  const findings: Finding[] = []
  const isRepository = region.fields.type?.matches?.('repository') ?? true
  if (match.name === '*' && isRepository) {
    const nested = exampleWithName(exampleOf(rule, region, asked(rule), now), 'library/app')
    findings.push(
      findingAt(rule, ['match', 'name'], {
        kind: 'star',
        message: 'match.name "*" matches only names without a slash',
        why: 'a star never crosses a slash, so library/app is left to the rules behind this one',
        example: nested && showExample(nested, list.acl),
        fix: 'leave the name out or write /^.*$/ for every name; or syntax: 2 in the file and "**"',
      }),
    )
  }
  if (rule.syntax === 2) return findings
  for (const { path, source } of patternsOf(rule)) {
    if (regexSource(source) !== undefined || !/(?<!\\)\*\*/.test(source)) continue
    findings.push(
      findingAt(rule, path, {
        kind: 'star',
        message: `${path.join('.')} "${source}" means the same as "${source.replace(/\*\*+/g, '*')}"`,
        why: 'two stars cross slashes only in files that say syntax: 2',
        fix: `syntax: 2 in a file of rules, or an expression such as /^${source.replace(/\*\*+/g, '.*').replaceAll('/', '\\/')}$/`,
      }),
    )
  }
  return findings
}

function exampleWithName(example: Example | undefined, name: string): Example | undefined {
  if (example === undefined) return undefined
  const { request } = example
  return { ...example, request: { ...request, resource: { ...request.resource, name } } }
}

interface WrittenPattern {
  readonly path: readonly (string | number)[]
  readonly source: string
}

function patternsOf({ entry: { match } }: ListedRule): WrittenPattern[] {
  return [
    ...FIELDS.flatMap((field) => (match[field] === undefined ? [] : { path: ['match', field], source: match[field] })),
    ...Object.entries(match.labels ?? {}).map(([label, source]) => ({ path: ['match', 'labels', label], source })),
  ]
}

function labels({ rule, region, list }: Looked): Finding[] {
  const known = list.setting?.labels
  if (known === undefined) return []
  const { match } = rule.entry
  const mentioned = [
    ...Object.keys(match.labels ?? {}).map((label) => ({ label, path: ['match', 'labels', label] })),
    ...Object.keys(match.requires_labels ?? {}).map((label) => ({ label, path: ['match', 'requires_labels', label] })),
    ...FIELDS.flatMap((field) =>
      (region.fields[field]?.template?.placeholders ?? []).flatMap((one) =>
        one.kind === 'label' ? { label: one.label, path: ['match', field] } : [],
      ),
    ),
  ]
  return mentioned
    .filter(({ label }) => !known.includes(label))
    .map(({ label, path }) => {
      const meant = nearest(label, known)
      const all = known.length === 0 ? 'none gives labels' : `they give ${known.join(', ')}`
      return findingAt(rule, path, {
        kind: 'label',
        message: `${path.join('.')} needs the label "${label}", which nobody has`,
        why: `no configured back end gives it: ${all}`,
        fix:
          meant === undefined
            ? 'remove the rule, or configure a back end that gives the label'
            : `did you mean "${meant}"?`,
      })
    })
}

const TYPES = ['repository', 'registry']

function types({ rule, region }: Looked): Finding[] {
  const { type } = region.fields
  if (type?.literal === undefined || TYPES.includes(type.literal)) return []
  const meant = nearest(type.literal.replace(/\(.*$/, ''), TYPES)
  return [
    findingAt(rule, ['match', 'type'], {
      kind: 'type',
      proved: !/^[a-z0-9]+$/.test(type.literal),
      message: `match.type "${type.literal}" is no type that registries ask for`,
      why: 'they ask for repository (a plugin is a repository, too) and registry (the catalog)',
      fix: meant === undefined ? `one of ${TYPES.join(', ')}` : `did you mean "${meant}"?`,
    }),
  ]
}
