// Where a provider's docker passwords live, as its section of the configuration says.
import { resolve } from 'node:path'
import { z } from 'zod'
import { MongoTokenDbConfig, readMongoStore } from '../../lib/mongo-store.ts'
import type { StoreSettings } from '../../lib/record-stores.ts'
import { readRedisStore, RedisTokenDbConfig } from '../../lib/redis-store.ts'
import { duration, int, nonEmpty, strict } from '../../lib/schema.ts'
import type { Reading } from '../../lib/section.ts'

/** A provider's store. */
export interface StoreChoice {
  readonly settings: StoreSettings
  /** Of bcrypt. */
  readonly hashCost: number
  /** How long a docker password lasts, in ms. */
  readonly lifetime: number
}

const DAY_MS = 24 * 3600e3
const DEFAULT_COST = 10

const common = {
  // docker_auth's 0 means nothing was said.
  token_hash_cost: int
    .refine((cost) => cost === 0 || (cost >= 4 && cost <= 31), { error: 'must be between 4 and 31' })
    .transform((cost) => cost || DEFAULT_COST)
    .default(DEFAULT_COST),
  expire_after: duration
    .refine((ms) => ms >= 60e3 && ms <= 3650 * DAY_MS, { error: 'must be between 1m and 87600h' })
    .default(90 * DAY_MS),
}

const notSupported = z
  .unknown()
  .refine((value) => value === undefined, {
    error: 'is not supported: use redis_token_db, mongo_token_db or level_token_db',
  })
  .optional()

/** The keys of every provider's section that name a store; docker_auth's, and `mongo_token_db` and `expire_after`. */
export const tokenDbKeys = {
  gcs_token_db: notSupported,
  redis_token_db: strict({ ...RedisTokenDbConfig.shape, ...common }).optional(),
  mongo_token_db: strict({ ...MongoTokenDbConfig.shape, ...common }).optional(),
  level_token_db: strict({ path: nonEmpty, ...common }).optional(),
  token_db: nonEmpty.optional(),
}
export type TokenDbConfig = z.infer<z.ZodObject<typeof tokenDbKeys>>

// docker_auth's order of precedence, with ours in between.
const PRECEDENCE = ['redis_token_db', 'mongo_token_db', 'level_token_db', 'token_db'] as const

/** The store of a provider's section, or undefined when the report was told what is wrong with it. */
export async function readTokenDb(config: TokenDbConfig, reading: Reading): Promise<StoreChoice | undefined> {
  const [used, ...unused] = PRECEDENCE.filter((key) => config[key] !== undefined)
  for (const key of unused) reading.report.warning([key], `is not used, because there is ${String(used)}`)
  const below = (key: string): Reading => ({ ...reading, report: reading.report.at([key]) })
  const { redis_token_db: redis, mongo_token_db: mongo, level_token_db: level, token_db: path } = config
  if (redis !== undefined) return choice(redis, readRedisStore(redis, below('redis_token_db')))
  if (mongo !== undefined) return choice(mongo, await readMongoStore(mongo, below('mongo_token_db')))
  if (level !== undefined) return choice(level, levelStore(level.path))
  // As configurations had it before docker_auth 1.12.
  if (path !== undefined) return choice(DEFAULTS, levelStore(path))
  reading.report.problem(
    [],
    'needs a place for docker passwords: level_token_db: {path: FOLDER}, redis_token_db or mongo_token_db',
  )
  return undefined
}

const DEFAULTS = z.object(common).parse({})

function levelStore(path: string): StoreSettings {
  return { kind: 'level', path: resolve(path) }
}

function choice(
  { token_hash_cost: hashCost, expire_after: lifetime }: typeof DEFAULTS,
  settings: StoreSettings | undefined,
): StoreChoice | undefined {
  return settings && { settings, hashCost, lifetime }
}
