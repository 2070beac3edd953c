// Reads texts character by character in many languages at once, and finds a text for every way of belonging to some and not to others.
import { contains, INVALID, SLASH } from './steps.ts'
import type { Language, Step } from './steps.ts'

/** A text and the languages (by index) that it belongs to. */
export interface Representative {
  readonly text: string
  readonly members: readonly number[]
}

/** `complete`: every way in which a text can belong to some of the languages and not to the others has its text. */
export interface Representatives {
  readonly texts: readonly Representative[]
  readonly complete: boolean
}

/**
 * The shortest text, or the first of the `preferred` ones, for every set of languages that some text of `universe` belongs to
 * exactly. Gives up after `limit` states.
 */
export function representatives(
  languages: readonly Language[],
  universe: Language,
  limit: number,
  preferred: readonly string[] = [],
): Representatives {
  const machine = createMachine([...languages, universe])
  const found = new Map<string, Representative>()
  const take = (text: string, state: State): void => {
    const accepted = machine.accepted(state)
    if (accepted.at(-1) !== languages.length) return
    const members = accepted.slice(0, -1)
    const key = members.join()
    if (!found.has(key)) found.set(key, { text, members })
  }
  for (const text of preferred) {
    let state = machine.start
    for (const char of text) state = machine.read(state, char.codePointAt(0) ?? INVALID)
    take(text, state)
  }
  const queue = [{ text: '', state: machine.start }]
  const seen = new Set([machine.start.join()])
  for (const { text, state } of queue) {
    take(text, state)
    for (const code of machine.alphabet(state)) {
      const next = machine.read(state, code)
      const key = next.join()
      if (!machine.alive(next) || seen.has(key)) continue
      if (seen.size >= limit) return { texts: [...found.values()], complete: false }
      seen.add(key)
      queue.push({ text: text + String.fromCodePoint(code), state: next })
    }
  }
  return { texts: [...found.values()], complete: true }
}

// The places, in all languages, that a text can have led to, ascending. The last language is the universe.
type State = readonly number[]

interface Machine {
  readonly start: State
  read(state: State, code: number): State
  /** One character for each way in which a character can lead on from here. */
  alphabet(state: State): readonly number[]
  accepted(state: State): number[]
  /** Whether a text of the universe can still come of it. */
  alive(state: State): boolean
}

function createMachine(languages: readonly Language[]): Machine {
  const steps: (Step | undefined)[] = []
  const ends = new Map<number, number>()
  const starts = languages.map((language, index) => {
    const start = steps.length
    steps.push(...language, undefined)
    ends.set(steps.length - 1, index)
    return start
  })
  const universe = starts.at(-1) ?? 0
  const wide = languages.some((language) => readsPartsOfCharacters(language))

  // Adds a place, and those behind it that are reached without reading anything.
  const add = (places: Set<number>, place: number): void => {
    for (let at = place; ; at++) {
      places.add(at)
      const step = steps[at]
      if (step?.kind !== 'many' && step?.kind !== 'star') return
    }
  }
  // A star stopped inside a character: `left` bytes of it are still to be read, one INVALID character each.
  const addCut = (places: Set<number>, place: number, left: number): void => {
    const step = steps[place]
    if (left === 0) add(places, place)
    else if (step?.kind === 'one' && contains(step.set, INVALID)) addCut(places, place + 1, left - 1)
    else if (step?.kind === 'star' || step?.kind === 'many') {
      addCut(places, place, left - 1)
      addCut(places, place + 1, left)
    }
  }
  const sorted = (places: ReadonlySet<number>): State => [...places].sort((one, other) => one - other)

  const first = new Set<number>()
  for (const start of starts) add(first, start)
  return {
    start: sorted(first),
    read(state, code) {
      const places = new Set<number>()
      for (const place of state) {
        const step = steps[place]
        if (step === undefined) continue
        if (step.kind === 'char') {
          if (step.code === code) add(places, place + 1)
        } else if (step.kind === 'star') {
          if (code === SLASH) continue
          add(places, place)
          for (let left = widthOf(code) - 1; left > 0; left--) addCut(places, place + 1, left)
        } else if (contains(step.set, code)) add(places, step.kind === 'one' ? place + 1 : place)
      }
      return sorted(places)
    },
    alphabet(state) {
      const cuts = new Set([0, ...SURROGATES, ...(wide ? WIDTHS : [])])
      for (const place of state) for (const cut of cutsOf(steps[place])) cuts.add(cut)
      const bounds = [...cuts].sort((one, other) => one - other)
      return bounds.flatMap((low, index) => {
        const high = bounds[index + 1] ?? 0x110000
        if (low === SURROGATES[0] || low >= 0x110000) return []
        return READABLE.find((code) => low <= code && code < high) ?? low
      })
    },
    accepted: (state) => state.flatMap((place) => ends.get(place) ?? []),
    alive: (state) => (state.at(-1) ?? -1) >= universe,
  }
}

const SURROGATES = [0xd800, 0xe000] as const
const WIDTHS = [0x80, 0x800, 0x10000] as const
const READABLE = Array.from('abcdefghijklmnopqrstuvwxyz0123456789-_.', (char) => char.charCodeAt(0))

// The code points at which what a step makes of a character can change.
function cutsOf(step: Step | undefined): readonly number[] {
  if (step === undefined) return []
  if (step.kind === 'char') return [step.code, step.code + 1]
  if (step.kind === 'star') return [SLASH, SLASH + 1]
  return step.set.ranges.flatMap(([low, high]) => [low, high + 1])
}

// Elsewhere all characters that a step takes are alike, whatever their width.
function readsPartsOfCharacters(language: Language): boolean {
  const star = language.findIndex(({ kind }) => kind === 'star')
  return star >= 0 && language.slice(star).some(({ kind }) => kind === 'one')
}

function widthOf(code: number): number {
  return WIDTHS.filter((first) => code >= first).length + 1
}
