// One pattern of a rule, as far as it can be told which texts it matches.
import { compileGlob, quoteGlob } from '../../../lib/glob.ts'
import type { GlobSyntax } from '../../../lib/glob.ts'
import { compileRegex, quoteRegex } from '../../../lib/regex.ts'
import type { AclEntryConfig } from '../config.ts'
import { parseTemplate, render } from '../template.ts'
import type { Field, Template } from '../template.ts'
import { stepsOfGlob } from './glob-steps.ts'
import { stepsOfRegex } from './regex-steps.ts'
import { ALL, literalOf, prefixOf } from './steps.ts'
import type { Language, Step } from './steps.ts'

export interface Condition {
  /** Two patterns with one key match the same texts on the same request. */
  readonly key: string
  readonly source: string
  readonly syntax: GlobSyntax
  /** Its parts, where it has placeholders. */
  readonly template: Template | undefined
  /** Absent where it has placeholders. */
  readonly matches?: (text: string) => boolean
  /** The texts it matches, where steps can say so. */
  readonly exact?: Language | undefined
  /** It matches none but these. */
  readonly upper?: Language | undefined
  /** The only text it matches. */
  readonly literal?: string | undefined
  /** What every text it matches begins with. */
  readonly prefix: string
  /** A malformed glob matches nothing. */
  readonly never: boolean
}

type Match = AclEntryConfig['match']

/** Reads a pattern of a rule; what stands elsewhere under its `match` gives `${account:1}` its meaning. */
export function readCondition(source: string, syntax: GlobSyntax, match: Match): Condition {
  const template = parseTemplate(source)
  if (template.placeholders.length > 0) return openCondition(source, syntax, template, match)
  const text = template.texts.join('')
  const read = template.kind === 'glob' ? readGlob(text, syntax) : readRegex(text)
  return { key: `${syntax} ${source}`, source, syntax, template: undefined, ...read }
}

type Read = Pick<Condition, 'matches' | 'exact' | 'upper' | 'literal' | 'prefix' | 'never'>

function readGlob(text: string, syntax: GlobSyntax): Read {
  const { matches, malformed, prefix } = compileGlob(text, syntax)
  const read = stepsOfGlob(text, syntax)
  const exact = read?.exact === true ? read.steps : undefined
  return { matches, exact, upper: read?.steps, literal: exact && literalOf(exact), prefix, never: malformed }
}

function readRegex(text: string): Read {
  const compiled = compileRegex(text)
  const matches = compiled.outcome === 'compiled' ? compiled.regex.matches : (): boolean => false
  const exact = stepsOfRegex(text)
  const prefix = exact === undefined ? prefixOfRegex(text) : prefixOf(exact)
  return { matches, exact, upper: exact, literal: exact && literalOf(exact), prefix, never: false }
}

// The characters behind `^`, but the last where it may be repeated. Alternatives and flags could make them mean something else.
function prefixOfRegex(text: string): string {
  const [, plain = '', next = ''] = /^\^((?:[\w\-/ @,:;=~]|\\[^A-Za-z0-9])*)(.?)/s.exec(text) ?? []
  if (/\||\(\?/.test(text)) return ''
  const prefix = plain.replace(/\\(.)/gsu, '$1')
  return /[*+?{]/.test(next) ? prefix.slice(0, -1) : prefix
}

function openCondition(source: string, syntax: GlobSyntax, template: Template, match: Match): Condition {
  const groups = template.placeholders.flatMap((one) => (one.kind === 'capture' ? (match[one.field] ?? '') : []))
  const upper = template.kind === 'glob' ? upperOf(template, syntax) : undefined
  const sample = render(template, () => 'x').join('')
  const hasLabels = template.placeholders.some(({ kind }) => kind === 'label')
  return {
    key: JSON.stringify([syntax, source, ...groups]),
    source,
    syntax,
    template,
    upper,
    prefix:
      upper === undefined ? (template.kind === 'regex' && !hasLabels ? prefixOfOpen(template) : '') : prefixOf(upper),
    never: template.kind === 'glob' && !hasLabels && compileGlob(sample, syntax).malformed,
  }
}

// A value without a character leaves what stands before it to a quantifier behind it; a label's may be anything, an alternative too.
function prefixOfOpen(template: Template): string {
  return prefixOfRegex(render(template, () => '?').join(''))
}

// Any text in place of each placeholder. A label's value is a piece of pattern: a bracket or a backslash in it can change the meaning of
// what stands behind it, up to the next label or bracket.
function upperOf({ texts, placeholders }: Template, syntax: GlobSyntax): Language | undefined {
  const first = placeholders.findIndex(({ kind }) => kind === 'label')
  const last = placeholders.findLastIndex(({ kind }) => kind === 'label')
  const behind = first < 0 ? texts.length : first + 1
  const swallows = texts.slice(last + 1).some((text, index) => last + 1 + index >= behind && /[[\]\\]/.test(text))
  const steps: Step[] = []
  for (const [index, text] of texts.entries()) {
    if (index > 0) steps.push({ kind: 'many', set: ALL })
    if (index >= behind && (index <= last || swallows)) continue
    const read = stepsOfGlob(text, syntax)
    if (read === undefined) return undefined
    steps.push(...read.steps)
  }
  return steps
}

/** What fields are known to be, because a rule compares them with one text. */
export type Known = Readonly<Partial<Record<Field, string>>>

/** The condition on requests whose fields are known, where its placeholders stand for nothing else. */
export function specialize(condition: Condition, known: Known, match: Match): Condition {
  const { template, syntax } = condition
  if (template === undefined) return condition
  const quote = template.kind === 'glob' ? quoteGlob : quoteRegex
  const values = template.placeholders.map((one) => (one.kind === 'field' ? known[one.field] : undefined))
  // Nothing between two stars would make one of them that crosses slashes.
  if (values.includes(undefined) || values.includes('')) return condition
  const filled = render(template, (index) => quote(values[index] ?? '')).join('')
  const source = template.kind === 'glob' ? filled : `/${filled}/`
  // Filled in, `/${account}/` can look like an expression and `${account}` like a placeholder: those are left open.
  const { kind, placeholders } = parseTemplate(source)
  return kind === template.kind && placeholders.length === 0 ? readCondition(source, syntax, match) : condition
}
