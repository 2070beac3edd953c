// TLS settings in the words of docker_auth's configuration (Go's names), turned into Node's.
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { createSecureContext } from 'node:tls'
import type { SecureContextOptions, SecureVersion } from 'node:tls'

const VERSIONS: ReadonlyMap<string, SecureVersion> = new Map([
  ['SSL30', 'TLSv1'],
  ['TLS10', 'TLSv1'],
  ['TLS11', 'TLSv1.1'],
  ['TLS12', 'TLSv1.2'],
  ['TLS13', 'TLSv1.3'],
  ['768', 'TLSv1'],
  ['769', 'TLSv1'],
  ['770', 'TLSv1.1'],
  ['771', 'TLSv1.2'],
  ['772', 'TLSv1.3'],
])

const CURVES: ReadonlyMap<string, string> = new Map([
  ['P256', 'P-256'],
  ['P384', 'P-384'],
  ['P521', 'P-521'],
  ['X25519', 'X25519'],
  ['23', 'P-256'],
  ['24', 'P-384'],
  ['25', 'P-521'],
  ['29', 'X25519'],
])

// IANA number, Go's name, OpenSSL's name. TLS 1.3 suites cannot be chosen in Go and are always on here too.
const SUITES: readonly (readonly [number, string, string])[] = [
  [0x002f, 'TLS_RSA_WITH_AES_128_CBC_SHA', 'AES128-SHA'],
  [0x0035, 'TLS_RSA_WITH_AES_256_CBC_SHA', 'AES256-SHA'],
  [0x003c, 'TLS_RSA_WITH_AES_128_CBC_SHA256', 'AES128-SHA256'],
  [0x009c, 'TLS_RSA_WITH_AES_128_GCM_SHA256', 'AES128-GCM-SHA256'],
  [0x009d, 'TLS_RSA_WITH_AES_256_GCM_SHA384', 'AES256-GCM-SHA384'],
  [0xc009, 'TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA', 'ECDHE-ECDSA-AES128-SHA'],
  [0xc00a, 'TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA', 'ECDHE-ECDSA-AES256-SHA'],
  [0xc013, 'TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA', 'ECDHE-RSA-AES128-SHA'],
  [0xc014, 'TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA', 'ECDHE-RSA-AES256-SHA'],
  [0xc023, 'TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256', 'ECDHE-ECDSA-AES128-SHA256'],
  [0xc027, 'TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256', 'ECDHE-RSA-AES128-SHA256'],
  [0xc02b, 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256', 'ECDHE-ECDSA-AES128-GCM-SHA256'],
  [0xc02c, 'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384', 'ECDHE-ECDSA-AES256-GCM-SHA384'],
  [0xc02f, 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256', 'ECDHE-RSA-AES128-GCM-SHA256'],
  [0xc030, 'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384', 'ECDHE-RSA-AES256-GCM-SHA384'],
  [0xcca8, 'TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256', 'ECDHE-RSA-CHACHA20-POLY1305'],
  [0xcca9, 'TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256', 'ECDHE-ECDSA-CHACHA20-POLY1305'],
]

/** Node's version for `TLS12`, `0x0303` and the like, or undefined. */
export function tlsVersion(name: string): SecureVersion | undefined {
  return VERSIONS.get(numberOrName(name))
}

/** Node's curve for `P256`, `29` and the like, or undefined. */
export function tlsCurve(name: string): string | undefined {
  return CURVES.get(numberOrName(name))
}

/** OpenSSL's cipher for Go's name or its number, or undefined. */
export function tlsCipher(name: string): string | undefined {
  const wanted = numberOrName(name)
  const short = wanted.replace(/^(TLS_ECDHE_\w+_WITH_CHACHA20_POLY1305)$/, '$1_SHA256')
  return SUITES.find(([number, goName]) => String(number) === wanted || goName === short)?.[2]
}

/** What is wrong with this pair, in words, or undefined when a TLS server can use it. Never quotes the key. */
export function describeBadPair(certificate: string, key: string): string | undefined {
  try {
    const leaf = new X509Certificate(certificate)
    if (!leaf.checkPrivateKey(createPrivateKey(key))) return 'the certificate does not belong to the key'
    createSecureContext({ cert: certificate, key })
    return undefined
  } catch {
    return 'the certificate and key are not a usable PEM pair'
  }
}

/** Options for a TLS listener. Versions below 1.2 need OpenSSL's security level lowered, which only an explicit setting does. */
export function tlsOptions(settings: {
  readonly certificate: string
  readonly key: string
  readonly minVersion: SecureVersion
  readonly ciphers: readonly string[]
  readonly curves: readonly string[]
}): SecureContextOptions {
  const old = settings.minVersion === 'TLSv1' || settings.minVersion === 'TLSv1.1'
  const ciphers = settings.ciphers.length > 0 ? settings.ciphers.join(':') : old ? 'DEFAULT' : undefined
  return {
    cert: settings.certificate,
    key: settings.key,
    minVersion: settings.minVersion,
    ...(ciphers === undefined ? {} : { ciphers: old ? `${ciphers}:@SECLEVEL=0` : ciphers }),
    ...(settings.curves.length > 0 ? { ecdhCurve: settings.curves.join(':') } : {}),
  }
}

function numberOrName(name: string): string {
  return /^(?:0x[0-9a-f]+|\d+)$/i.test(name) ? String(Number(name)) : name
}
