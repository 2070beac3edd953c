// How to reach Redis, in the words of docker_auth's configuration: the field names of go-redis v6 in lower case.
import { z } from 'zod'
import { parseTcpAddress } from './address.ts'
import type { Report } from './report.ts'
import { bool, duration, int, nonEmpty, strict, text, texts } from './schema.ts'
import { Secret } from './secret.ts'
import type { Reading } from './section.ts'
import { tlsVersion } from './tls.ts'

const MAX_LIMIT_MS = 3600e3
const DEFAULT_LIMIT_MS = 5000
const DEFAULT_RETRY_MS = { least: 8, most: 512 } as const
const DEFAULT_REDIRECTS = 8

// go-redis: 0 is the default, a negative one is none at all. Here every command has a limit.
const limit = duration
  .refine((ms) => ms <= 0 || (ms >= 1 && ms <= MAX_LIMIT_MS), {
    error: 'must be between 1ms and 1h (a number without a unit counts nanoseconds)',
  })
  .transform((ms) => (ms <= 0 ? undefined : Math.ceil(ms)))
  .optional()

// 0 is the default, a negative one is no waiting.
const backoff = duration
  .refine((ms) => ms <= MAX_LIMIT_MS, { error: 'must be at most 1h' })
  .transform((ms) => (ms < 0 ? -1 : Math.ceil(ms)))
  .default(0)

const version = text
  .refine((name) => tlsVersion(name) !== undefined, { error: 'must be a TLS version' })
  .transform(tlsVersion)
  .optional()

const TlsConfig = strict({
  insecureskipverify: bool.default(false),
  servername: nonEmpty.optional(),
  minversion: version,
  maxversion: version,
})

const counted = int.refine((value) => value >= -1 && value <= 1000, { error: 'must be between -1 and 1000' })

const common = {
  password: text.default(''),
  maxretries: counted.default(0),
  minretrybackoff: backoff,
  maxretrybackoff: backoff,
  dialtimeout: limit,
  readtimeout: limit,
  writetimeout: limit,
  tlsconfig: TlsConfig.optional(),
  // Of go-redis' pool; here one connection to each server carries all commands.
  poolsize: int.optional(),
  minidleconns: int.optional(),
  maxconnage: duration.optional(),
  pooltimeout: duration.optional(),
  idletimeout: duration.optional(),
  idlecheckfrequency: duration.optional(),
}
const POOL_KEYS = [
  'poolsize',
  'minidleconns',
  'maxconnage',
  'pooltimeout',
  'idletimeout',
  'idlecheckfrequency',
] as const

/** `redis_options`: one server. */
export const RedisOptionsConfig = strict({
  ...common,
  network: z.enum(['', 'tcp', 'unix'], { error: 'must be tcp or unix' }).default('tcp'),
  addr: nonEmpty.default('localhost:6379'),
  db: int.refine((db) => db >= 0, { error: 'must not be negative' }).default(0),
})
export type RedisOptionsConfig = z.infer<typeof RedisOptionsConfig>

/** `redis_cluster_options`: some servers of a cluster; they name the others. */
export const RedisClusterOptionsConfig = strict({
  ...common,
  addrs: texts.min(1, { error: 'must name a server' }),
  maxredirects: counted.default(0),
  readonly: bool.default(false),
  routebylatency: bool.default(false),
  routerandomly: bool.default(false),
})
export type RedisClusterOptionsConfig = z.infer<typeof RedisClusterOptionsConfig>

/** Where one server listens. */
export type RedisAddress = { readonly host: string; readonly port: number } | { readonly path: string }

/** One Redis or one cluster, and how to reach it. Times are in ms. */
export interface RedisSettings {
  readonly servers: readonly RedisAddress[]
  /** `redirects` is how often a command may be sent on; `replicas` says that they answer, too, a little behind. */
  readonly cluster: { readonly redirects: number; readonly replicas: boolean } | undefined
  readonly password: Secret | undefined
  readonly database: number
  readonly connectTimeout: number
  readonly commandTimeout: number
  /** How often a command that failed is tried again, and how long to wait before that: at first, and at most. */
  readonly retries: { readonly count: number; readonly least: number; readonly most: number }
  readonly tls: z.infer<typeof TlsConfig> | undefined
}

/** The settings of one server, or undefined when the report was told what is wrong with them. */
export function readRedisOptions(config: RedisOptionsConfig, { report }: Reading): RedisSettings | undefined {
  const server = config.network === 'unix' ? { path: config.addr } : readAddress(config.addr, ['addr'], report)
  if (server === undefined) return undefined
  return { ...readCommon(config, report), servers: [server], cluster: undefined, database: config.db }
}

/** The settings of a cluster, or undefined when the report was told what is wrong with them. */
export function readRedisClusterOptions(
  config: RedisClusterOptionsConfig,
  { report }: Reading,
): RedisSettings | undefined {
  const servers = config.addrs.flatMap((addr, index) => readAddress(addr, ['addrs', index], report) ?? [])
  if (servers.length < config.addrs.length) return undefined
  const { maxredirects, readonly, routebylatency, routerandomly } = config
  return {
    ...readCommon(config, report),
    servers,
    cluster: {
      redirects: maxredirects === 0 ? DEFAULT_REDIRECTS : Math.max(0, maxredirects),
      replicas: readonly || routebylatency || routerandomly,
    },
    database: 0,
  }
}

function readCommon(
  config: Omit<RedisOptionsConfig, 'network' | 'addr' | 'db'>,
  report: Report,
): Omit<RedisSettings, 'servers' | 'cluster' | 'database'> {
  for (const key of POOL_KEYS)
    if (config[key] !== undefined) report.warning([key], 'has no effect: one connection carries all commands')
  if (config.tlsconfig?.insecureskipverify === true)
    report.warning(['tlsconfig', 'insecureskipverify'], 'lets anybody between here and Redis read and change records')
  const { readtimeout, writetimeout = readtimeout } = config
  return {
    password: config.password === '' ? undefined : new Secret(config.password),
    connectTimeout: config.dialtimeout ?? DEFAULT_LIMIT_MS,
    commandTimeout: readtimeout === undefined ? (writetimeout ?? DEFAULT_LIMIT_MS) : readtimeout + (writetimeout ?? 0),
    retries: {
      count: Math.max(0, config.maxretries),
      least: waiting(config.minretrybackoff, DEFAULT_RETRY_MS.least),
      most: waiting(config.maxretrybackoff, DEFAULT_RETRY_MS.most),
    },
    tls: config.tlsconfig,
  }
}

function waiting(ms: number, usual: number): number {
  return ms === 0 ? usual : Math.max(0, ms)
}

function readAddress(text: string, path: readonly (string | number)[], report: Report): RedisAddress | undefined {
  const address = parseTcpAddress(text)
  if (address?.kind === 'tcp') return { host: address.host ?? 'localhost', port: address.port }
  report.problem(path, 'must be host:port')
  return undefined
}
