// Where a directory server is and how its connections are encrypted.
import { parseTcpAddress } from '../../lib/address.ts'

/** `always` is TLS from the first byte (LDAPS). */
export interface Server {
  readonly host: string
  readonly port: number
  readonly tls: 'none' | 'starttls' | 'always'
}

const PORTS = { ldap: 389, ldaps: 636 } as const

/**
 * Reads `host:port` (the port may be missing), or an `ldap://` or `ldaps://` URL of just those; answers what is wrong where it is
 * neither. `tls` is docker_auth's key: `''` is `always` on port 636 and `none` elsewhere, but a URL's scheme has the last word.
 */
export function readServer(address: string, tls: '' | Server['tls']): Server | string {
  const [, scheme, rest = ''] = /^(?:(ldaps?):\/\/)?(.*?)\/?$/i.exec(address) ?? []
  const secure = scheme?.toLowerCase() === 'ldaps'
  if (scheme !== undefined && tls !== '' && secure !== (tls === 'always')) return `contradicts tls: ${tls}`
  const port = secure || tls === 'always' ? PORTS.ldaps : PORTS.ldap
  const place = parseTcpAddress(rest) ?? parseTcpAddress(`${rest}:${port}`)
  if (rest === '' || /[@/?#]/.test(rest) || place?.kind !== 'tcp')
    return 'must be host:port or an ldap:// or ldaps:// URL'
  const always = secure || (scheme === undefined && tls === '' && place.port === PORTS.ldaps)
  return { host: place.host ?? 'localhost', port: place.port, tls: always ? 'always' : tls === '' ? 'none' : tls }
}

/** The server as it is written in messages. */
export function formatServer({ host, port }: Server): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}

/** Whether what is said to this host stays on this machine. */
export function isLoopback(host: string): boolean {
  return /^(?:localhost|127\.\d+\.\d+\.\d+|::1)$/i.test(host)
}
