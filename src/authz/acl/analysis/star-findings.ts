// Stars that do not cross slashes, although their author surely meant them to.
import { parseGlob } from '../../../lib/glob.ts'
import type { GlobItem } from '../../../lib/glob.ts'
import { quoteRegex } from '../../../lib/regex.ts'
import { parseTemplate, regexSource, render } from '../template.ts'
import { exampleOf } from './example.ts'
import { asked, findingAt, isAboutRepositories, showExample } from './finding.ts'
import type { Finding, Looked } from './finding.ts'
import { patternsOf, writeFix } from './written.ts'
import type { WrittenPattern } from './written.ts'

/** A name that is one star, and two stars in a file without `syntax: 2`. */
export function stars(looked: Looked): Finding[] {
  return [...starAlone(looked), ...doubleStars(looked)]
}

function starAlone({ rule, region, list, now }: Looked): Finding[] {
  if (rule.entry.match.name !== '*' || !isAboutRepositories(region)) return []
  const example = exampleOf(rule, region, asked(rule, region), now)
  const resource = example && { ...example.request.resource, name: 'library/app' }
  const nested = example && resource && { ...example, request: { ...example.request, resource } }
  return [
    findingAt(rule, ['match', 'name'], {
      kind: 'star',
      message: 'match.name "*" matches only names without a slash',
      why: 'a star never crosses a slash, so library/app is left to the rules behind this one',
      example: nested && showExample(nested, list.acl),
      fix: "leave the name out for every name; name: '/^[^/]+$/' where only names without a slash are meant",
    }),
  ]
}

function doubleStars({ rule }: Looked): Finding[] {
  if (rule.syntax === 2) return []
  return patternsOf(rule.entry.match)
    .filter(({ source }) => regexSource(source) === undefined && /(?<!\\)\*\*/.test(source))
    .map((written) => {
      const { path, source } = written
      const expression = expressionOf(written)
      return findingAt(rule, path, {
        kind: 'star',
        message: `${path.join('.')} "${source}" means the same as "${source.replace(/\*\*+/g, '*')}"`,
        why: 'two stars cross slashes only in files of rules that say syntax: 2',
        fix: `${expression === undefined ? '' : `${expression}, or `}syntax: 2 at the top of a file of rules`,
      })
    })
}

/**
 * The expression that matches what a glob matches in syntax 2, as it is written in a rule; undefined where there is none: a label's
 * values are patterns of the same kind as what surrounds them.
 */
export function expressionOf({ path, source }: WrittenPattern): string | undefined {
  const template = parseTemplate(source)
  if (template.placeholders.some(({ kind }) => kind === 'label')) return undefined
  const texts: string[] = []
  for (const text of template.texts) {
    const items = parseGlob(text, 2)
    if (items === undefined) return undefined
    texts.push(items.map(expressionFor).join(''))
  }
  const filled = render({ ...template, texts }, (index) => template.placeholders[index]?.source ?? '')
  return writeFix(path, `/^${filled.join('')}$/`)
}

function expressionFor(item: GlobItem): string {
  switch (item.kind) {
    case 'literal':
      return quoteRegex(Buffer.from(item.bytes, 'latin1').toString('utf8'))
    case 'any':
      return '[^/]'
    case 'star':
      return '[^/]*'
    case 'class': {
      const ranges = item.ranges.map(([low, high]) => `${codePoint(low)}-${codePoint(high)}`)
      return `[${item.negated ? '^' : ''}${ranges.join('')}]`
    }
    case 'doublestar':
    case 'gap':
      return '.*'
  }
}

function codePoint(code: number): string {
  const char = String.fromCodePoint(code)
  return /^[A-Za-z0-9]$/.test(char) ? char : `\\x{${code.toString(16)}}`
}
