// A line of YAML as it may be shown to whoever reads over a shoulder: every value that could be a secret is masked. It reads text that
// may be broken, so it does not parse: what it does not know to be harmless it hides.
import { escapeControls } from './log-line.ts'

const MASK = '•••'

// Everything below these is harmless, unless its name says otherwise. A list of secret names alone would not know a mistyped one.
const HARMLESS = new Set([
  ...['server', 'on_wrong_password', 'on_error', 'credential_cache'],
  ...['acl', 'acl_files', 'acl_tests', 'acl_shadow', 'syntax', 'tests', 'id', 'match', 'actions', 'comment'],
])
const SECRET = /pass|pwd|secret|token|cred|hash|key|ur[il]|dsn|conn|private|auth/i
// What stands below one of these is no key, whatever it looks like.
const SCALAR = /pass|pwd|secret|hash|private/i

/** Where a line stands: the keys above it, and whether it goes on with a scalar that began there. */
interface Context {
  readonly keys: readonly string[]
  readonly continues: boolean
}

const TOP: Context = { keys: [], continues: false }

// Longer ones are not written by hand.
const MAX_LENGTH = 10_000

/**
 * The characters of a line as they are shown, one cell for each; what is masked leaves its cells empty but for the first. Undefined
 * where the line, or one that it stands below, is too long to be looked at.
 */
export function maskedLine(lines: readonly string[], index: number): string[] | undefined {
  const line = lines[index] ?? ''
  const around = linesAround(lines, index)
  if ([...around, line].some(({ length }) => length > MAX_LENGTH)) return undefined
  if (isInPem(lines, index)) return hide(line.split(''), 0, line.length)
  const top: Context = { keys: [], continues: false }
  return scan(
    line,
    around.reduce((above, one) => scan(one, above).inside, top),
  ).cells
}

// Nobody has a longer one.
const PEM_LINES = 500

function isInPem(lines: readonly string[], index: number): boolean {
  const upTo = lines.slice(Math.max(0, index - PEM_LINES), index + 1)
  const last = upTo.findLast((line) => line.includes('-----'))
  return upTo.at(-1)?.includes('-----') === true || last?.includes('-----BEGIN') === true
}

