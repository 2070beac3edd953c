// Go's path.Match, compiled once: `*` and `?` never cross a slash, `[…]` is a class, a backslash escapes.
// Go reads UTF-8 bytes (`*??` matches "€"), so text is matched as a string of bytes, one char each; ASCII text is that already.

/** A compiled pattern. A malformed one never matches. `literal` is the only text a pattern without wildcards matches. */
export interface Glob {
  readonly matches: (text: string) => boolean
  readonly malformed: boolean
  readonly literal?: string
}

/** A compiled pattern with gaps. Each filling stands for itself, never for a wildcard; there must be one for every gap. */
export interface GlobWithGaps {
  readonly matches: (text: string, fillings: readonly string[]) => boolean
}

type Item =
  | { readonly kind: 'literal'; readonly bytes: string }
  | { readonly kind: 'gap'; readonly index: number }
  | { readonly kind: 'any' }
  | { readonly kind: 'class'; readonly negated: boolean; readonly ranges: readonly (readonly [number, number])[] }

// What stands between two stars. Only the first chunk of a pattern can be without a star before it.
interface Chunk {
  readonly starred: boolean
  readonly items: Item[]
}

const SLASH = 0x2f
const INVALID = 0xfffd

/** Compiles a pattern as https://pkg.go.dev/path#Match reads it. */
export function compileGlob(pattern: string): Glob {
  const chunks = parse([pattern])
  if (chunks === undefined) return { matches: () => false, malformed: true }
  const literal = literalOf(chunks)
  if (literal !== undefined) return { matches: (text) => text === literal, malformed: false, literal }
  return { matches: (text) => matchChunks(chunks, toBytes(text), []), malformed: false }
}

/** Compiles the texts around the gaps of a pattern; undefined when it is malformed or a gap stands in a class or behind a backslash. */
export function compileGlobWithGaps(texts: readonly string[]): GlobWithGaps | undefined {
  const chunks = parse(texts)
  if (chunks === undefined) return undefined
  return { matches: (text, fillings) => matchChunks(chunks, toBytes(text), fillings.map(toBytes)) }
}

/** The pattern that matches this text only, wherever in a pattern it is inserted. */
export function quoteGlob(text: string): string {
  return text.replace(/[*?[\]\\^-]/g, '\\$&')
}

const CLASS_CHAR = String.raw`(?:\\.|[^\]\\\-])`
const TOKEN = new RegExp(
  String.raw`(?<star>\*+)|(?<any>\?)|\[(?:(?<negated>\^)|(?!\^))(?<ranges>(?:${CLASS_CHAR}(?:-${CLASS_CHAR})?)+)\]|\\(?<escaped>.)|(?<plain>[^*?[\\]+)`,
  'suy',
)
const RANGE = new RegExp(`(?<low>${CLASS_CHAR})(?:-(?<high>${CLASS_CHAR}))?`, 'sug')

function parse(texts: readonly string[]): Chunk[] | undefined {
  let chunk: Chunk = { starred: false, items: [] }
  const chunks = [chunk]
  for (const [index, text] of texts.entries()) {
    if (index > 0) chunk.items.push({ kind: 'gap', index: index - 1 })
    for (let at = 0; at < text.length; at = TOKEN.lastIndex) {
      TOKEN.lastIndex = at
      const token = TOKEN.exec(text)?.groups
      if (token === undefined) return undefined
      const plain = token['plain'] ?? token['escaped']
      if (token['star'] !== undefined) chunks.push((chunk = { starred: true, items: [] }))
      else if (plain !== undefined) chunk.items.push({ kind: 'literal', bytes: toBytes(plain) })
      else if (token['any'] !== undefined) chunk.items.push({ kind: 'any' })
      else chunk.items.push(parseClass(token['negated'] !== undefined, token['ranges'] ?? ''))
    }
  }
  return chunks
}

