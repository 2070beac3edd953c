// The record stores by their settings; each is loaded when it is opened, with its driver.
import type { LevelStoreSettings } from './level-store.ts'
import type { MongoStoreSettings } from './mongo-store.ts'
import type { RecordStore } from './record-store.ts'
import type { RedisStoreSettings } from './redis-store.ts'

/** Where records are kept. */
export type StoreSettings = LevelStoreSettings | RedisStoreSettings | MongoStoreSettings

/** Opens a store. Throws ConfigError for a LevelDB folder that cannot be opened; one across the network is not connected to yet. */
export async function openRecordStore(settings: StoreSettings): Promise<RecordStore> {
  switch (settings.kind) {
    case 'level':
      return (await import('./level-store.ts')).openLevelStore(settings)
    case 'redis':
      return (await import('./redis-store.ts')).createRedisStore(settings)
    case 'mongo':
      return (await import('./mongo-store.ts')).createMongoStore(settings)
  }
}
