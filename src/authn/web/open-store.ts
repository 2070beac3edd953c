// Opens the stores of web providers: each once, with the keys derived from its secret, for all providers that use it.
import { fingerprint } from '../../lib/fingerprint.ts'
import type { Lease } from '../../lib/pool.ts'
import type { RecordStore } from '../../lib/record-store.ts'
import type { StoreSettings } from '../../lib/record-stores.ts'
import type { Secret } from '../../lib/secret.ts'
import { createShelf } from './layout.ts'
import type { Shelf } from './layout.ts'
import { createSeal } from './sealing.ts'
import { deriveKey, secretOf } from './secret-key.ts'

/** What opening stores takes. */
export interface StoreTools {
  readonly openStore: (settings: StoreSettings) => Promise<Lease<RecordStore>>
  readonly randomBytes: (size: number) => Buffer
}

/** An open store. `secret` is the one its keys are derived from. */
export interface OpenStore {
  readonly shelf: Shelf
  readonly secret: Secret
  readonly release: () => Promise<void>
}

/** Opens the store of these settings. Throws ConfigError, holding nothing, when it or its secret cannot be had. */
export async function openStore(
  settings: StoreSettings,
  secretKey: Secret | undefined,
  { openStore: open, randomBytes }: StoreTools,
): Promise<OpenStore> {
  const lease = await open(settings)
  try {
    const secret = await secretOf(settings, secretKey, randomBytes)
    const shelf = createShelf(settings, lease.value, createSeal(deriveKey(secret, 'record'), randomBytes))
    return { shelf, secret, release: () => lease.release() }
  } catch (error) {
    await lease.release()
    throw error
  }
}

/** Puts together what shares a store. */
export function byStore<User extends { readonly store: { readonly settings: StoreSettings } }>(
  users: readonly User[],
): readonly (readonly [StoreSettings, readonly User[]])[] {
  const groups = new Map<string, [StoreSettings, User[]]>()
  for (const user of users) {
    const { settings } = user.store
    const key = fingerprint(settings)
    const group = groups.get(key) ?? [settings, []]
    groups.set(key, group)
    group[1].push(user)
  }
  return [...groups.values()]
}
