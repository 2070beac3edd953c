// What was verified a moment ago need not be verified again: successes only, for a short while, keyed so that nobody can read them back.
import { createHmac, createSecretKey } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { z } from 'zod'
import { duration, int, strict } from '../lib/schema.ts'

const DEFAULT_TTL_MS = 60_000
const DEFAULT_SIZE = 10_000
const MAX_SIZE = 10_000_000

/** `credential_cache`: `ttl` is how long a success is remembered (0s: not at all), `size` how many are. */
export const CredentialCacheConfig = strict({
  ttl: duration
    .refine((ms) => ms === 0 || (ms >= 1 && ms <= 24 * 3600e3), {
      error: 'must be 0s, or between 1ms and 24h, with its unit: 60s',
    })
    .transform(Math.round)
    .default(DEFAULT_TTL_MS),
  size: int
    .refine((size) => size > 0 && size <= MAX_SIZE, { error: `must be between 1 and ${MAX_SIZE}` })
    .default(DEFAULT_SIZE),
})
export type CredentialCacheConfig = z.infer<typeof CredentialCacheConfig>

/** What is remembered unless the configuration says otherwise. */
export const DEFAULT_CACHE: CredentialCacheConfig = { ttl: DEFAULT_TTL_MS, size: DEFAULT_SIZE }

/** Remembers values by who presented what. The parts (back end, account, stored hash, password) are kept as a keyed digest only. */
export interface CredentialCache<Value> {
  get(parts: readonly string[]): Value | undefined
  set(parts: readonly string[], value: Value): void
}

/** Creates a cache whose entries end `ttl` ms after they were set, on a monotonic clock; `keyBytes` are 32 random bytes of this process. */
export function createCredentialCache<Value extends object | boolean>(
  { ttl, size }: CredentialCacheConfig,
  keyBytes: Buffer,
): CredentialCache<Value> {
  if (ttl === 0) return { get: () => undefined, set: () => undefined }
  const key = createSecretKey(keyBytes)
  const entries = new LRUCache<string, Value>({ max: size, ttl })
  return {
    get: (parts) => entries.get(digest(parts, key)),
    set: (parts, value) => void entries.set(digest(parts, key), value),
  }
}

// Each part with its length, and in UTF-16, because UTF-8 has one form for all halves of characters: no two lists read the same.
function digest(parts: readonly string[], key: KeyObject): string {
  const text = parts.map((part) => `${part.length}:${part}`).join('')
  return createHmac('sha256', key).update(text, 'utf16le').digest('base64')
}
