// How the items of a glob are held against a text: as Go does it, or by keeping every place that can be reached.
// Both read UTF-8: a text is a string of bytes, one char each; ASCII text is that already.

/**
 * A piece of a glob. `bytes` are UTF-8, one char each; the ranges of a class are code points, both ends included. `star` never crosses
 * a slash, `doublestar` does; `any` is one character but a slash, and a class is one character, a slash too where it says so.
 */
export type GlobItem =
  | { readonly kind: 'literal'; readonly bytes: string }
  | { readonly kind: 'gap'; readonly index: number }
  | { readonly kind: 'any' }
  | { readonly kind: 'class'; readonly negated: boolean; readonly ranges: readonly (readonly [number, number])[] }
  | { readonly kind: 'star' }
  | { readonly kind: 'doublestar' }

type OneItem = Exclude<GlobItem, { kind: 'star' | 'doublestar' }>
type Class = Extract<GlobItem, { kind: 'class' }>

/** What stands between two stars. Only the first chunk of a pattern can be without a star before it. */
export interface Chunk {
  readonly starred: boolean
  readonly items: readonly OneItem[]
}

/** The values that a gap can have, as bytes, and their different lengths. */
export interface Choice {
  readonly values: ReadonlySet<string>
  readonly lengths: readonly number[]
}

/** A choice of these values, which are bytes. */
export function choose(values: readonly string[]): Choice {
  return { values: new Set(values), lengths: [...new Set(values.map(({ length }) => length))] }
}

const SLASH = 0x2f
const INVALID = 0xfffd

/** The text as bytes. */
export function toBytes(text: string): string {
  return isAscii(text) ? text : Buffer.from(text, 'utf8').toString('latin1')
}

export function isAscii(text: string): boolean {
  return /^[\x00-\x7f]*$/.test(text)
}

/** The chunks of a glob; undefined where a star crosses slashes. */
export function toChunks(items: readonly GlobItem[]): Chunk[] | undefined {
  let ones: OneItem[] = []
  const chunks: Chunk[] = [{ starred: false, items: ones }]
  for (const item of items) {
    if (item.kind === 'doublestar') return undefined
    if (item.kind === 'star') chunks.push({ starred: true, items: (ones = []) })
    else ones.push(item)
  }
  return chunks
}

/**
 * Go's way: every chunk takes the first place where it fits and never goes back, which keeps the time linear in pattern times text.
 * Where a star stops inside a character, what is left of it counts as single bytes.
 */
export function matchChunks(chunks: readonly Chunk[], text: string, fillings: readonly string[]): boolean {
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

// The bytes an item stands for, or undefined for a wildcard.
function bytesOf(item: OneItem | undefined, fillings: readonly string[]): string | undefined {
  if (item?.kind === 'literal') return item.bytes
  return item?.kind === 'gap' ? fillings[item.index] : undefined
}

function matchItems(items: readonly OneItem[], text: string, start: number, fillings: readonly string[]): number {
  let at = start
  for (const item of items) {
    if (item.kind === 'literal' || item.kind === 'gap') {
      const bytes = item.kind === 'literal' ? item.bytes : (fillings[item.index] ?? '')
      if (!text.startsWith(bytes, at)) return -1
      at += bytes.length
    } else {
      at = afterOne(item, text, at)
      if (at < 0) return -1
    }
  }
  return at
}

/**
 * Whether the text matches with some value of its choice in every gap, each gap for itself. Keeps all places that can be reached, so the
 * time does not depend on how many ways lead there; a star stops between characters only.
 */
export function reachesEnd(items: readonly GlobItem[], text: string, choices: readonly Choice[]): boolean {
  let places: readonly number[] = [0]
  for (const item of items) {
    places = advance(item, text, places, choices)
    if (places.length === 0) return false
  }
  return places.at(-1) === text.length
}

// Places are in ascending order, each once.
function advance(
  item: GlobItem,
  text: string,
  places: readonly number[],
  choices: readonly Choice[],
): readonly number[] {
  if (item.kind === 'literal') {
    const { bytes } = item
    return places.filter((place) => text.startsWith(bytes, place)).map((place) => place + bytes.length)
  }
  if (item.kind === 'gap') return throughGap(choices[item.index], text, places)
  if (item.kind === 'star') return spread(text, places, (place) => slashOrEnd(text, place))
  if (item.kind === 'doublestar') return spread(text, places, () => text.length)
  return places.map((place) => afterOne(item, text, place)).filter((place) => place >= 0)
}

function throughGap(choice: Choice | undefined, text: string, places: readonly number[]): readonly number[] {
  const reached = new Set<number>()
  for (const place of places) {
    for (const length of choice?.lengths ?? []) {
      const end = place + length
      if (end <= text.length && choice?.values.has(text.slice(place, end)) === true) reached.add(end)
    }
  }
  return [...reached].sort((one, other) => one - other)
}

// Every place between characters from each place up to its limit.
function spread(text: string, places: readonly number[], limitOf: (place: number) => number): readonly number[] {
  const reached: number[] = []
  let next = 0
  for (const place of places) {
    if (place < next - 1) continue
    const limit = limitOf(place)
    for (next = Math.max(place, next); next <= limit; next++) {
      if ((text.charCodeAt(next) & 0xc0) !== 0x80) reached.push(next)
    }
  }
  return reached
}

function slashOrEnd(text: string, from: number): number {
  const slash = text.indexOf('/', from)
  return slash < 0 ? text.length : slash
}

// Where the character at this place ends, or -1 when the item is not for it.
function afterOne(item: Class | { readonly kind: 'any' }, text: string, at: number): number {
  if (at >= text.length) return -1
  const width = runeWidth(text, at)
  const fits = item.kind === 'any' ? text.charCodeAt(at) !== SLASH : inClass(item, runeAt(text, at, width))
  return fits ? at + width : -1
}

/** Whether the class has this code point. */
export function inClass(item: Class, rune: number): boolean {
  return item.ranges.some(([low, high]) => low <= rune && rune <= high) !== item.negated
}

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
