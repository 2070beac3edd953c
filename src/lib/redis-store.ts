// Records in Redis, in docker_auth's form: a string under the very key. One connection to each server carries all commands.
import { setTimeout as sleep } from 'node:timers/promises'
import type { z } from 'zod'
import { BackendError } from './errors.ts'
import type { RecordStore } from './record-store.ts'
import { createRedisDialer } from './redis-connection.ts'
import type { RedisCommands } from './redis-connection.ts'
import {
  readRedisClusterOptions,
  readRedisOptions,
  RedisClusterOptionsConfig,
  RedisOptionsConfig,
} from './redis-options.ts'
import type { RedisSettings } from './redis-options.ts'
import { strict } from './schema.ts'
import type { Reading } from './section.ts'
import { within } from './within.ts'

const WHAT = 'Redis'
const PAGE = 500

/** `redis_token_db`, but for what every kind of store has. */
export const RedisTokenDbConfig = strict({
  redis_options: RedisOptionsConfig.optional(),
  redis_cluster_options: RedisClusterOptionsConfig.optional(),
})
export type RedisTokenDbConfig = z.infer<typeof RedisTokenDbConfig>

/** A record store in Redis. */
export interface RedisStoreSettings extends RedisSettings {
  readonly kind: 'redis'
}

/** The settings, or undefined when the report was told what is wrong with them. A cluster goes before a single server. */
export function readRedisStore(
  { redis_options: single, redis_cluster_options: cluster }: RedisTokenDbConfig,
  { files, report }: Reading,
): RedisStoreSettings | undefined {
  if (cluster !== undefined && single !== undefined)
    report.warning(['redis_options'], 'has no effect beside redis_cluster_options')
  if (cluster === undefined && single === undefined)
    report.problem([], 'redis_options or redis_cluster_options is needed to know where the records are')
  const settings = cluster
    ? readRedisClusterOptions(cluster, { files, report: report.at(['redis_cluster_options']) })
    : single && readRedisOptions(single, { files, report: report.at(['redis_options']) })
  return settings && { kind: 'redis', ...settings }
}

/** Creates the store; connects to nothing yet. `entries` may give a record twice, as SCAN does. */
export async function createRedisStore(settings: RedisStoreSettings): Promise<RecordStore> {
  const { commandTimeout, connectTimeout, retries } = settings
  const dial = await createRedisDialer(settings)
  let connected: Promise<Connected> | undefined
  let closed = false

  interface Connected {
    readonly commands: RedisCommands
    readonly letGo: () => void
  }

  // Whoever asks after a loss connects anew, all who ask at once together.
  function connect(): Promise<Connected> {
    const letGo = (): void => {
      if (connected === attempt) connected = undefined
      connection.destroy()
    }
    const connection = dial(letGo)
    const attempt = within({ what: WHAT, ms: connectTimeout }, () => connection.connect()).then(() => ({
      commands: connection.commands,
      letGo,
    }))
    attempt.catch(letGo)
    return attempt
  }

  // A connection over which an answer is late is stuck for everyone.
  async function askOnce<T>(command: (commands: RedisCommands) => Promise<T>): Promise<T> {
    if (closed) throw new BackendError('the record store is closed')
    const { commands, letGo } = await (connected ??= connect())
    return within({ what: WHAT, ms: commandTimeout, late: letGo }, () => command(commands))
  }

  // Any command of a store may be sent twice: at worst a claim stays until it ends by itself.
  async function ask<T>(command: (commands: RedisCommands) => Promise<T>): Promise<T> {
    for (let failed = 0; ; failed++) {
      try {
        return await askOnce(command)
      } catch (error) {
        if (failed >= retries.count || closed) throw error
        await sleep(Math.min(retries.most, retries.least * 2 ** failed))
      }
    }
  }

  return {
    get: async (key) => (await ask((commands) => commands.get(key))) ?? undefined,
    async put(key, value, ttl) {
      const expiration =
        ttl === undefined ? {} : { expiration: { type: 'PX', value: Math.max(1, Math.ceil(ttl)) } as const }
      await ask((commands) => commands.set(key, Buffer.from(value), expiration))
    },
    async delete(key) {
      await ask((commands) => commands.del(key))
    },
    async claim(key, ttl) {
      const expiration = { type: 'PX', value: Math.max(1, Math.ceil(ttl)) } as const
      const isOurs = (await ask((commands) => commands.set(key, Buffer.of(), { expiration, condition: 'NX' }))) !== null
      if (!isOurs) return undefined
      return async () => {
        await ask((commands) => commands.del(key))
      }
    },
    async *entries() {
      let cursor = '0'
      do {
        const page = await ask((commands) => commands.scan(cursor, { COUNT: PAGE }))
        cursor = page.cursor.toString()
        const keys = page.keys.map((key) => key.toString())
        // MGET says nothing, rather than an error, about what is no string; key by key, because a cluster's live apart.
        const found = await Promise.all(keys.map((key) => ask((commands) => commands.mGet([key]))))
        for (const [index, key] of keys.entries()) {
          const value = found[index]?.[0]
          if (value) yield [key, value]
        }
      } while (cursor !== '0')
    },
    async check(signal) {
      const ms = connectTimeout + commandTimeout
      await within({ what: WHAT, ms, signal }, () => askOnce((commands) => commands.ping()))
    },
    async close() {
      closed = true
      const connection = await connected?.catch(() => undefined)
      connection?.letGo()
    },
  }
}
