// One pattern of a rule: compiled at load when it has no placeholders, filled in on a request when it has.
import { compileGlob, compileGlobWithGaps, quoteGlob } from '../../lib/glob.ts'
import type { GlobWithGaps } from '../../lib/glob.ts'
import { compileRegex, quoteRegex } from '../../lib/regex.ts'
import { needsEveryPlaceholder } from './needed.ts'
import { parseTemplate, render } from './template.ts'
import type { Template } from './template.ts'

export type Matches = (subject: string) => boolean

/** A pattern without placeholders; `cost` ranks patterns by how long one comparison takes. */
export interface ConstantPattern {
  readonly kind: 'constant'
  readonly cost: number
  readonly matches: Matches
}

/** A pattern with placeholders. `needsAll`: it matches no text that lacks the value of a placeholder, if that is literal text. */
export interface OpenPattern {
  readonly kind: 'open'
  readonly cost: number
  readonly template: Template
  readonly gaps?: GlobWithGaps | undefined
  readonly needsAll: boolean
}

export type Pattern = ConstantPattern | OpenPattern

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

const NEVER: ConstantPattern = { kind: 'constant', cost: 0, matches: () => false }
const SPECIAL = { glob: /[*?[\\]/, regex: /[\\.+*?()|[\]{}^$]/ } as const
const QUOTE = { glob: quoteGlob, regex: quoteRegex } as const

/** Compiles a pattern as it stands in a rule. What it is, glob or expression, is decided here and for good. */
export function compilePattern(source: string): CompiledPattern {
  const template = parseTemplate(source)
  if (template.placeholders.length === 0) return compileConstant(template.kind, template.texts.join(''))
  if (template.texts.slice(0, -1).some((text) => /(?<!\\)(?:\\\\)*\\$/.test(text)))
    return { pattern: NEVER, invalid: BACKSLASH }
  const sample = compileConstant(
    template.kind,
    render(template, () => 'x'),
  )
  if (template.kind === 'regex') {
    if (sample.invalid !== undefined) return sample
    return { pattern: { kind: 'open', cost: 5, template, needsAll: needsEveryPlaceholder(template.texts) } }
  }
  const gaps = compileGlobWithGaps(template.texts)
  return { ...sample, pattern: { kind: 'open', cost: 4, template, gaps, needsAll: gaps !== undefined } }
}

// It would escape the backslash that quotes the value's first character, and an account could name itself "*".
const BACKSLASH = 'has a backslash before a placeholder, where it has no meaning'

function compileConstant(kind: Template['kind'], source: string): CompiledPattern & { pattern: ConstantPattern } {
  if (kind === 'glob') {
    const { matches, malformed, literal } = compileGlob(source)
    return { pattern: { kind: 'constant', cost: literal === undefined ? 1 : 0, matches }, malformed }
  }
  const compiled = compileRegex(source)
  if (compiled.outcome === 'invalid')
    return { pattern: NEVER, invalid: `is not a valid regular expression: ${compiled.reason}` }
  return { pattern: { kind: 'constant', cost: 3, matches: compiled.regex.matches } }
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
export function fill({ template, gaps, needsAll }: OpenPattern, fillings: readonly Filling[]): Matches {
  const { kind } = template
  const matches = lazily(() => compileFilled(template, fillings))
  if (!needsAll || !fillings.every((filling) => isPlain(kind, filling))) return matches
  const texts = fillings.map(({ text }) => text)
  if (gaps !== undefined) return (subject) => gaps.matches(subject, texts)
  return (subject) => fillings.every((filling) => occurs(kind, filling, subject)) && matches(subject)
}

function compileFilled(template: Template, fillings: readonly Filling[]): Matches {
  const source = render(template, (index) => {
    const filling = fillings[index]
    if (filling === undefined) return ''
    return filling.as === 'text' ? QUOTE[template.kind](filling.text) : filling.text
  })
  return compileConstant(template.kind, source).pattern.matches
}

function lazily(compile: () => Matches): Matches {
  let compiled: Matches | undefined
  return (subject) => {
    compiled ??= compile()
    return compiled(subject)
  }
}
