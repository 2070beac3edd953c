// One MongoDB collection, asked within time limits. It is connected when it is first asked, and again whenever that is lost.
import type { Collection } from 'mongodb'
import { mongoClientOptions } from './mongo-config.ts'
import type { MongoSettings } from './mongo-config.ts'
import { watchStreams } from './mongo-watch.ts'
import type { Watching } from './mongo-watch.ts'
import { BackendError } from './errors.ts'
import { within } from './within.ts'

// For the driver, which has limits of its own, to say what is wrong.
const GRACE_MS = 500
const AWAIT_MS = 500

/** A collection whose documents are `Document`s where this program wrote them, and nothing certain where others did. */
export interface MongoCollection<Document extends object> {
  /** How long the server may work on an operation, in ms. */
  readonly maxTimeMS: number
  /** Runs one operation. Throws BackendError when it fails, takes too long or `signal` aborts. */
  run<T>(operation: (collection: Collection<Document>) => Promise<T>, signal?: AbortSignal): Promise<T>
  /**
   * Calls `changed` soon after each time that the collection may have changed, with or without a reason; lost connections are made again.
   * Servers without change streams refuse, as do those whose user may not have one: `refused` hears of the first time.
   */
  watch(changed: () => void, refused: (error: Error) => void): Watching
  /** Resolves when a server answers. Throws BackendError. */
  check(signal: AbortSignal): Promise<void>
  /** Lets go of every connection; a second call does nothing. */
  close(): Promise<void>
}

/** Creates the handle; connects to nothing yet. */
export async function createMongoCollection<Document extends object>(
  settings: MongoSettings,
): Promise<MongoCollection<Document>> {
  const { MongoClient, MongoServerError } = await import('mongodb')
  const client = new MongoClient(settings.uri.reveal(), mongoClientOptions(settings))
  const database = client.db(settings.database)
  const collection = database.collection<Document>(settings.collection)
  const what = `MongoDB (${settings.database}.${settings.collection})`
  let closed = false

  // The driver is not given the signal: it would close a connection for everyone who hangs up.
  function ask<T>(operation: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    return within({ what, ms: settings.timeout + GRACE_MS, signal }, async () => {
      if (closed) throw new BackendError(`${what} is closed`)
      // Does nothing where it did once. Left to itself, the driver never recovers from a first attempt that failed.
      await client.connect()
      return operation()
    })
  }

  return {
    maxTimeMS: settings.timeout,
    run: (operation, signal) => ask(() => operation(collection), signal),
    watch: (changed, refused) =>
      watchStreams({
        async open() {
          await client.connect()
          // What changed is read anyway, so that the tokens to resume by will do. The wait has to end before the driver gives up.
          const maxAwaitTimeMS = Math.min(AWAIT_MS, Math.ceil(settings.timeout / 2))
          return collection.watch([{ $project: { _id: 1 } }], { maxAwaitTimeMS })
        },
        changed,
        refusal: (error) => (error instanceof MongoServerError ? error : undefined),
        refused,
      }),
    async check(signal) {
      await ask(() => database.command({ ping: 1, maxTimeMS: settings.timeout }), signal)
    },
    async close() {
      closed = true
      await client.close()
    },
  }
}
