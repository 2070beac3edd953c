// JSON as Distribution's verifier reads it: an object in which no member occurs twice.

// The strings of a valid document, with the colon that makes one a member's name.
const STRINGS = /"(?:[^"\\]|\\.)*"(\s*:)?/g

/** Parses bytes as one JSON object; undefined when they are none, are not UTF-8, or name a member twice (parsers differ in which one counts). */
export function parseJsonObject(bytes: Uint8Array): object | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
    const written = Array.from(text.matchAll(STRINGS)).filter(([, colon]) => colon !== undefined).length
    return written === countMembers(value) ? value : undefined
  } catch {
    return undefined
  }
}

function countMembers(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  const children = Object.values(value).reduce((total: number, child) => total + countMembers(child), 0)
  return Array.isArray(value) ? children : children + Object.keys(value).length
}
