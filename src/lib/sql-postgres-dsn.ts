// The connection string of PostgreSQL, as a URL or as key=value pairs.
// https://pkg.go.dev/github.com/lib/pq#hdr-Connection_String_Parameters
import type { Report } from './report.ts'
import { Secret } from './secret.ts'
import type { Reading } from './section.ts'
import type { SqlServer, SqlTls } from './sql-settings.ts'

type Parameters = ReadonlyMap<string, string>

const READ = new Set(
  'host port user password dbname sslmode sslrootcert sslcert sslkey connect_timeout options search_path role statement_timeout'.split(
    ' ',
  ),
)
const OF_SESSION = ['search_path', 'role', 'statement_timeout']

// They change nothing about what is asked here.
const WITHOUT_EFFECT = new Set(
  'application_name binary_parameters client_encoding datestyle disable_prepared_binary_result fallback_application_name sslsni timezone'.split(
    ' ',
  ),
)

/** Reads a connection string and the files it names. Undefined when the report was told what is wrong with it. */
export async function readPostgresDsn(dsn: string, reading: Reading): Promise<SqlServer | undefined> {
  const { report } = reading
  const url = /^postgres(?:ql)?:\/\//.test(dsn)
  const parameters = url ? parseUrl(dsn) : parsePairs(dsn)
  if (parameters === undefined) {
    report.problem([], url ? BAD_URL : 'must be a URL (postgres://…) or pairs such as host=localhost dbname=auth')
    return undefined
  }
  const address = readAddress(parameters, report)
  const user = parameters.get('user') ?? ''
  if (user === '') report.problem([], 'must name the user')
  const tls = await readTls(parameters, reading)
  if (address === undefined || user === '' || tls === undefined) return undefined
  for (const key of parameters.keys())
    if (!READ.has(key) && !WITHOUT_EFFECT.has(key))
      report.warning([], `has a parameter without effect${/^\w{1,32}$/.test(key) ? `: "${key}"` : ''}`)
  const password = parameters.get('password')
  return {
    kind: 'postgres',
    address,
    user,
    password: password === undefined || password === '' ? undefined : new Secret(password),
    database: parameters.get('dbname') ?? user,
    tls: 'path' in address || tls === 'off' ? undefined : tls,
    connectTimeout: readSeconds(parameters.get('connect_timeout')),
    options: sessionOptions(parameters),
  }
}

const BAD_URL = 'must be postgres://user:password@host:5432/database, its user name and password percent-encoded'

function parseUrl(dsn: string): Parameters | undefined {
  // Go allows no host behind the user, for one that stands among the parameters.
  const written = dsn.replace(/^([^/]*\/\/[^/?#]*@)(?=[/?])/, '$1localhost')
  const url = URL.canParse(written) ? new URL(written) : undefined
  if (url === undefined) return undefined
  const parts: [string, string][] = [
    ['user', url.username],
    ['password', url.password],
    ['host', url.hostname.replace(/^\[(.*)\]$/, '$1')],
    ['port', url.port],
    ['dbname', url.pathname.slice(1)],
  ]
  try {
    const given = parts.filter(([, value]) => value !== '')
    return new Map([
      ...given.map(([key, value]) => [key, decodeURIComponent(value)] as const),
      ...url.searchParams.entries(),
    ])
  } catch {
    return undefined
  }
}

// A value may stand in quotes; a backslash takes what follows it literally.
function parsePairs(dsn: string): Parameters | undefined {
  const pair = /\s*([^\s=']+)\s*=\s*(?:'((?:[^'\\]|\\.)*)'|((?:[^\s'\\]|\\.)(?:[^\s\\]|\\.)*)?)(?=\s|$)/sy
  const parameters = new Map<string, string>()
  const text = dsn.trimEnd()
  while (pair.lastIndex < text.length) {
    const [, key, quoted, plain = ''] = pair.exec(text) ?? []
    if (key === undefined) return undefined
    parameters.set(key, (quoted ?? plain).replace(/\\(.)/gs, '$1'))
  }
  return parameters
}

function readAddress(parameters: Parameters, report: Report): SqlServer['address'] | undefined {
  const host = parameters.get('host') ?? 'localhost'
  const port = Number(parameters.get('port') ?? '5432')
  if (host === '' || host.includes(',')) report.problem([], 'must name one host')
  else if (!Number.isInteger(port) || port < 1 || port > 65_535) report.problem([], 'has a port that is none')
  else return host.startsWith('/') ? { path: host, port } : { host, port }
  return undefined
}

async function readTls(parameters: Parameters, { files, report }: Reading): Promise<SqlTls | 'off' | undefined> {
  const mode = parameters.get('sslmode') ?? 'require'
  if (mode === 'disable') return 'off'
  const verify = VERIFY.get(mode)
  if (verify === undefined) {
    report.problem([], 'must have sslmode=disable, require, verify-ca or verify-full')
    return undefined
  }
  const read = async (key: string): Promise<string | undefined> => {
    const file = parameters.get(key)
    return file === undefined ? undefined : report.guard([], files.readText(file))
  }
  const named = ['sslrootcert', 'sslcert', 'sslkey'] as const
  const [authorities, certificate, key] = await Promise.all(named.map(read))
  const found = { sslrootcert: authorities, sslcert: certificate, sslkey: key }
  if (named.some((one) => parameters.has(one) && found[one] === undefined)) return undefined
  if ((certificate === undefined) !== (key === undefined)) {
    report.problem([], 'must have both sslcert and sslkey, or neither')
    return undefined
  }
  return {
    // Go's driver does as libpq: whoever names an authority wants it asked.
    verify: verify === 'nothing' && authorities !== undefined ? 'authority' : verify,
    ...(authorities !== undefined && { authorities }),
    ...(certificate !== undefined && key !== undefined && { client: { certificate, key: new Secret(key) } }),
  }
}

const VERIFY: ReadonlyMap<string, SqlTls['verify']> = new Map([
  ['require', 'nothing'],
  ['verify-ca', 'authority'],
  ['verify-full', 'name'],
])

function readSeconds(text: string | undefined): number | undefined {
  const seconds = Number(text)
  return seconds > 0 ? Math.ceil(seconds * 1000) : undefined
}

// https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNECT-OPTIONS
function sessionOptions(parameters: Parameters): string {
  const set = OF_SESSION.flatMap((name) => {
    const value = parameters.get(name)
    return value === undefined ? [] : [`-c ${name}=${value.replace(/[\\\s]/g, '\\$&')}`]
  })
  return [parameters.get('options') ?? [], set].flat().join(' ')
}
