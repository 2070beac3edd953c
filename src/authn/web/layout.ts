// Which form a store's records have. `store migrate` may change it at any time, on another machine.
import { BackendError } from '../../lib/errors.ts'
import type { RecordStore } from '../../lib/record-store.ts'
import type { StoreSettings } from '../../lib/record-stores.ts'
import { createSealedForm, dockerAuthForm } from './forms.ts'
import type { Form } from './forms.ts'
import type { Seal } from './sealing.ts'

// Stands in a migrated store, and holds something that only the right key opens. No key of docker_auth begins like this.
const MARKER = 'registry-auth:records'

/** The form of one store's records. */
export interface Layout {
  /** As last seen; asks the store the first time. Throws BackendError when the store has no form this configuration can use. */
  current(): Promise<Form>
  /** Asks the store again. */
  refresh(): Promise<Form>
}

/** A store, its marker, and both forms. `name` says in messages which store it is. */
export interface Shelf {
  readonly name: string
  readonly store: RecordStore
  readonly sealed: Form
  /** Whether the store was migrated. Throws BackendError when it was with another key. */
  readonly isMigrated: () => Promise<boolean>
  readonly setMigrated: (migrated: boolean) => Promise<void>
  /** Ours alone: docker_auth cannot read such a store, so it never holds its form. */
  readonly ours: boolean
}

/** Puts a store and the seal of its key together. */
export function createShelf(settings: StoreSettings, store: RecordStore, { seal, unseal }: Seal): Shelf {
  const name = settings.kind === 'level' ? settings.path : `${settings.kind}_token_db`
  return {
    name,
    store,
    sealed: createSealedForm({ seal, unseal }),
    ours: settings.kind === 'mongo',
    async isMigrated() {
      const marker = await store.get(MARKER)
      if (marker === undefined) return false
      if (unseal(MARKER, marker) !== undefined) return true
      throw new BackendError(
        `the records of ${name} were sealed with another key: bring back the secret_key_file, or the .key file beside the folder, with which it was migrated`,
      )
    },
    setMigrated: (migrated) => (migrated ? store.put(MARKER, seal(MARKER, new Uint8Array())) : store.delete(MARKER)),
  }
}

/** Creates the layout of a store that so many providers share. */
export function createLayout({ name, sealed, ours, isMigrated }: Shelf, providers: number): Layout {
  let known: Form | undefined
  async function refresh(): Promise<Form> {
    known = ours || (await isMigrated()) ? sealed : dockerAuthForm
    if (known === sealed || providers === 1) return known
    known = undefined
    throw new BackendError(
      `${name} cannot tell the accounts of ${providers} providers apart: stop the server and run registry-auth store migrate CONFIG`,
    )
  }
  return { refresh, current: async () => known ?? refresh() }
}
