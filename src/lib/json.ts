// JSON as it is exchanged with others.

/** The value of a JSON text, or undefined when it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** A key that stands twice in one object of a JSON text, of which `parseJson` keeps the last without a word. */
export function repeatedKey(json: string): string | undefined {
  const open: Set<string>[] = []
  for (const [token, text] of json.matchAll(/("(?:[^"\\]|\\.)*")\s*:|"(?:[^"\\]|\\.)*"|[{}]/g)) {
    if (token === '{') open.push(new Set())
    else if (token === '}') open.pop()
    else if (text !== undefined) {
      const key = String(parseJson(text))
      if (open.at(-1)?.has(key) === true) return key
      open.at(-1)?.add(key)
    }
  }
  return undefined
}

/**
 * Formats a value as a line for programs that read lines, its end included. It is all ASCII: readers differ in which other characters end a line (U+0085,
 * U+2028) and in the encoding they expect, and a password may hold any of them.
 */
export function formatJsonLine(value: object): string {
  const ascii = JSON.stringify(value).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
  return `${ascii}\n`
}
