// Which expressions can only match a text that holds the value of every placeholder: other texts cost no compilation.

// Anything not listed here (flags, classes in classes, rare escapes) is not looked into.
const TOKEN =
  /(?<atom>[^\\[\](){}|*+?]|\\[^A-Za-z0-9]|\\[dDwWsSbBAz]|\[(?:\^|(?!\^))[^\\[\]]+\])|(?<repeat>\+\??)|(?<option>(?:[*?]|\{\d+(?:,\d*)?\})\??)|(?<open>\((?:\?:|\?P?<\w+>)?)|(?<close>\))|(?<or>\|)/suy

const SHAPES = { atom: 'a', repeat: '+', option: '?', open: '(', close: ')', or: '|' } as const

/**
 * Whether an expression, given as the texts around its placeholders, needs every placeholder's value in the text it matches.
 * True is a promise for values without characters that have a meaning in expressions; false promises nothing.
 */
export function needsEveryPlaceholder(texts: readonly string[]): boolean {
  let shape = texts.map(shapeOf).join('P')
  if (shape.includes('(?')) return false
  for (let outer = ''; outer !== shape;) {
    outer = shape
    shape = outer.replace(/\(([^()]*)\)/g, (_, inner: string) =>
      inner.includes('P') ? (needs(inner) ? 'P' : '!') : 'a',
    )
  }
  return needs(shape)
}

function needs(shape: string): boolean {
  return !/P\?|[|!()]/.test(shape)
}

function shapeOf(text: string): string {
  let shape = ''
  for (let at = 0; at < text.length; at = TOKEN.lastIndex) {
    TOKEN.lastIndex = at
    const token = TOKEN.exec(text)?.groups
    if (token === undefined) return '!'
    for (const [kind, letter] of Object.entries(SHAPES)) if (token[kind] !== undefined) shape += letter
  }
  return shape
}