/** The lines whose keys a line stands below, by their indentation, the outermost first. */
function linesAround(lines: readonly string[], index: number): string[] {
  const around: string[] = []
  let { start, isItem } = edges(lines[index] ?? '')
  for (let above = index - 1; above >= 0 && (start > 0 || isItem); above--) {
    const line = lines[above] ?? ''
    if (/^\s*(?:#|$)/.test(line)) continue
    const edge = edges(line)
    // The items of a list may stand right below its key.
    const isBelow = edge.content < start || (isItem && !edge.isItem && edge.content === start)
    const isInItem = edge.isItem && edge.start < start
    if (!isBelow && !isInItem) continue
    // Further in than its dash stands the next key of an item, or else what the item goes on with.
    if (isBelow || !scan(line, TOP).isKeyed) around.unshift(line)
    start = edge.start
    isItem = edge.isItem
  }
  return around
}

function edges(line: string): { readonly start: number; readonly content: number; readonly isItem: boolean } {
  const [, indentation = '', dashes = ''] = /^(\s*)((?:-(?:\s+|$))*)/.exec(line) ?? []
  const start = indentation.length
  return { start, content: start + dashes.length, isItem: dashes !== '' }
}

interface Scanned {
  readonly cells: string[]
  /** The context of what stands below it. */
  readonly inside: Context
  /** Whether it gives a key a value, outside of brackets. */
  readonly isKeyed: boolean
}

function scan(line: string, { keys: above, continues }: Context): Scanned {
  const cells = line.split('').map((character) => (character === '\t' ? character : escapeControls(character)))
  const { start, content } = edges(line)
  if (continues) {
    if (!isHarmless(above)) hide(cells, start, line.length)
    return { cells, inside: { keys: above, continues }, isKeyed: false }
  }
  // The key that is being given a value, at each depth of brackets.
  const open: (string | undefined)[] = [undefined]
  const keys = (): string[] => [...above, ...open.filter((key) => key !== undefined)]
  let goesOn = false
  for (let at = content; at < line.length;) {
    const depth = open.length - 1
    const { kind, end, next } = tokenAt(line, at, depth > 0, open[depth] === undefined)
    if (kind === 'comment') cells.fill('', at)
    else if (kind === 'open') open.push(undefined)
    else if (kind === 'close') open.pop()
    else if (kind === 'comma') open[depth] = undefined
    else if (kind === 'key') {
      if (SCALAR.test(keys().at(-1) ?? '')) hide(cells, at, end)
      open[depth] = line.slice(at, end).replace(/^(["'])(.*)\1$/, '$2')
    } else if (kind !== 'space' && !isHarmless(keys())) hide(cells, at, end)
    if (kind !== 'space' && kind !== 'comment')
      goesOn = kind === 'unclosed' || (kind === 'value' && depth === 0 && !/^[&!]\S*$/.test(line.slice(at, end)))
    at = next
  }
  return { cells, inside: { keys: keys(), continues: goesOn }, isKeyed: open[0] !== undefined }
}

function isHarmless(keys: readonly string[]): boolean {
  return HARMLESS.has(keys[0] ?? '') && !keys.some((key) => SECRET.test(key))
}

function hide(cells: string[], from: number, to: number): string[] {
  return cells.fill('', from, to).fill(MASK, from, from + 1)
}

interface Token {
  readonly kind: 'space' | 'comment' | 'open' | 'close' | 'comma' | 'key' | 'value' | 'unclosed'
  readonly end: number
  /** Where the next one begins: a key takes its colon along. */
  readonly next: number
}

const BRACKETS: Readonly<Record<string, Token['kind']>> = { '{': 'open', '[': 'open' }
const IN_FLOW: Readonly<Record<string, Token['kind']>> = { ...BRACKETS, '}': 'close', ']': 'close', ',': 'comma' }
const QUOTED = /"(?:[^"\\]|\\.)*("?)|'(?:[^']|'')*('?)/y
const FLOW_PLAIN = /[^,[\]{}]+?(?=\s*:(?:[\s,[\]{}]|$)|\s+#|\s*(?:[,[\]{}]|$))/y
const PLAIN = /.+?(?=\s*:(?:\s|$)|\s+#|\s*$)/y
const REST = /.+?(?=\s+#|\s*$)/y

/** The token at this place, in brackets or not; where there is a key already, what else looks like one belongs to its value. */
function tokenAt(line: string, at: number, inFlow: boolean, mayBeKey: boolean): Token {
  const single = (kind: Token['kind'], end = at + 1): Token => ({ kind, end, next: end })
  const character = line[at] ?? ''
  if (/\s/.test(character)) return single('space')
  if (character === '#' && (at === 0 || /\s/.test(line[at - 1] ?? ''))) return single('comment', line.length)
  const bracket = (inFlow ? IN_FLOW : BRACKETS)[character]
  if (bracket !== undefined) return single(bracket)
  const quoted = matchAt(QUOTED, line, at)
  const plain = inFlow ? FLOW_PLAIN : mayBeKey ? PLAIN : REST
  const end = at + Math.max(1, (quoted ?? matchAt(plain, line, at))?.[0].length ?? 1)
  const colon = matchAt(quoted !== undefined && inFlow ? /\s*:/y : /\s*:(?=[\s,[\]{}]|$)/y, line, end)
  if (mayBeKey && colon !== undefined) return { kind: 'key', end, next: end + colon[0].length }
  return single(quoted !== undefined && !quoted[1] && !quoted[2] ? 'unclosed' : 'value', end)
}

function matchAt(pattern: RegExp, line: string, at: number): RegExpExecArray | undefined {
  pattern.lastIndex = at
  return pattern.exec(line) ?? undefined
}
