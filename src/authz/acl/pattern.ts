// One pattern of a rule: compiled at load when it has no placeholders, filled in on a request when it has.
import { compileGlob, compileGlobWithGaps, isBelow, quoteGlob } from '../../lib/glob.ts'
import type { GlobSyntax, GlobWithGaps } from '../../lib/glob.ts'
import { compileRegex, quoteRegex } from '../../lib/regex.ts'
import { readAnchored } from './anchored.ts'
import { needsEveryPlaceholder } from './needed.ts'
import { parseTemplate, render } from './template.ts'
import type { Template } from './template.ts'

export type Matches = (subject: string) => boolean

/** A pattern that matches one text, or all texts that begin like it: with a star, those that have no further slash. */
export interface PlainPattern {
  readonly kind: 'literal' | 'star' | 'doublestar'
  readonly prefix: string
}

/** Any other pattern without placeholders. Everything it matches begins with `prefix`. */
export interface ConstantPattern {
  readonly kind: 'glob' | 'regex'
  readonly prefix: string
  readonly matches: Matches
}

/** A pattern with placeholders. `needsAll`: it matches no text that lacks the value of a placeholder, if that is literal text. */
export interface OpenPattern {
  readonly kind: 'open'
  readonly prefix: string
  readonly template: Template
  readonly syntax: GlobSyntax
  readonly gaps?: GlobWithGaps | undefined
  readonly needsAll: boolean
}

export type Pattern = PlainPattern | ConstantPattern | OpenPattern

/** What a placeholder stands for: text to be quoted, a piece of pattern (a label's value), or nothing, so that its own text stays. */
export interface Filling {
  readonly text: string
  readonly as: 'text' | 'pattern' | 'unresolved'
}

/** `invalid`: why the list must not load. `malformed`: a glob that Go would read as "matches nothing". */
export interface CompiledPattern {
  readonly pattern: Pattern
  readonly invalid?: string
  readonly malformed?: boolean
}

