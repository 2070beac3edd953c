// The connection string of MySQL and MariaDB.
// https://github.com/go-sql-driver/mysql#dsn-data-source-name
import { isIP } from 'node:net'
import { parseTcpAddress } from './address.ts'
import { parseDuration } from './duration.ts'
import type { Report } from './report.ts'
import { Secret } from './secret.ts'
import type { Reading } from './section.ts'
import type { SqlServer, SqlTls } from './sql-settings.ts'

const DSN = /^(?:(?<user>[^:]*?)(?::(?<password>.*))?@)?(?<net>[^()@]*)(?:\((?<address>.*)\))?$/s

// They change nothing about what is asked here: text is always UTF-8, and no time is read.
const WITHOUT_EFFECT = new Set(
  `allowAllFiles allowNativePasswords charset checkConnLiveness clientFoundRows collation columnsWithAlias compress connectionAttributes
  interpolateParams loc maxAllowedPacket multiStatements parseTime readTimeout rejectReadOnly timeTruncate writeTimeout`.split(
    /\s+/,
  ),
)

/** Reads `user:password@tcp(host:port)/database?tls=true`. Undefined when the report was told what is wrong with it. */
export function readMysqlDsn(dsn: string, { report }: Pick<Reading, 'report'>): SqlServer | undefined {
  // As in Go: the last slash, because a password or the path of a socket may hold others.
  const [, place, name = '', query = ''] = /^(.*)\/([^/?]*)(?:\?([^/]*))?$/s.exec(dsn) ?? []
  const groups = place === undefined ? undefined : DSN.exec(place)?.groups
  if (groups === undefined) {
    report.problem([], 'must look like user:password@tcp(host:3306)/database')
    return undefined
  }
  const { user = '', password, net, address: written } = groups
  const address = readAddress(net, written, report)
  const database = decode(name)
  if (database === undefined || database === '') {
    report.problem([], 'must name the database, behind the last slash')
    return undefined
  }
  if (address === undefined) return undefined
  const parameters = readParameters(new URLSearchParams(query), report)
  if (parameters === undefined) return undefined
  if (parameters.tls?.verify === 'name' && 'host' in address && isIP(address.host) !== 0) {
    report.problem([], 'needs the name of the server for tls=true: its certificate is compared with that')
    return undefined
  }
  return {
    kind: 'mysql',
    address,
    user,
    password: password === undefined ? undefined : new Secret(password),
    database,
    ...parameters,
    options: '',
  }
}

function readAddress(net = '', written = '', report: Report): SqlServer['address'] | undefined {
  if (net === 'unix') return { path: written === '' ? '/tmp/mysql.sock' : written, port: 0 }
  if (net !== '' && net !== 'tcp') {
    report.problem([], 'must say tcp(host:port) or unix(/path/of/the/socket)')
    return undefined
  }
  const hasPort = /^(?:\[[^\]]*\]|[^:]*):\d+$/.test(written)
  const address = parseTcpAddress(written === '' ? '127.0.0.1:3306' : hasPort ? written : `${written}:3306`)
  if (address?.kind === 'tcp') return { host: address.host ?? '127.0.0.1', port: address.port }
  report.problem([], 'must have host:port between the parentheses')
  return undefined
}

function readParameters(
  parameters: URLSearchParams,
  report: Report,
): Pick<SqlServer, 'tls' | 'connectTimeout'> | undefined {
  let tls: SqlTls | undefined
  let connectTimeout: number | undefined
  for (const [key, value] of parameters) {
    if (key === 'tls') {
      const wanted = TLS.get(value.toLowerCase())
      if (wanted === undefined) {
        report.problem([], 'must have tls=true, skip-verify, preferred or false')
        return undefined
      }
      tls = wanted.tls
      if (wanted.warning !== undefined) report.warning([], wanted.warning)
    } else if (key === 'timeout') {
      connectTimeout = parseDuration(value)
      if (connectTimeout === undefined) report.warning([], 'has a timeout that is no duration: it has no effect')
    } else if (!WITHOUT_EFFECT.has(key))
      report.warning([], `has a parameter without effect${/^\w{1,32}$/.test(key) ? `: "${key}"` : ''}`)
  }
  return { tls, connectTimeout: connectTimeout === undefined ? undefined : Math.max(1, Math.ceil(connectTimeout)) }
}

interface TlsChoice {
  readonly tls: SqlTls | undefined
  readonly warning?: string
}

const OFF: TlsChoice = { tls: undefined }
const ON: TlsChoice = { tls: { verify: 'name' } }
const UNVERIFIED = 'lets anybody between here and the database read and change what is asked and answered'
const TLS: ReadonlyMap<string, TlsChoice> = new Map<string, TlsChoice>([
  ['false', OFF],
  ['0', OFF],
  ['true', ON],
  ['1', ON],
  ['skip-verify', { tls: { verify: 'nothing' }, warning: `tls=skip-verify ${UNVERIFIED}` }],
  ['preferred', { tls: { verify: 'nothing' }, warning: `tls=preferred is taken for skip-verify, which ${UNVERIFIED}` }],
])

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
