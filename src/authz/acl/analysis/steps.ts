// What a pattern matches, as a sequence of steps. analysis/ reasons about rules; it knows neither files nor commands.

/** A set of characters by their code points; `negated`: all but these. */
export interface CharSet {
  readonly negated: boolean
  readonly ranges: readonly (readonly [number, number])[]
}

/**
 * `char` is this character, `one` a character of a set, `many` any number of them, `star` any number of bytes
 * but slashes. A star can stop inside a character, as in Go's globs; what is left of the character counts as INVALID ones, one a byte.
 */
export type Step =
  | { readonly kind: 'char'; readonly code: number }
  | { readonly kind: 'one' | 'many'; readonly set: CharSet }
  | { readonly kind: 'star' }

/** All texts that can be read from the first step to the last. */
export type Language = readonly Step[]

export const SLASH = 0x2f
export const INVALID = 0xfffd

export const ALL: CharSet = { negated: true, ranges: [] }
export const NO_SLASH: CharSet = { negated: true, ranges: [[SLASH, SLASH]] }

/** All texts. */
export const ANYTHING: Language = [{ kind: 'many', set: ALL }]

export function contains({ negated, ranges }: CharSet, code: number): boolean {
  return ranges.some(([low, high]) => low <= code && code <= high) !== negated
}

/** The steps of a text that stands for itself. */
export function stepsOfText(text: string): Step[] {
  return Array.from(text, (char) => ({ kind: 'char', code: char.codePointAt(0) ?? INVALID }))
}

/** The text that every text of the language begins with, as far as its first steps tell. */
export function prefixOf(language: Language): string {
  const end = language.findIndex(({ kind }) => kind !== 'char')
  return textOf(end < 0 ? language : language.slice(0, end))
}

/** The only text of the language; undefined where its steps leave a choice. */
export function literalOf(language: Language): string | undefined {
  return language.every(({ kind }) => kind === 'char') ? textOf(language) : undefined
}

function textOf(language: Language): string {
  return language.map((step) => (step.kind === 'char' ? String.fromCodePoint(step.code) : '')).join('')
}
