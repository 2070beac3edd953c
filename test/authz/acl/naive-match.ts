// Globs, addresses and times by the book, letter by letter, to compare the real ones with.

type Token =
  | { readonly kind: 'char'; readonly char: string }
  | { readonly kind: 'class'; readonly has: (code: number) => boolean }
  | { readonly kind: 'any' | 'star' | 'doublestar' }

/** Whether Go's path.Match finds a match, or, where `**` crosses slashes, whether there is one. The parts are read as one pattern. */
export function globMatches(parts: readonly string[], text: string, syntax: 1 | 2): boolean {
  const key = `${syntax}${parts.join('\0')}`
  if (known.size > 5_000) known.clear()
  if (!known.has(key)) known.set(key, tokensOf(parts, syntax))
  const tokens = known.get(key)
  if (tokens === undefined) return false
  if (tokens.some(({ kind }) => kind === 'doublestar')) return anyMatch(tokens, Array.from(text))
  return goMatch(tokens, Buffer.from(text))
}

const known = new Map<string, Token[] | undefined>()

function tokensOf(parts: readonly string[], syntax: 1 | 2): Token[] | undefined {
  const chars = parts.flatMap((part, index) => Array.from(part, (char) => ({ char, part: index })))
  const tokens: Token[] = []
  let at = 0
  const classChar = (): number | undefined => {
    let char = chars[at++]?.char
    if (char === undefined || char === ']' || char === '-') return undefined
    if (char === '\\') char = chars[at++]?.char
    return char?.codePointAt(0)
  }
  while (at < chars.length) {
    const { char } = chars[at++]!
    if (char === '?') tokens.push({ kind: 'any' })
    else if (char === '*') {
      let pair = false
      for (; chars[at]?.char === '*'; at++) pair ||= chars[at]?.part === chars[at - 1]?.part
      tokens.push({ kind: pair && syntax === 2 ? 'doublestar' : 'star' })
    } else if (char === '\\') {
      const escaped = chars[at++]
      if (escaped === undefined) return undefined
      tokens.push({ kind: 'char', char: escaped.char })
    } else if (char === '[') {
      const negated = chars[at]?.char === '^'
      if (negated) at++
      const ranges: [number, number][] = []
      do {
        const low = classChar()
        if (low === undefined) return undefined
        const isRange = chars[at]?.char === '-'
        if (isRange) at++
        const high = isRange ? classChar() : low
        if (high === undefined || at >= chars.length) return undefined
        ranges.push([low, high])
      } while (chars[at]?.char !== ']')
      at++
      tokens.push({ kind: 'class', has: (code) => ranges.some(([a, b]) => a <= code && code <= b) !== negated })
    } else tokens.push({ kind: 'char', char })
  }
  return tokens
}

// Every way of spreading the tokens over the characters.
function anyMatch([token, ...rest]: readonly Token[], chars: readonly string[]): boolean {
  if (token === undefined) return chars.length === 0
  const [char, ...others] = chars
  if (token.kind === 'star' || token.kind === 'doublestar') {
    if (anyMatch(rest, chars)) return true
    return char !== undefined && (token.kind === 'doublestar' || char !== '/') && anyMatch([token, ...rest], others)
  }
  return char !== undefined && fits(token, char) && anyMatch(rest, others)
}

function fits(token: Token, char: string): boolean {
  if (token.kind === 'char') return token.char === char
  return token.kind === 'class' ? token.has(char.codePointAt(0) ?? 0) : char !== '/'
}

// Go's way, on bytes: what stands between two stars takes the first place where it fits.
function goMatch(tokens: readonly Token[], bytes: Buffer): boolean {
  const star = tokens.findIndex(({ kind }) => kind === 'star')
  if (star < 0) return bytesAfter(tokens, bytes) === bytes.length
  const begin = bytesAfter(tokens.slice(0, star), bytes)
  return begin !== undefined && goRest(tokens.slice(star + 1), bytes.subarray(begin))
}

// A star stands before the tokens.
function goRest(tokens: readonly Token[], bytes: Buffer): boolean {
  const star = tokens.findIndex(({ kind }) => kind === 'star')
  const chunk = star < 0 ? tokens : tokens.slice(0, star)
  if (tokens.length === 0) return !bytes.includes('/')
  for (let from = 0; from <= bytes.length; from++) {
    const length = bytesAfter(chunk, bytes.subarray(from))
    if (length !== undefined && (star >= 0 || from + length === bytes.length))
      return star < 0 || goRest(tokens.slice(star + 1), bytes.subarray(from + length))
    if (bytes[from] === 0x2f) return false
  }
  return false
}

// How many bytes the tokens take from the beginning.
function bytesAfter(tokens: readonly Token[], bytes: Buffer): number | undefined {
  let at = 0
  for (const token of tokens) {
    if (token.kind === 'char') {
      const wanted = Buffer.from(token.char)
      if (!bytes.subarray(at, at + wanted.length).equals(wanted)) return undefined
      at += wanted.length
    } else {
      if (at >= bytes.length) return undefined
      const byte = bytes[at]!
      const width = byte < 0xc0 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4
      const char = width === 1 && byte >= 0x80 ? '\ufffd' : bytes.subarray(at, at + width).toString()
      if (!fits(token, char)) return undefined
      at += width
    }
  }
  return at
}

/** Whether a network, or an address, holds an address. */
export function networkHolds(network: string, ip: string): boolean {
  const [address = '', prefix] = network.split('/')
  const bits = bitsOf(address)
  const other = bitsOf(ip)
  if (bits === undefined || other === undefined) return false
  const isMapped = address.includes(':') && bits.length === 32
  const length = prefix === undefined ? bits.length : Number(prefix) - (isMapped ? 96 : 0)
  return bits.length === other.length && bits.slice(0, length) === other.slice(0, length)
}

// 32 or 128 zeros and ones; IPv4 inside IPv6 is IPv4.
function bitsOf(address: string): string | undefined {
  if (address === '') return undefined
  if (address.startsWith('::ffff:')) return bitsOf(address.slice(7))
  if (!address.includes(':'))
    return address
      .split('.')
      .map((byte) => Number(byte).toString(2).padStart(8, '0'))
      .join('')
  const [head = [], tail = []] = address.split('::').map((half) => half.split(':').filter((word) => word !== ''))
  const zeros = Array<string>(8 - head.length - tail.length).fill('0')
  return [...head, ...zeros, ...tail].map((word) => parseInt(word, 16).toString(2).padStart(16, '0')).join('')
}

interface When {
  readonly after?: string | undefined
  readonly before?: string | undefined
  readonly days?: readonly string[] | undefined
}

/** Whether a moment lies in a time: minute by minute back to where its day's window began. */
export function timeHolds({ after = '00:00', before = '24:00', days }: When, now: number): boolean {
  if (after.includes('-') && now < Date.parse(after)) return false
  if (before.includes('-') && now >= Date.parse(before)) return false
  const minute = (text: string): number => Number(text.slice(0, 2)) * 60 + Number(text.slice(3))
  const begin = after.includes('-') ? 0 : minute(after)
  const end = before.includes('-') ? 24 * 60 : minute(before)
  const length = end > begin ? end - begin : end - begin + 24 * 60
  const at = new Date(now)
  return [0, 1].some((daysAgo) => {
    const weekday = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'][(at.getDay() + 7 - daysAgo) % 7]!
    const since = at.getHours() * 60 + at.getMinutes() + daysAgo * 24 * 60 - begin
    return since >= 0 && since < length && (days === undefined || days.includes(weekday))
  })
}
