// The `token` section: its key and certificate read, and what clients and registries will make of them.
import type { ServerSettings } from './config-server.ts'
import { readPair } from './config-server.ts'
import type { Report } from './lib/report.ts'
import type { FileSet } from './lib/files.ts'
import { hasAmbiguousThumbprint, jwkThumbprint, libtrustKeyId, readSigningKey } from './token/index.ts'
import type { SigningKey, TokenConfig } from './token/index.ts'

/** What the `token` section means. */
export interface TokenSettings {
  readonly issuer: string
  /** Seconds; at least 60. */
  readonly expiration: number
  readonly key: SigningKey
  readonly x5c: boolean
  readonly keyId: string
}

// Clients raise a shorter life to this and would then go on using an expired token.
const SHORTEST = 60

/** Reads the section's files; the server's pair signs where the section names none. Without a `server`, something was wrong with that. */
export async function readToken(
  config: TokenConfig,
  server: ServerSettings | undefined,
  files: FileSet,
  report: Report,
): Promise<TokenSettings | undefined> {
  const named = config.certificate !== undefined
  const pair = named ? await readPair(config, files, report) : server?.pair
  if (pair === undefined) {
    if (!named && server !== undefined)
      report.problem([], 'a certificate and key are needed, here or in the server section')
    return undefined
  }
  const key = await report.guard(['certificate'], () => readSigningKey(pair.certificate, pair.key, config.algorithm))
  if (key === undefined) return undefined
  if (config.expiration < SHORTEST) {
    report.warning(['expiration'], `clients take a shorter life for ${SHORTEST} s, so tokens live ${SHORTEST} s`)
  }
  if (!config.x5c && config.disable_legacy_key_id && hasAmbiguousThumbprint(key.publicKey)) {
    report.warning(
      ['key'],
      'Distribution 3.1 computes another key id for this key and would refuse it: make a new one with keygen, or set x5c',
    )
  }
  return {
    issuer: config.issuer,
    expiration: Math.max(SHORTEST, config.expiration),
    key,
    x5c: config.x5c,
    keyId: config.disable_legacy_key_id ? await jwkThumbprint(key.publicKey) : libtrustKeyId(key.publicKey),
  }
}