function parseClass(negated: boolean, source: string): Item {
  const ranges = [...source.matchAll(RANGE)].map(({ groups }) => {
    const low = runeOf(groups?.['low'] ?? '')
    const high = groups?.['high']
    return [low, high === undefined ? low : runeOf(high)] as const
  })
  return { kind: 'class', negated, ranges }
}

function runeOf(classChar: string): number {
  return classChar.codePointAt(classChar.length > 1 && classChar.startsWith('\\') ? 1 : 0) ?? INVALID
}

function literalOf(chunks: readonly Chunk[]): string | undefined {
  let bytes = ''
  for (const { starred, items } of chunks) {
    if (starred) return undefined
    for (const item of items) {
      if (item.kind !== 'literal') return undefined
      bytes += item.bytes
    }
  }
  return Buffer.from(bytes, 'latin1').toString('utf8')
}

// Every chunk takes the first place where it fits and never goes back, as in Go; this also keeps the time linear in pattern times text.
function matchChunks(chunks: readonly Chunk[], text: string, fillings: readonly string[]): boolean {
  const last = chunks.at(-1)
  let at = 0
  for (const chunk of chunks) {
    if (chunk === last && chunk.starred && chunk.items.length === 0) return !text.includes('/', at)
    at = findChunk(chunk, chunk === last, text, at, fillings)
    if (at < 0) return false
  }
  return true
}

// Where the chunk ends, or -1. The last one has to reach the end of the text.
function findChunk(chunk: Chunk, last: boolean, text: string, from: number, fillings: readonly string[]): number {
  const { starred, items } = chunk
  const limit = starred ? slashOrEnd(text, from) : from
  const lead = starred ? bytesOf(items[0], fillings) : undefined
  for (let start = from; start <= limit; start++) {
    if (lead !== undefined) start = text.indexOf(lead, start)
    if (start < 0 || start > limit) return -1
    const end = matchItems(items, text, start, fillings)
    if (end >= 0 && (!last || end === text.length)) return end
  }
  return -1
}

function slashOrEnd(text: string, from: number): number {
  const slash = text.indexOf('/', from)
  return slash < 0 ? text.length : slash
}

// The bytes an item stands for, or undefined for a wildcard.
function bytesOf(item: Item | undefined, fillings: readonly string[]): string | undefined {
  if (item?.kind === 'literal') return item.bytes
  return item?.kind === 'gap' ? fillings[item.index] : undefined
}

function matchItems(items: readonly Item[], text: string, start: number, fillings: readonly string[]): number {
  let at = start
  for (const item of items) {
    if (item.kind === 'literal' || item.kind === 'gap') {
      const bytes = item.kind === 'literal' ? item.bytes : (fillings[item.index] ?? '')
      if (!text.startsWith(bytes, at)) return -1
      at += bytes.length
    } else {
      if (at >= text.length) return -1
      const width = runeWidth(text, at)
      if (item.kind === 'any' ? text.charCodeAt(at) === SLASH : !inClass(item, runeAt(text, at, width))) return -1
      at += width
    }
  }
  return at
}

function inClass(item: Extract<Item, { kind: 'class' }>, rune: number): boolean {
  return item.ranges.some(([low, high]) => low <= rune && rune <= high) !== item.negated
}

// A star can stop inside a character; Go then reads what is left of it as single invalid bytes.
function runeWidth(text: string, at: number): number {
  const byte = text.charCodeAt(at)
  if (byte < 0xc0) return 1
  return byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4
}

function runeAt(text: string, at: number, width: number): number {
  if (width === 1) return text.charCodeAt(at) < 0x80 ? text.charCodeAt(at) : INVALID
  return (
    Buffer.from(text.slice(at, at + width), 'latin1')
      .toString('utf8')
      .codePointAt(0) ?? INVALID
  )
}

function toBytes(text: string): string {
  return /^[\x00-\x7f]*$/.test(text) ? text : Buffer.from(text, 'utf8').toString('latin1')
}
