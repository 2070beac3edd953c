// Rules in a MongoDB collection, in docker_auth's form: {seq: 10, match: {…}, actions: […]}, in ascending order of seq.
import { inspect } from 'node:util'
import type { z } from 'zod'
import { ConfigError } from '../lib/errors.ts'
import type { Logger } from '../lib/logger.ts'
import { createMongoCollection } from '../lib/mongo.ts'
import type { MongoCollection } from '../lib/mongo.ts'
import { mongoKeys, readMongo } from '../lib/mongo-config.ts'
import { duration, strict } from '../lib/schema.ts'
import { defineSection } from '../lib/section.ts'
import { openStoredAcl } from './stored-acl.ts'
import type { AclRows } from './stored-acl.ts'
import type { AclRow } from './stored-rules.ts'
import type { AuthzTools } from './tools.ts'

const DEFAULT_TTL_MS = 60_000
const BATCH = 1000

/** `acl_mongo`: `dial_info` or `uri`, `collection`, and how often the rules are read again. */
export const AclMongoConfig = strict({
  ...mongoKeys,
  cache_ttl: duration
    .refine((ms) => ms >= 1000 && ms <= 24 * 3600e3, {
      error: 'must be between 1s and 24h (a number without a unit counts nanoseconds)',
    })
    .default(DEFAULT_TTL_MS),
})
export type AclMongoConfig = z.infer<typeof AclMongoConfig>

export const aclMongo = defineSection({
  section: 'acl_mongo',
  schema: AclMongoConfig,
  async read(config, reading) {
    const mongo = await readMongo(config, reading)
    return mongo && { mongo, ttl: config.cache_ttl }
  },
  open: async ({ mongo, ttl }, tools: AuthzTools) =>
    openStoredAcl(createAclDocuments(await createMongoCollection(mongo), tools.log), { ttl }, tools),
})

/** The documents of a collection as rules, which closes with them. */
export function createAclDocuments(documents: MongoCollection<object>, log: Logger): AclRows {
  const name = 'acl_mongo'

  async function* load(signal: AbortSignal): AsyncGenerator<AclRow> {
    const cursor = await documents.run(
      // A 64-bit integer comes as a bigint: as a number it may not be itself any more.
      (collection) =>
        Promise.resolve(
          collection.find<Readonly<Record<string, unknown>>>(
            {},
            {
              sort: { seq: 1 },
              // Along the index of seq, a rule that somebody moves meanwhile could be missed.
              hint: { $natural: 1 },
              projection: { _id: 0 },
              batchSize: BATCH,
              maxTimeMS: documents.maxTimeMS,
              useBigInt64: true,
            },
          ),
        ),
      signal,
    )
    try {
      let last: bigint | undefined
      while (await documents.run(() => cursor.hasNext(), signal)) {
        for (const { seq, ...value } of cursor.readBufferedDocuments()) {
          last = nextSeq(seq, last)
          yield { value, position: `${name}:seq=${last}` }
        }
      }
    } finally {
      await documents.run(() => cursor.close()).catch(() => undefined)
    }
  }

  return {
    name,
    load,
    watch: (changed) =>
      documents.watch(changed, (error) =>
        log.info({ backend: name, err: error }, 'the server tells of no changes: the rules are read every cache_ttl'),
      ),
    check: (signal) => documents.check(signal),
    close: () => documents.close(),
  }
}

// The server has sorted, but it also sorts what is no number, and what stands twice.
function nextSeq(seq: unknown, last: bigint | undefined): bigint {
  if (seq === undefined || seq === null)
    throw new ConfigError('acl_mongo: a document has no seq; this finds it: {seq: null}')
  const next = wholeNumber(seq)
  if (next === undefined)
    throw new ConfigError(`acl_mongo: seq must be a whole number, not ${inspect(seq, { depth: 0 }).slice(0, 100)}`)
  if (next === last) throw new ConfigError(`acl_mongo: two documents have seq ${next}`)
  if (last !== undefined && next < last) throw new ConfigError(`acl_mongo: seq ${next} comes after seq ${last}`)
  return next
}

function wholeNumber(value: unknown): bigint | undefined {
  if (typeof value === 'bigint') return value
  return typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : undefined
}
