// registry-auth store migrate: gives records of browser sign-ins their provider's name, or, with --undo, docker_auth's form back.
import type { Writable } from 'node:stream'
import { migrateStores } from '../authn/index.ts'
import type { WebStores } from '../authn/index.ts'
import { BackendError, ConfigError } from '../lib/errors.ts'
import type { RecordStore } from '../lib/record-store.ts'
import type { StoreSettings } from '../lib/record-stores.ts'

/** What `migrate` takes of this machine. `now` is in ms. */
export interface MigrateParts {
  readonly openRecordStore: (settings: StoreSettings) => Promise<RecordStore>
  readonly randomBytes: (size: number) => Buffer
  readonly now: () => number
}

/** Migrates every store of a configuration and says what became of each, one a line. Throws ConfigError for one that cannot be migrated or does not answer; running it again goes on from there. */
export async function migrate(stores: WebStores, undo: boolean, parts: MigrateParts, out: Writable): Promise<number> {
  const openStore = async (settings: StoreSettings): Promise<{ value: RecordStore; release: () => Promise<void> }> => {
    const value = await parts.openRecordStore(settings)
    return { value, release: () => value.close() }
  }
  const form = undo ? "docker_auth's form" : "their provider's name"
  try {
    for await (const { store, moved, ended, strange } of migrateStores(stores, undo, { ...parts, openStore })) {
      out.write(
        `${store}: ${moved} given ${form}, ${ended} ended and deleted, ${strange} not understood and left alone\n`,
      )
    }
    return 0
  } catch (error) {
    throw error instanceof BackendError ? new ConfigError(withCause(error), { cause: error }) : error
  }
}

function withCause({ message, cause }: Error): string {
  return cause instanceof Error ? `${message}: ${cause.message}` : message
}
