// One MongoDB collection, asked within time limits. The driver connects when it is first needed and again whenever that is lost.
import type { Collection } from 'mongodb'
import { mongoClientOptions } from './mongo-config.ts'
import type { MongoSettings } from './mongo-config.ts'
import { within } from './within.ts'

/** A collection whose documents are `Document`s where this program wrote them, and nothing certain where others did. */
export interface MongoCollection<Document extends object> {
  /** How long the server may work on an operation, in ms. */
  readonly maxTimeMS: number
  /** Runs one operation. Throws BackendError when it fails, takes too long or `signal` aborts. */
  run<T>(operation: (collection: Collection<Document>) => Promise<T>, signal?: AbortSignal): Promise<T>
  /** Resolves when a server answers. Throws BackendError. */
  check(signal: AbortSignal): Promise<void>
  /** Lets go of every connection; a second call does nothing. */
  close(): Promise<void>
}

/** Creates the handle; connects to nothing yet. */
export async function createMongoCollection<Document extends object>(
  settings: MongoSettings,
): Promise<MongoCollection<Document>> {
  const { MongoClient } = await import('mongodb')
  const client = new MongoClient(settings.uri.reveal(), mongoClientOptions(settings))
  const database = client.db(settings.database)
  const collection = database.collection<Document>(settings.collection)
  const what = `MongoDB (${settings.database}.${settings.collection})`
  const { timeout: ms } = settings
  // The driver is not given the signal: it would close a connection for everyone who hangs up.
  return {
    maxTimeMS: ms,
    run: (operation, signal) => within({ what, ms, signal }, () => operation(collection)),
    async check(signal) {
      await within({ what, ms, signal }, () => database.command({ ping: 1, maxTimeMS: ms }))
    },
    close: () => client.close(),
  }
}
