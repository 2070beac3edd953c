// Go's path.Match, compiled once: `*` and `?` never cross a slash, `[…]` is a class, a backslash escapes.
// In syntax 2, `**` is any text, slashes included: `a/**` matches `a/x/y`, and `a/` too, but not `a`.
import { choose, inClass, isAscii, matchChunks, reachesEnd, toBytes, toChunks } from './glob-match.ts'
import type { Choice, GlobItem } from './glob-match.ts'

export type { Choice, GlobItem } from './glob-match.ts'

const SLASH = 0x2f

/** 1 is Go's, where `**` is no more than `*`. */
export type GlobSyntax = 1 | 2

/** A compiled pattern. A malformed one never matches. `literal` is the only text a pattern without wildcards matches. */
export interface Glob {
  readonly matches: (text: string) => boolean
  readonly malformed: boolean
  /** What every text it matches begins with. */
  readonly prefix: string
  readonly literal?: string
  /** What stands behind the prefix, where that is all. */
  readonly tail?: 'star' | 'doublestar'
}

/** A compiled pattern with gaps. Each filling stands for itself, never for a wildcard; there must be one for every gap. */
export interface GlobWithGaps {
  readonly matches: (text: string, fillings: readonly string[]) => boolean
  /**
   * Whether it matches with some value of its choice in every gap, each gap for itself: in time that grows with the number of values
   * and not with that of their combinations. `perhaps` where only Go's way can tell, combination by combination.
   */
  readonly matchesSome: (text: string, choices: readonly Choice[]) => boolean | 'perhaps'
  readonly prefix: string
}

/**
 * The items of a pattern in order, undefined for a malformed one, which matches nothing. Neighbouring literals are not joined, nor are
 * neighbouring stars. There are no gaps. Go stops at the first place where the items between two stars fit: that a text matches some
 * way of spreading the items over it does not always mean that Go finds it (`*[^b]*c` and `x/c`), but mostly.
 */
export function parseGlob(pattern: string, syntax: GlobSyntax = 1): GlobItem[] | undefined {
  return parse(pattern, syntax, [])
}

/**
 * Compiles a pattern as https://pkg.go.dev/path#Match reads it. It may come in parts, which are read as one text, but for two stars of
 * different parts, which never become `**`.
 */
export function compileGlob(pattern: string | readonly string[], syntax: GlobSyntax = 1): Glob {
  const parts = [pattern].flat()
  let end = 0
  const items = parse(
    parts.join(''),
    syntax,
    parts.map((part) => (end += part.length)),
  )
  if (items === undefined) return { matches: () => false, malformed: true, prefix: '' }
  const prefix = prefixOf(items)
  if (items.every(({ kind }) => kind === 'literal'))
    return { matches: (text) => text === prefix, malformed: false, prefix, literal: prefix }
  const wild = items.slice(items.findIndex(({ kind }) => kind !== 'literal'))
  if (wild.every(({ kind }) => kind === 'star'))
    return { matches: (text) => isBelow(text, prefix, false), malformed: false, prefix, tail: 'star' }
  if (wild.every(({ kind }) => kind === 'doublestar'))
    return { matches: (text) => isBelow(text, prefix, true), malformed: false, prefix, tail: 'doublestar' }
  const matches = matcherOf(items)
  return { matches: (text) => text.startsWith(prefix) && matches(toBytes(text), []), malformed: false, prefix }
}

/** Whether a text begins like this and goes on in any way, or in any way without a slash. */
export function isBelow(text: string, prefix: string, crosses: boolean): boolean {
  return text.startsWith(prefix) && (crosses || !text.includes('/', prefix.length))
}

