// A connection to Redis, to one server or to a whole cluster, with the few commands a record store needs.
import type { RedisClientOptions, RedisClusterOptions } from '@redis/client'
import type { RedisSettings } from './redis-options.ts'

/** Values, and whatever the server names, are bytes. */
export interface RedisCommands {
  get(key: string): Promise<Buffer | null>
  set(
    key: string,
    value: Buffer,
    options: { expiration?: { type: 'PX'; value: number }; condition?: 'NX' },
  ): Promise<unknown>
  del(key: string): Promise<unknown>
  mGet(keys: string[]): Promise<(Buffer | null)[]>
  scan(cursor: string, options: { COUNT: number }): Promise<{ cursor: Buffer; keys: Buffer[] }>
  ping(): Promise<unknown>
}

/** A connection that is opened once. */
export interface RedisConnection {
  readonly commands: RedisCommands
  connect(): Promise<unknown>
  destroy(): void
}

/** What the driver is given for one server. It does not connect again by itself. */
export function redisClientOptions(settings: RedisSettings): RedisClientOptions {
  const { connectTimeout } = settings
  const [server] = settings.servers
  const options = { ...everyServer(settings), database: settings.database }
  if (server !== undefined && 'path' in server)
    return { ...options, socket: { connectTimeout, reconnectStrategy: false, tls: false, path: server.path } }
  return { ...options, socket: { ...server, ...tlsOf(settings), connectTimeout, reconnectStrategy: false } }
}

/** What the driver is given for a cluster: where to begin, and what counts for every server, found ones too. It connects again by itself. */
export function redisClusterOptions(settings: RedisSettings): RedisClusterOptions {
  const { cluster, connectTimeout, servers } = settings
  return {
    rootNodes: servers.flatMap((server) => ('path' in server ? [] : { socket: server })),
    defaults: {
      ...everyServer(settings),
      disableOfflineQueue: true,
      socket: {
        ...tlsOf(settings),
        connectTimeout,
        reconnectStrategy: (retries) => Math.min(MAX_RECONNECT_MS, 100 * retries),
      },
    },
    maxCommandRedirections: cluster?.redirects ?? 0,
    useReplicas: cluster?.replicas ?? false,
    // One server that is down must not keep the others from being asked.
    minimizeConnections: true,
    topologyRefreshOnReconnectionAttemptStrategy: MAX_RECONNECT_MS,
  }
}

const MAX_RECONNECT_MS = 1000

function everyServer({ password }: RedisSettings): RedisClientOptions {
  return {
    ...(password !== undefined && { password: password.reveal() }),
    disableClientInfo: true,
    maintNotifications: 'disabled',
  }
}

function tlsOf({ tls }: RedisSettings): object {
  if (tls === undefined) return {}
  return {
    tls: true,
    rejectUnauthorized: !tls.insecureskipverify,
    ...(tls.servername !== undefined && { servername: tls.servername }),
    ...(tls.minversion !== undefined && { minVersion: tls.minversion }),
    ...(tls.maxversion !== undefined && { maxVersion: tls.maxversion }),
  }
}

/** Loads the driver. What comes back makes connections, not opened yet; `lost` is called when one is of no use any more. */
export async function createRedisDialer(settings: RedisSettings): Promise<(lost: () => void) => RedisConnection> {
  const { createClient, createCluster, RESP_TYPES } = await import('@redis/client')
  const bytes = { [RESP_TYPES.BLOB_STRING]: Buffer } as const
  // RESP 2, which every Redis speaks, whatever stands before it.
  return (lost) => {
    const client =
      settings.cluster === undefined
        ? createClient({ ...redisClientOptions(settings), RESP: 2 }).on('error', lost)
        : createCluster({ ...redisClusterOptions(settings), RESP: 2 }).on('error', () => undefined)
    return {
      commands: client.withTypeMapping(bytes),
      connect: () => client.connect(),
      destroy: () => client.destroy(),
    }
  }
}
