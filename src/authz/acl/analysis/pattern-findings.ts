// Patterns that do not mean what they look like.
import { compileRegex } from '../../../lib/regex.ts'
import { nearest } from '../../../lib/nearest.ts'
import { createAclBuilder } from '../acl.ts'
import { FIELDS, parseTemplate, regexSource } from '../template.ts'
import { exampleOf } from './example.ts'
import type { Example } from './example.ts'
import { asked, findingAt, isAboutRepositories, showExample } from './finding.ts'
import type { Finding, Looked } from './finding.ts'
import { samplesOf } from './samples.ts'
import { neverMatches } from './shadow-findings.ts'
import { patternsOf, writeFix } from './written.ts'

/** What loading the list warns about, with a way out. */
export function warnings(looked: Looked): Finding[] {
  const { rule } = looked
  return createAclBuilder()
    .add(rule)
    .warnings.map(({ kind, path, message }) => {
      if (kind === 'malformed') return neverMatches(rule, path)
      const said = `${path.join('.')} ${message}`
      return kind === 'unanchored' ? unanchored(looked, said) : noPlaceholder(looked, path, said)
    })
}

function noPlaceholder({ rule }: Looked, path: readonly (string | number)[], message: string): Finding {
  const word = /\$\{([^:}]*)/.exec(message)?.[1] ?? ''
  const meant = nearest(word, [...FIELDS, 'labels'])
  return findingAt(rule, path, {
    kind: 'placeholder',
    message,
    why: 'only ${account}, ${type}, ${name}, ${service}, their groups as in ${account:1}, and ${labels:team} are replaced',
    fix:
      meant === undefined
        ? 'write one of these, or a backslash before the dollar sign'
        : `did you mean \${${meant === 'labels' ? 'labels:…' : meant}}?`,
  })
}

function unanchored({ rule, region, list, now }: Looked, message: string): Finding {
  const source = regexSource(rule.entry.match.account ?? '') ?? ''
  const meant = exampleOf(rule, region, asked(rule, region), now)
  const { account } = region.fields
  const [shortest] = account === undefined ? [] : samplesOf(account).sort((one, other) => one.length - other.length)
  const longer = meant === undefined || shortest === undefined ? [] : withAccountsAround(meant, shortest)
  const example = longer.find(({ request }) => account?.matches?.(request.identity.account))
  return findingAt(rule, ['match', 'account'], {
    kind: 'unanchored',
    message,
    why: 'an expression matches wherever it fits, so longer accounts have these rights too',
    example: example && showExample(example, list.acl),
    fix: writeFix(['account'], anchor(source)),
  })
}

function withAccountsAround(meant: Example, account: string): Example[] {
  const { request } = meant
  return [`not-${account}-at-all`, `not-${account}`, `${account}-at-all`].map((longer) => ({
    ...meant,
    request: { ...request, identity: { ...request.identity, account: longer } },
  }))
}

// What stands between the slashes, between anchors. Alternatives reach as far as they can.
function anchor(source: string): string {
  const [, flags = '', body = ''] = /^(\(\?\w+\))?(.*)$/s.exec(source) ?? []
  const inner = body.replace(/^\^/, '').replace(/(?<!\\)\$$/, '')
  return `/${flags}^${/^\((?!\?)[^()]*\)$/.test(inner) || !inner.includes('|') ? inner : `(?:${inner})`}$/`
}

/** Globs that look like expressions, and expressions that look like globs. */
export function mixedUp({ rule }: Looked): Finding[] {
  return patternsOf(rule.entry.match).flatMap(({ path, source }) => {
    const where = path.join('.')
    const expression = regexSource(source)
    if (expression === undefined && looksLikeExpression(source)) {
      const body = source.replace(/^\//, '').replace(/\/$/, '')
      const meant = path.at(-1) === 'account' ? anchor(body) : `/${body}/`
      const compiles = compileRegex(meant.slice(1, -1)).outcome === 'compiled'
      return findingAt(rule, path, {
        kind: 'expression',
        proved: false,
        message: `${where} "${source}" looks like an expression, but is not one`,
        why: 'an expression begins and ends with a slash; without them only * ? [ ] and \\ have a meaning',
        fix: compiles ? writeFix(path, meant) : 'put slashes around it, or a backslash before what stands for itself',
      })
    }
    if (expression === undefined || !REPEATED_SLASH.test(expression)) return []
    const below = (what: string): string => writeFix(path, `/${expression.replace(REPEATED_SLASH, `/${what}`)}/`)
    return findingAt(rule, path, {
      kind: 'expression',
      proved: false,
      message: `${where} "${source}" repeats a slash, and takes nothing else in its place`,
      why: 'in an expression a star repeats what stands before it',
      fix: `${below('[^/]+')} for one level, ${below('.+')} for all levels`,
    })
  })
}

const REPEATED_SLASH = /\\?\/\*(?=\$?$)/

function looksLikeExpression(source: string): boolean {
  const text = parseTemplate(source).texts.join('x')
  return /^\/?\^|(?<!\\)\$\/?$|\.\+|\([^()]*\|[^()]*\)/.test(text)
}

/** Names that no repository can have. */
export function names({ rule, region }: Looked): Finding[] {
  const { name } = rule.entry.match
  if (name === undefined || regexSource(name) !== undefined || !isAboutRepositories(region)) return []
  const outside = parseTemplate(name).texts.map((text) => text.replace(/\[[^\]]*\]|\\./g, ''))
  const meant = name
    .replace(/^\/+/, '')
    .replace(/:[\w.-]+$/, '')
    .replace(/\$\{[^}]*\}|[A-Z]/g, (one) => (one.length > 1 ? one : one.toLowerCase()))
  const faults = [
    ...(name.startsWith('/') ? ['begin with a slash'] : []),
    ...(/:[\w.-]+$/.test(outside.at(-1) ?? '') ? ['hold a tag'] : []),
    ...(outside.some((text) => /[A-Z]/.test(text)) ? ['have capital letters'] : []),
  ]
  if (faults.length === 0 || looksLikeExpression(name)) return []
  return [
    findingAt(rule, ['match', 'name'], {
      kind: 'name',
      message: `match.name "${name}" is the name of no repository: these never ${faults.join(' or ')}`,
      why: 'registries ask for names such as team/app, without a tag, and in small letters',
      fix: writeFix(['name'], meant),
    }),
  ]
}