const NEVER: ConstantPattern = { kind: 'glob', prefix: '', matches: () => false }
const SPECIAL = { glob: /[*?[\\]/, regex: /[\\.+*?()|[\]{}^$]/ } as const
const QUOTE = { glob: quoteGlob, regex: quoteRegex } as const

/** Compiles the patterns of a list, those that stand there often only once, until it is told to forget them. */
export interface PatternCompiler {
  readonly compile: (source: string) => CompiledPattern
  readonly forget: () => void
}

/** Starts without patterns. */
export function createPatternCompiler(syntax: GlobSyntax): PatternCompiler {
  const known = new Map<string, CompiledPattern>()
  return {
    compile(source) {
      const compiled = known.get(source) ?? compilePattern(source, syntax)
      known.set(source, compiled)
      return compiled
    },
    forget: () => known.clear(),
  }
}

/** Compiles a pattern as it stands in a rule. What it is, glob or expression, is decided here and for good. */
export function compilePattern(source: string, syntax: GlobSyntax): CompiledPattern {
  const template = parseTemplate(source)
  const { kind, placeholders, texts } = template
  if (placeholders.length === 0) return compileConstant(kind, texts, syntax)
  if (texts.slice(0, -1).some((text) => /(?<!\\)(?:\\\\)*\\$/.test(text))) return { pattern: NEVER, invalid: BACKSLASH }
  const sample = compileConstant(
    kind,
    render(template, () => 'x'),
    syntax,
  )
  if (kind === 'regex') {
    if (sample.invalid !== undefined) return sample
    const needsAll = needsEveryPlaceholder(texts)
    return { pattern: { kind: 'open', prefix: prefixOfOpen(template), template, syntax, needsAll } }
  }
  const gaps = compileGlobWithGaps(texts, syntax)
  const prefix = gaps?.prefix ?? ''
  return { ...sample, pattern: { kind: 'open', prefix, template, syntax, gaps, needsAll: gaps !== undefined } }
}

// It would escape the backslash that quotes the value's first character, and an account could name itself "*".
const BACKSLASH = 'has a backslash before a placeholder, where it has no meaning'

// A label's value may be anything, an alternative too. Other values are quoted, but one without a character leaves what stands
// before it to a quantifier behind it, and in a class it makes a bracket of what should close the class.
function prefixOfOpen(template: Template): string {
  if (template.placeholders.some(({ kind }) => kind === 'label')) return ''
  if (template.texts.slice(0, -1).some((text) => /\[[^\]]*$/.test(text))) return ''
  return readAnchored(render(template, () => '?').join('')).prefix
}

function compileConstant(kind: Template['kind'], parts: readonly string[], syntax: GlobSyntax): CompiledPattern {
  if (kind === 'glob') {
    const { matches, malformed, literal, prefix, tail } = compileGlob(parts, syntax)
    if (literal !== undefined) return { pattern: { kind: 'literal', prefix } }
    if (tail !== undefined) return { pattern: { kind: tail, prefix } }
    return { pattern: { kind, prefix, matches }, malformed }
  }
  const source = parts.join('')
  const compiled = compileRegex(source)
  if (compiled.outcome === 'invalid')
    return { pattern: NEVER, invalid: `is not a valid regular expression: ${compiled.reason}` }
  const { prefix, exact } = readAnchored(source)
  return { pattern: exact ? { kind: 'literal', prefix } : { kind, prefix, matches: compiled.regex.matches } }
}

/** Whether a pattern's kind and prefix say all about it. */
export function isPlainPattern(pattern: Pattern): pattern is PlainPattern {
  return pattern.kind === 'literal' || pattern.kind === 'star' || pattern.kind === 'doublestar'
}

/** Whether a plain pattern matches. */
export function matchesPlain(kind: Pattern['kind'], prefix: string, subject: string): boolean {
  return kind === 'literal' ? subject === prefix : isBelow(subject, prefix, kind === 'doublestar')
}

/** Whether another pattern without placeholders matches. */
export function matchesConstant({ prefix, matches }: ConstantPattern, subject: string): boolean {
  return subject.startsWith(prefix) && matches(subject)
}

/** Whether it can be told at a glance that a text lacks this filling: it is literal text, or nothing can match it. */
export function isPlain(kind: Template['kind'], { as, text }: Filling): boolean {
  if (kind === 'regex' && as === 'unresolved') return DEAD_END.test(text)
  return as === 'text' || isLiteral(kind, text)
}

// An unresolved placeholder in an expression begins with "$", the end of the text, and goes on after it.
const DEAD_END = /^\$\{[^\\.+*?()|[\]{}^$]*\}$/

/** Whether a pattern of this kind that is just this text matches just this text. */
export function isLiteral(kind: Template['kind'], text: string): boolean {
  return !SPECIAL[kind].test(text)
}

/** Whether a plain filling occurs in the text. */
export function occurs(kind: Template['kind'], { as, text }: Filling, subject: string): boolean {
  return !(kind === 'regex' && as === 'unresolved') && subject.includes(text)
}

/** Fills every placeholder, in order. What results may be no pattern at all (a label's value is a lone bracket): it matches nothing. */
export function fill({ template, syntax, gaps, needsAll }: OpenPattern, fillings: readonly Filling[]): Matches {
  const { kind } = template
  const matches = lazily(() => compileFilled(template, syntax, fillings))
  if (!needsAll || !fillings.every((filling) => isPlain(kind, filling))) return matches
  const texts = fillings.map(({ text }) => text)
  if (gaps !== undefined) return (subject) => gaps.matches(subject, texts)
  return (subject) => fillings.every((filling) => occurs(kind, filling, subject)) && matches(subject)
}

function compileFilled(template: Template, syntax: GlobSyntax, fillings: readonly Filling[]): Matches {
  const parts = render(template, (index) => {
    const filling = fillings[index]
    if (filling === undefined) return ''
    return filling.as === 'text' ? QUOTE[template.kind](filling.text) : filling.text
  })
  // An expression of nothing would match everything; docker_auth takes it for the two slashes that are left of it.
  if (template.kind === 'regex' && parts.join('') === '') return (subject) => subject === '//'
  const { pattern } = compileConstant(template.kind, parts, syntax)
  if (isPlainPattern(pattern)) return (subject) => matchesPlain(pattern.kind, pattern.prefix, subject)
  return pattern.kind === 'open' ? () => false : (subject) => matchesConstant(pattern, subject)
}

function lazily(compile: () => Matches): Matches {
  let compiled: Matches | undefined
  return (subject) => {
    compiled ??= compile()
    return compiled(subject)
  }
}
