// The record stores by their settings; each one's driver is loaded when it is opened.
import { openLevelStore } from './level-store.ts'
import type { LevelStoreSettings } from './level-store.ts'
import { createMongoStore } from './mongo-store.ts'
import type { MongoStoreSettings } from './mongo-store.ts'
import type { RecordStore } from './record-store.ts'
import { createRedisStore } from './redis-store.ts'
import type { RedisStoreSettings } from './redis-store.ts'

/** Where records are kept. */
export type StoreSettings = LevelStoreSettings | RedisStoreSettings | MongoStoreSettings

/** Opens a store. Throws ConfigError for a LevelDB folder that cannot be opened; one across the network is not connected to yet. */
export async function openRecordStore(settings: StoreSettings): Promise<RecordStore> {
  switch (settings.kind) {
    case 'level':
      return openLevelStore(settings)
    case 'redis':
      return createRedisStore(settings)
    case 'mongo':
      return createMongoStore(settings)
  }
}
