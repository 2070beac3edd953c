// What every back end of this room is given, and the bcrypt comparison most of them share.
import type { Lease } from '../lib/pool.ts'
import type { Logger } from '../lib/logger.ts'
import type { RecordStore } from '../lib/record-store.ts'
import type { Credentials } from '../protocol/identity.ts'
import { createCredentialCache } from './credential-cache.ts'
import type { CredentialCache, CredentialCacheConfig } from './credential-cache.ts'
import type { Passwords } from './passwords.ts'
import type { StoreSettings } from '../lib/record-stores.ts'

/** What this process lends to its back ends. Times are in ms. */
export interface AuthnTools {
  readonly passwords: Passwords
  /** `credential_cache` of the configuration; back ends whose passwords may be one-time codes have one of their own instead. */
  readonly cache: CredentialCacheConfig
  readonly now: () => number
  readonly randomBytes: (size: number) => Buffer
  readonly log: Logger
  /** A record store that is shared with whoever else uses these settings. */
  readonly openStore: (settings: StoreSettings) => Promise<Lease<RecordStore>>
}

/** A back end's own memory of what it verified. It goes with the back end, so a change of its configuration clears it. */
export function createMemory<Value extends object | boolean>(
  tools: AuthnTools,
  cache: CredentialCacheConfig = tools.cache,
): CredentialCache<Value> {
  return createCredentialCache(cache, tools.randomBytes(32))
}

/** Compares a password with the hash just read from its record; a success is remembered for that very hash. */
export type VerifyHash = (credentials: Credentials, hash: string, signal?: AbortSignal) => Promise<boolean>

/** Creates the comparison of the back end `name`. It throws BackendError when too many wait. */
export function createVerifyHash(name: string, tools: AuthnTools): VerifyHash {
  const memory = createMemory<true>(tools)
  return async ({ account, password }, hash, signal) => {
    const parts = [name, account, hash, password.reveal()]
    if (memory.get(parts) === true) return true
    const right = await tools.passwords.verify(password, hash, signal)
    if (right) memory.set(parts, true)
    return right
  }
}
