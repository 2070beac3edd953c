// The steps of the expressions that most rules use: characters, classes and dots, each once or any number of times.
import { ALL, INVALID } from './steps.ts'
import type { CharSet, Step } from './steps.ts'

const CHAR = String.raw`(?:[^\\\][^-]|\\[^A-Za-z0-9]|\\[dw])`
const PIECE = new RegExp(
  String.raw`(?:(?<plain>[^\\^$.|?*+()[\]{}])|\\(?<escaped>[^A-Za-z0-9])|(?<dot>\.)|\\(?<named>[dw])` +
    String.raw`|\[(?<negated>\^?)(?<members>(?:${CHAR}(?:-${CHAR})?)+-?|-)\])(?<often>[*+]?)(?![?{*+])`,
  'suy',
)
const MEMBER = new RegExp(String.raw`(?<low>${CHAR})(?:-(?<high>${CHAR}))?|-`, 'sug')

const NAMED = {
  d: [[0x30, 0x39]],
  w: [
    [0x30, 0x39],
    [0x41, 0x5a],
    [0x5f, 0x5f],
    [0x61, 0x7a],
  ],
} as const
const DOT: CharSet = { negated: true, ranges: [[0x0a, 0x0a]] }

/** The steps of an expression in RE2's syntax; undefined for one that is not made of such simple pieces. */
export function stepsOfRegex(source: string): Step[] | undefined {
  const begins = source.startsWith('^')
  const steps: Step[] = begins ? [] : [{ kind: 'many', set: ALL }]
  for (let at = begins ? 1 : 0; at < source.length; at = PIECE.lastIndex) {
    if (source.slice(at) === '$') return steps
    PIECE.lastIndex = at
    const piece = PIECE.exec(source)?.groups
    const set = piece && setOf(piece)
    if (set === undefined) return undefined
    const often = piece?.['often']
    if (often !== '*') steps.push(stepOf(set))
    if (often !== '') steps.push({ kind: 'many', set })
  }
  return [...steps, { kind: 'many', set: ALL }]
}

function stepOf(set: CharSet): Step {
  const [range] = set.ranges
  const single = !set.negated && set.ranges.length === 1 && range !== undefined && range[0] === range[1]
  return single ? { kind: 'char', code: range[0] } : { kind: 'one', set }
}

type Groups = Readonly<Partial<Record<string, string>>>

function setOf(piece: Groups): CharSet | undefined {
  const { plain, escaped, dot, named, negated, members = '' } = piece
  const char = plain ?? escaped
  if (char !== undefined) return { negated: false, ranges: [rangeOf(char)] }
  if (dot !== undefined) return DOT
  if (named !== undefined) return { negated: false, ranges: namedSet(named) ?? [] }
  const ranges: (readonly [number, number])[] = []
  for (const { groups } of members.matchAll(MEMBER)) {
    const low = groups?.['low'] ?? '-'
    const high = groups?.['high']
    const set = namedSet(low.slice(1))
    if (low.startsWith('\\') && set !== undefined) {
      if (high !== undefined) return undefined
      ranges.push(...set)
    } else if (high === undefined) ranges.push(rangeOf(low))
    else if (/^\\[dw]$/.test(high)) return undefined
    else ranges.push([rangeOf(low)[0], rangeOf(high)[0]])
  }
  return { negated: negated === '^', ranges }
}

function namedSet(letter: string): readonly (readonly [number, number])[] | undefined {
  if (letter === 'd') return NAMED.d
  return letter === 'w' ? NAMED.w : undefined
}

function rangeOf(char: string): readonly [number, number] {
  const code = char.codePointAt(char.length > 1 && char.startsWith('\\') ? 1 : 0) ?? INVALID
  return [code, code]
}
