// Tells whether two settings mean the same, secrets included, without keeping any of them.
import { createHash } from 'node:crypto'
import { Secret } from './secret.ts'

const NOT_PLAIN = 'a fingerprint is of plain data'

/** A digest of plain data (scalars, lists, maps, Secrets, bytes). Equal data have equal digests; the order of keys does not matter. Throws TypeError for anything else. */
export function fingerprint(value: unknown): string {
  return createHash('sha256').update(canonical(value)).digest('base64')
}

function canonical(value: unknown): string {
  if (value instanceof Secret) return `secret ${JSON.stringify(value.reveal())}`
  if (value instanceof Uint8Array) return `bytes ${Buffer.from(value).toString('base64')}`
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`
  if (typeof value === 'object' && value !== null) {
    if (!isPlain(value)) throw new TypeError(NOT_PLAIN)
    const entries = Object.entries(value).filter(([, item]) => item !== undefined)
    return `{${entries
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`)
      .join()}}`
  }
  if (typeof value === 'string') return JSON.stringify(value)
  if (typeof value === 'function' || typeof value === 'symbol') throw new TypeError(NOT_PLAIN)
  return `${typeof value} ${String(value)}`
}

// A Map, a URL or a Date has nothing to enumerate: any two would look the same.
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}