/** Compiles the texts around the gaps of a pattern; undefined when it is malformed or a gap stands in a class or behind a backslash. */
export function compileGlobWithGaps(texts: readonly string[], syntax: GlobSyntax = 1): GlobWithGaps | undefined {
  const items: GlobItem[] = []
  for (const [index, text] of texts.entries()) {
    const parsed = parse(text, syntax, [])
    if (parsed === undefined) return undefined
    if (index > 0) items.push({ kind: 'gap', index: index - 1 })
    items.push(...parsed)
  }
  const matches = matcherOf(items)
  const plain = items.every(({ kind }) => kind !== 'any' && kind !== 'class')
  const crosses = items.some(({ kind }) => kind === 'doublestar')
  const slashes = items.some((item) => item.kind === 'class' && inClass(item, SLASH))
  return {
    matches: (text, fillings) => matches(toBytes(text), fillings.map(toBytes)),
    matchesSome(text, choices) {
      if (!plain && !crosses && !isAscii(text)) return 'perhaps'
      if (!reachesEnd(items, toBytes(text), choices)) return false
      return crosses || !slashes || 'perhaps'
    },
    prefix: prefixOf(items),
  }
}

/** The pattern that matches this text only, wherever in a pattern it is inserted. */
export function quoteGlob(text: string): string {
  return text.replace(/[*?[\]\\^-]/g, '\\$&')
}

/** The values that a gap can have. */
export function choiceOf(values: readonly string[]): Choice {
  return choose(values.map(toBytes))
}

const CLASS_CHAR = String.raw`(?:\\.|[^\]\\\-])`
const TOKEN = new RegExp(
  String.raw`(?<stars>\*+)|(?<any>\?)|\[(?:(?<negated>\^)|(?!\^))(?<ranges>(?:${CLASS_CHAR}(?:-${CLASS_CHAR})?)+)\]|\\(?<escaped>.)|(?<plain>[^*?[\\]+)`,
  'suy',
)
const RANGE = new RegExp(`(?<low>${CLASS_CHAR})(?:-(?<high>${CLASS_CHAR}))?`, 'sug')

// `seams` are the places between the parts that the text was put together from.
function parse(text: string, syntax: GlobSyntax, seams: readonly number[]): GlobItem[] | undefined {
  const items: GlobItem[] = []
  for (let at = 0; at < text.length; at = TOKEN.lastIndex) {
    TOKEN.lastIndex = at
    const token = TOKEN.exec(text)?.groups
    if (token === undefined) return undefined
    const plain = token['plain'] ?? token['escaped']
    if (plain !== undefined) items.push({ kind: 'literal', bytes: toBytes(plain) })
    else if (token['any'] !== undefined) items.push({ kind: 'any' })
    else if (token['stars'] === undefined) items.push(parseClass(token['negated'] !== undefined, token['ranges'] ?? ''))
    else items.push({ kind: syntax === 2 && hasPair(at, TOKEN.lastIndex, seams) ? 'doublestar' : 'star' })
  }
  return items
}

// Whether two of the stars from one place to another stand in the same part.
function hasPair(from: number, to: number, seams: readonly number[]): boolean {
  for (let star = from + 1; star < to; star++) if (!seams.includes(star)) return true
  return false
}

function parseClass(negated: boolean, source: string): GlobItem {
  const ranges = [...source.matchAll(RANGE)].map(({ groups }) => {
    const low = runeOf(groups?.['low'] ?? '')
    const high = groups?.['high']
    return [low, high === undefined ? low : runeOf(high)] as const
  })
  return { kind: 'class', negated, ranges }
}

function runeOf(classChar: string): number {
  return classChar.codePointAt(classChar.length > 1 && classChar.startsWith('\\') ? 1 : 0) ?? 0xfffd
}

function prefixOf(items: readonly GlobItem[]): string {
  const parts: string[] = []
  for (const item of items) {
    if (item.kind !== 'literal') break
    parts.push(item.bytes)
  }
  // Joined, it is one string; added up, it would be a tree of strings.
  const bytes = parts.join('')
  return isAscii(bytes) ? bytes : Buffer.from(bytes, 'latin1').toString('utf8')
}

// For texts and fillings as bytes.
function matcherOf(items: readonly GlobItem[]): (text: string, fillings: readonly string[]) => boolean {
  const chunks = toChunks(items)
  if (chunks !== undefined) return (text, fillings) => matchChunks(chunks, text, fillings)
  return (text, fillings) =>
    reachesEnd(
      items,
      text,
      fillings.map((filling) => choose([filling])),
    )
}
