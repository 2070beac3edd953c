// Records in a MongoDB collection: {_id: key, value: bytes, expires?: date}.
import type { Binary, Filter } from 'mongodb'
import type { z } from 'zod'
import { createMongoCollection } from './mongo.ts'
import { mongoKeys, readMongo } from './mongo-config.ts'
import type { MongoSettings } from './mongo-config.ts'
import type { RecordStore } from './record-store.ts'
import { strict } from './schema.ts'
import type { Reading } from './section.ts'

const PAGE = 100
// https://www.mongodb.com/docs/manual/reference/error-codes/
const DUPLICATE_KEY = 11000

/** `mongo_token_db`, but for what every kind of store has. */
export const MongoTokenDbConfig = strict(mongoKeys)
export type MongoTokenDbConfig = z.infer<typeof MongoTokenDbConfig>

/** A record store in MongoDB. */
export interface MongoStoreSettings extends MongoSettings {
  readonly kind: 'mongo'
}

/** The settings, or undefined when the report was told what is wrong with them. */
export async function readMongoStore(
  config: MongoTokenDbConfig,
  reading: Reading,
): Promise<MongoStoreSettings | undefined> {
  const settings = await readMongo(config, reading)
  return settings && { kind: 'mongo', ...settings }
}

interface StoredRecord {
  readonly _id: string
  readonly value: Binary | Buffer
  readonly expires?: Date
}

/** Creates the store; connects to nothing yet. `now` is in ms. */
export async function createMongoStore(
  settings: MongoStoreSettings,
  now: () => number = Date.now,
): Promise<RecordStore> {
  const { Binary, MongoServerError } = await import('mongodb')
  const records = await createMongoCollection<StoredRecord>(settings)
  const reading = { promoteBuffers: true, maxTimeMS: records.maxTimeMS } as const
  let indexed: Promise<void> | undefined

  // Lets the server remove what has expired. Records say themselves when they end, so who may not create indexes loses nothing else.
  async function index(): Promise<void> {
    try {
      await records.run((collection) => collection.createIndex({ expires: 1 }, { expireAfterSeconds: 0 }, {}))
    } catch {
      indexed = undefined
    }
  }

  const isDuplicate = (error: unknown): boolean => error instanceof MongoServerError && error.code === DUPLICATE_KEY

  return {
    async get(key) {
      const found = await records.run((collection) => collection.findOne({ _id: key }, reading))
      return found === null ? undefined : bytesOf(found)
    },
    async put(key, value, ttl) {
      if (ttl !== undefined) await (indexed ??= index())
      const record = {
        value: new Binary(value),
        ...(ttl !== undefined && { expires: new Date(now() + ttl) }),
      }
      await records.run(async (collection) => {
        const replace = (): Promise<unknown> => collection.replaceOne({ _id: key }, record, { upsert: true })
        // Of two who put the first record of a key at once, the second may be told that there is one now.
        await replace().catch((error: unknown) => {
          if (isDuplicate(error)) return replace()
          throw error
        })
      })
    },
    async delete(key) {
      await records.run((collection) => collection.deleteOne({ _id: key }))
    },
    async claim(key, ttl) {
      await (indexed ??= index())
      const ended = { _id: key, expires: { $lte: new Date(now()) } }
      const ours = { $set: { value: new Binary(), expires: new Date(now() + ttl) } }
      const isOurs = await records.run(async (collection) => {
        try {
          await collection.updateOne(ended, ours, { upsert: true })
          return true
        } catch (error) {
          if (isDuplicate(error)) return false
          throw error
        }
      })
      if (!isOurs) return undefined
      return async () => {
        await records.run((collection) => collection.deleteOne({ _id: key }))
      }
    },
    async *entries() {
      let next: Filter<StoredRecord> = { _id: { $gte: '' } }
      for (;;) {
        const page = await records.run((collection) =>
          collection.find(next, reading).sort({ _id: 1 }).limit(PAGE).toArray(),
        )
        for (const record of page) {
          const bytes = bytesOf(record)
          if (bytes !== undefined) yield [record._id, bytes]
        }
        const last = page.at(-1)
        if (last === undefined) return
        next = { _id: { $gt: last._id } }
      }
    },
    check: (signal) => records.check(signal),
    close: () => records.close(),
  }
}

// Somebody else may have put documents there.
function bytesOf({ value }: StoredRecord): Uint8Array | undefined {
  return Buffer.isBuffer(value) ? value : undefined
}
