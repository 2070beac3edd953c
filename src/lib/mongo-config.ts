// How to reach MongoDB, as the configuration says it: docker_auth's `dial_info`, or a connection string.
import type { MongoClientOptions } from 'mongodb'
import { z } from 'zod'
import { bool, duration, nonEmpty, strict, text } from './schema.ts'
import { Secret } from './secret.ts'
import type { Reading } from './section.ts'

// docker_auth's own; its 0 means it, too.
const DEFAULT_TIMEOUT_MS = 10_000
const MAX_TIMEOUT_MS = 3600e3
const FAST_MS = 1000

const ADDRESS = /^(?:\[[0-9a-f:.]+\]|[^\s:/?#@,%[\]]+)(?::\d{1,5})?$/i
// https://www.mongodb.com/docs/manual/reference/limits/#naming-restrictions
const DATABASE = /^[^/\\. "$\0]{1,63}$/
const MECHANISMS = ['SCRAM-SHA-1', 'SCRAM-SHA-256', 'PLAIN', 'GSSAPI', 'MONGODB-CR'] as const

const DialInfoConfig = strict({
  addrs: z
    .array(text.regex(ADDRESS, { error: 'must be a host name or address, with or without a port' }), {
      error: 'must be a list',
    })
    .min(1, { error: 'must name a server' }),
  timeout: duration
    .refine((ms) => ms === 0 || (ms >= 1 && ms <= MAX_TIMEOUT_MS), {
      error: 'must be between 1ms and 1h (a number without a unit counts nanoseconds)',
    })
    .transform((ms) => Math.ceil(ms === 0 ? DEFAULT_TIMEOUT_MS : ms))
    .default(DEFAULT_TIMEOUT_MS),
  database: text.regex(DATABASE, { error: 'must be the name of a database' }),
  username: text.default(''),
  password: text.default(''),
  password_file: text.default(''),
  enable_tls: bool.default(false),
  direct: bool.default(false),
  failfast: bool.default(false),
  source: text.default(''),
  service: text.default(''),
  mechanism: z
    .enum(['', ...MECHANISMS], { error: `must be one of ${MECHANISMS.join(', ')}; uri: knows the others` })
    .default(''),
})
type DialInfoConfig = z.infer<typeof DialInfoConfig>

/** The keys of every section that reads from MongoDB: `dial_info` or `uri`, and `collection`. */
export const mongoKeys = { dial_info: DialInfoConfig.optional(), uri: nonEmpty.optional(), collection: nonEmpty }

/** One collection and how to reach it. Times are in ms. */
export interface MongoSettings {
  /** Where the servers are; one that the admin wrote may hold credentials and options. */
  readonly uri: Secret
  readonly credentials:
    | {
        readonly username: string
        readonly password: Secret
        readonly source: string
        readonly mechanism: 'SCRAM-SHA-1' | 'SCRAM-SHA-256' | 'PLAIN' | 'GSSAPI' | 'DEFAULT'
        readonly service: string
      }
    | undefined
  readonly tls: boolean
  /** Asks the one server that is named, whatever it says about others. */
  readonly direct: boolean
  /** How long to look for a server that can be asked. */
  readonly selectionTimeout: number
  /** How long an operation may take altogether. */
  readonly timeout: number
  readonly database: string
  readonly collection: string
}

/** What the driver is given beside the connection string; a time limit that stands there is left as it is. */
export function mongoClientOptions(settings: MongoSettings): MongoClientOptions {
  const { credentials, timeout } = settings
  const limits = {
    serverSelectionTimeoutMS: settings.selectionTimeout,
    connectTimeoutMS: timeout,
    socketTimeoutMS: timeout,
    waitQueueTimeoutMS: timeout,
  }
  const written = new URLSearchParams(settings.uri.reveal().split('?')[1]?.toLowerCase())
  return {
    appName: 'registry-auth',
    ...Object.fromEntries(Object.entries(limits).filter(([name]) => !written.has(name.toLowerCase()))),
    ...(settings.tls && { tls: true }),
    ...(settings.direct && { directConnection: true }),
    ...(credentials !== undefined && {
      auth: { username: credentials.username, password: credentials.password.reveal() },
      authSource: credentials.source,
      authMechanism: credentials.mechanism,
      ...(credentials.service !== '' && { authMechanismProperties: { SERVICE_NAME: credentials.service } }),
    }),
  }
}

/** The settings of a section, or undefined when the report was told what is wrong with it. Connects to nothing. */
export async function readMongo(
  config: {
    readonly dial_info?: DialInfoConfig | undefined
    readonly uri?: string | undefined
    readonly collection: string
  },
  { files, report }: Reading,
): Promise<MongoSettings | undefined> {
  const { dial_info: dial, uri, collection } = config
  if (dial !== undefined && uri !== undefined) {
    report.problem(['uri'], 'dial_info says where the database is: only one of the two can')
    return undefined
  }
  if (dial === undefined && uri === undefined) {
    report.problem([], 'dial_info is needed to know where the database is (or uri, a connection string)')
    return undefined
  }
  const settings =
    dial === undefined
      ? readUri(uri ?? '', collection, report)
      : await readDialInfo(dial, collection, { files, report: report.at(['dial_info']) })
  const refusal = settings && (await refusalOf(settings))
  if (refusal === undefined) return settings
  report.problem(dial === undefined ? ['uri'] : [], refusal)
  return undefined
}

async function readDialInfo(
  dial: DialInfoConfig,
  collection: string,
  { files, report }: Reading,
): Promise<MongoSettings | undefined> {
  const { username, mechanism, service } = dial
  const password =
    dial.password_file === ''
      ? dial.password
      : (await report.guard(['password_file'], files.readText(dial.password_file)))?.trim()
  if (password === undefined) return undefined
  if (username === '' && password !== '') report.warning(['username'], 'is missing: no password is sent')
  if (username !== '' && password === '' && mechanism !== 'GSSAPI') {
    report.problem(['username'], 'needs a password_file or a password')
    return undefined
  }
  if (dial.direct && dial.addrs.length > 1) {
    report.problem(['direct'], 'takes one address: it means that no other server is asked')
    return undefined
  }
  if (service !== '' && mechanism !== 'GSSAPI') report.warning(['service'], 'has a meaning with GSSAPI only')
  if (mechanism === 'GSSAPI') report.warning(['mechanism'], 'needs the npm package "kerberos" beside this program')
  if (mechanism === 'MONGODB-CR') report.warning(['mechanism'], 'is gone since MongoDB 4.0: SCRAM is used instead')
  return {
    uri: new Secret(`mongodb://${dial.addrs.join()}/`),
    credentials:
      username === ''
        ? undefined
        : {
            username,
            password: new Secret(password),
            source: sourceOf(dial),
            mechanism: mechanism === '' || mechanism === 'MONGODB-CR' ? 'DEFAULT' : mechanism,
            service: mechanism === 'GSSAPI' ? service : '',
          },
    tls: dial.enable_tls,
    direct: dial.direct,
    selectionTimeout: dial.failfast ? Math.min(FAST_MS, dial.timeout) : dial.timeout,
    timeout: dial.timeout,
    database: dial.database,
    collection,
  }
}

// docker_auth's accounts are always those of `admin`, and a file that says nothing else was written for that.
function sourceOf({ mechanism, source }: DialInfoConfig): string {
  if (mechanism === 'GSSAPI') return '$external'
  return source !== '' ? source : mechanism === 'PLAIN' ? '$external' : 'admin'
}

function readUri(uri: string, collection: string, report: Reading['report']): MongoSettings | undefined {
  const database = /^[^?]*\/\/[^/?]+\/([^/?%]+)(?:\?|$)/.exec(uri)?.[1]
  if (database === undefined) {
    report.problem(['uri'], 'must name the database, in plain letters: mongodb://host/database')
    return undefined
  }
  return {
    uri: new Secret(uri),
    credentials: undefined,
    tls: false,
    direct: false,
    selectionTimeout: DEFAULT_TIMEOUT_MS,
    timeout: DEFAULT_TIMEOUT_MS,
    database,
    collection,
  }
}

// The driver's own words may repeat the connection string, so it gives them about one without what may be secret.
async function refusalOf(settings: MongoSettings): Promise<string | undefined> {
  const { MongoClient } = await import('mongodb')
  const attempt = (uri: string): string | undefined => {
    try {
      new MongoClient(uri, mongoClientOptions(settings))
      return undefined
    } catch (error) {
      return `is refused by the driver: ${error instanceof Error ? error.message.replaceAll(uri, 'it') : String(error)}`
    }
  }
  const uri = settings.uri.reveal()
  const [, scheme = '', , rest = ''] = /^([^?]*?\/\/)(.*@)?(.*)$/s.exec(uri) ?? []
  const innocent = uri.includes('@') ? `${scheme}user:password@${rest}` : uri
  const refusal = attempt(innocent)
  if (refusal !== undefined || attempt(uri) === undefined) return refusal
  return 'must have its user name and password percent-encoded'
}
