// The `server` section: docker_auth's keys, checked and turned into what listeners need.
import { isAbsolute } from 'node:path'
import type { SecureContextOptions } from 'node:tls'
import { z } from 'zod'
import { parseTcpAddress } from './lib/address.ts'
import type { Address } from './lib/address.ts'
import type { ClientAddressOptions } from './lib/client-address.ts'
import type { FileSet } from './lib/files.ts'
import { compileIpPattern } from './lib/ip.ts'
import { bool, int, nonEmpty, notSupportedYet, strict, text, texts } from './lib/schema.ts'
import { describeBadPair, tlsCipher, tlsCurve, tlsOptions, tlsVersion } from './lib/tls.ts'
import type { Report } from './lib/report.ts'

export const ServerConfig = strict({
  addr: nonEmpty,
  net: z.enum(['', 'tcp', 'unix'], { error: 'must be tcp or unix' }).optional(),
  path_prefix: text.regex(/^(?:\/[\w.~-]+)*\/?$/, { error: 'must be a path such as /auth-server' }).optional(),
  public_url: text
    .regex(/^https?:\/\/[^\s/?#]+\/?$/, { error: 'must be a URL such as https://auth.example.com' })
    .optional(),
  real_ip_header: text.regex(/^[\w-]*$/, { error: 'must be a header name' }).optional(),
  real_ip_pos: int.optional(),
  trusted_proxies: texts.optional(),
  certificate: text.optional(),
  key: text.optional(),
  hsts: bool.optional(),
  tls_min_version: text.optional(),
  tls_cipher_suites: texts.optional(),
  tls_curve_preferences: texts.optional(),
  letsencrypt: notSupportedYet,
})
export type ServerConfig = z.infer<typeof ServerConfig>

/** What the `server` section means. */
export interface ServerSettings {
  readonly address: Address
  /** `''` or a path that begins with `/` and does not end with one. */
  readonly pathPrefix: string
  /** The URL clients reach this server at, without a path. */
  readonly publicUrl: string
  /** The same with the path prefix, only where the configuration says it: a guess must not be told to others. */
  readonly statedUrl: string | undefined
  readonly hsts: boolean
  readonly tls: SecureContextOptions | undefined
  /** The section's certificate and key, which also sign tokens where the token section has none. */
  readonly pair: PemPair | undefined
  readonly clientAddress: ClientAddressOptions
}

/** A certificate and key in PEM, read from the files a section names. */
export interface PemPair {
  readonly certificate: string
  readonly key: string
}

/** Reads the section's files and checks what the schema cannot; undefined when something is wrong, which `report` was told. */
export async function readServer(
  config: ServerConfig,
  files: FileSet,
  report: Report,
): Promise<ServerSettings | undefined> {
  const address = readAddress(config, report)
  const isTrusted = readTrustedProxies(config.trusted_proxies, report)
  const pair = await readPair(config, files, report)
  const tls = readTls(config, pair, report)
  if (config.real_ip_header !== undefined && config.real_ip_header !== '' && isTrusted === undefined) {
    report.warning(['real_ip_header'], 'any client can forge this header; list your proxies in server.trusted_proxies')
  }
  const wantsTls = Boolean(config.certificate || config.key)
  if (address === undefined || (wantsTls && tls === undefined)) return undefined
  const scheme = tls === undefined ? 'http' : 'https'
  const pathPrefix = (config.path_prefix ?? '').replace(/\/+$/, '')
  const stated = config.public_url?.replace(/\/$/, '')
  return {
    address,
    pathPrefix,
    publicUrl: stated ?? `${scheme}://localhost${address.kind === 'tcp' ? `:${address.port}` : ''}`,
    statedUrl: stated === undefined ? undefined : `${stated}${pathPrefix}`,
    hsts: config.hsts ?? false,
    tls,
    pair,
    clientAddress: { realIpHeader: config.real_ip_header || undefined, realIpPos: config.real_ip_pos ?? 0, isTrusted },
  }
}

/** Reads a `certificate` and `key` of a section; both or neither must be given. */
export async function readPair(
  config: { certificate?: string | undefined; key?: string | undefined },
  files: FileSet,
  report: Report,
): Promise<PemPair | undefined> {
  const { certificate = '', key = '' } = config
  if (certificate === '' && key === '') return undefined
  if (certificate === '' || key === '') {
    report.problem([certificate === '' ? 'key' : 'certificate'], 'certificate and key must be given together')
    return undefined
  }
  const [certificateText, keyText] = [
    await report.guard(['certificate'], files.readText(certificate)),
    await report.guard(['key'], files.readText(key)),
  ]
  return certificateText === undefined || keyText === undefined
    ? undefined
    : { certificate: certificateText, key: keyText }
}

function readAddress(config: ServerConfig, report: Report): Address | undefined {
  if (config.net === 'unix') {
    if (isAbsolute(config.addr) || !config.addr.includes(':')) return { kind: 'unix', path: config.addr }
    report.problem(['addr'], `"${config.addr}" is not the path of a unix socket`)
    return undefined
  }
  const address = parseTcpAddress(config.addr)
  if (address === undefined)
    report.problem(['addr'], `"${config.addr}" is not an address such as ":5001" or "127.0.0.1:5001"`)
  return address
}

function readTrustedProxies(
  patterns: readonly string[] | undefined,
  report: Report,
): ((ip: string) => boolean) | undefined {
  if (patterns === undefined) return undefined
  const tests = patterns.flatMap((pattern, index) => {
    const compiled = compileIpPattern(pattern)
    if (compiled === undefined) report.problem(['trusted_proxies', index], `"${pattern}" is not an address or CIDR`)
    return compiled ?? []
  })
  return (ip) => tests.some((test) => test(ip))
}

function readTls(config: ServerConfig, pair: PemPair | undefined, report: Report): SecureContextOptions | undefined {
  const minVersion = tlsVersion(config.tls_min_version || 'TLS12')
  if (minVersion === undefined) report.problem(['tls_min_version'], 'must be one of TLS10, TLS11, TLS12, TLS13')
  const named = (
    key: 'tls_cipher_suites' | 'tls_curve_preferences',
    find: (name: string) => string | undefined,
  ): string[] =>
    (config[key] ?? []).flatMap((name, index) => {
      const found = find(name)
      if (found === undefined) report.problem([key, index], `"${name}" is not known`)
      return found ?? []
    })
  const ciphers = named('tls_cipher_suites', tlsCipher)
  const curves = named('tls_curve_preferences', tlsCurve)
  if (minVersion === 'TLSv1.3' && ciphers.length > 0) {
    report.problem(
      ['tls_cipher_suites'],
      'TLS 1.3 chooses its own cipher suites; leave this out or lower tls_min_version',
    )
  }
  if (pair === undefined || minVersion === undefined) return undefined
  const bad = describeBadPair(pair.certificate, pair.key)
  if (bad !== undefined) {
    report.problem(['certificate'], bad)
    return undefined
  }
  return tlsOptions({ ...pair, minVersion, ciphers, curves })
}
