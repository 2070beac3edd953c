// Texts that a pattern matches, made up from the pattern: for examples, and for what cannot be proved.
import { contains } from './steps.ts'
import type { Language } from './steps.ts'
import type { Condition } from './condition.ts'

// What stars and dots stand for: something an admin would expect, nothing, other letters, another segment.
const FILLERS = ['app', '', 'a', 'B-9_z.q', 'a/b', '7']

/** Texts that a pattern without placeholders matches, the most natural ones first; possibly none. */
export function samplesOf({ exact, source, matches }: Condition): string[] {
  if (matches === undefined) return []
  const made = FILLERS.flatMap((filler) =>
    exact === undefined ? expand(source.slice(1, -1), filler) : realize(exact, filler),
  )
  return [...new Set(made)].filter(matches)
}

function realize(language: Language, filler: string): string {
  let text = ''
  for (const [index, step] of language.entries()) {
    if (step.kind === 'char') text += String.fromCodePoint(step.code)
    else if (step.kind === 'star') text += filler.replaceAll('/', '')
    else {
      const fitting = Array.from(filler).filter((char) => contains(step.set, char.charCodeAt(0)))
      const [low = 0x61] = step.set.ranges[0] ?? []
      const some = fitting[0] ?? (step.set.negated ? 'x' : String.fromCodePoint(low))
      // `.+` is one character and then any number of them: together they make one word.
      const before = language[index - 1]
      const goesOn = before?.kind === 'one' && before.set === step.set
      text += step.kind === 'one' ? some : fitting.slice(goesOn ? 1 : 0).join('')
    }
  }
  return text
}

const TOKEN =
  /\\(?<escaped>.)|(?<class>\[\^?(?:\\.|[^\]\\])+\])|(?<open>\((?:\?P?<\w+>|\?:|\?\w+\))?)|(?<close>\))|(?<or>\|)|(?<often>[*+?]\??|\{\d+(?:,\d*)?\})|(?<anchor>[\^$])|(?<dot>\.)|(?<plain>.)/gsu

interface Sequence {
  texts: string[]
  /** Where the piece that a quantifier would be about begins: the texts without it. */
  before: string[]
}

// A dozen texts that an expression may well match. It need not be right: whoever asks tries them.
function expand(source: string, filler: string): string[] {
  const stack: { done: string[]; outer: string[] }[] = []
  let done: string[] = []
  let at: Sequence = { texts: [''], before: [''] }
  const append = (pieces: readonly string[]): void => {
    at = { texts: at.texts.flatMap((text) => pieces.map((piece) => text + piece)).slice(0, 12), before: at.texts }
  }
  for (const { groups = {}, 0: token } of source.matchAll(TOKEN)) {
    if (groups['plain'] !== undefined) append([token])
    else if (groups['escaped'] !== undefined) append([namedChar(groups['escaped'])])
    else if (groups['dot'] !== undefined) append([filler === '' ? 'x' : filler])
    else if (groups['class'] !== undefined) append([memberOf(token)])
    else if (groups['often'] !== undefined) {
      if (/^[*?]|^\{0/.test(token)) at = { texts: [...at.texts, ...at.before].slice(0, 12), before: at.before }
    } else if (groups['or'] !== undefined) {
      done.push(...at.texts)
      at = { texts: [''], before: [''] }
    } else if (groups['open'] !== undefined) {
      if (token.endsWith(')')) continue
      stack.push({ done, outer: at.texts })
      done = []
      at = { texts: [''], before: [''] }
    } else if (groups['close'] !== undefined) {
      const inner = [...done, ...at.texts]
      const saved = stack.pop()
      done = saved?.done ?? []
      at = { texts: saved?.outer ?? [''], before: [''] }
      append(inner)
    }
  }
  return [...done, ...at.texts]
}

function namedChar(letter: string): string {
  if (letter === 'd') return '7'
  if (letter === 'w') return 'a'
  return /[bAzB]/.test(letter) ? '' : letter
}

const MEMBERS = Array.from('ax7B-_./@ ')

function memberOf(written: string): string {
  try {
    const set = new RegExp(`^${written}$`, 'u')
    return MEMBERS.find((char) => set.test(char)) ?? ''
  } catch {
    return 'a'
  }
}
