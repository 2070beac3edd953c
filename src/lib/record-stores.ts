// The record stores by their settings; each one's driver is loaded when it is opened.
import type { RecordStore } from './record-store.ts'

/** Where records are kept. */
export type StoreSettings = { readonly kind: 'level'; readonly path: string }

/** Opens a store. Throws ConfigError for a LevelDB folder that cannot be opened; one across the network is not connected to yet. */
export function openRecordStore(settings: StoreSettings): Promise<RecordStore> {
  throw new Error(`not built yet: ${settings.kind}`)
}
