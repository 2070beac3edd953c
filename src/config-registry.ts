// The `registry` section: whom it trusts, read from files only, and what follows from its other keys.
import type { X509Certificate } from 'node:crypto'
import type { SecureContextOptions } from 'node:tls'
import type { Report } from './lib/report.ts'
import { readPair } from './config-server.ts'
import type { ServerSettings } from './config-server.ts'
import type { TokenSettings } from './config-token.ts'
import { formatAddress, parseTcpAddress } from './lib/address.ts'
import type { Address } from './lib/address.ts'
import { ConfigError } from './lib/errors.ts'
import type { FileSet } from './lib/files.ts'
import { describeBadPair, tlsOptions } from './lib/tls.ts'
import type { RegistryConfig } from './registry/config.ts'
import { createSigner, createVerifier, readCertificates } from './token/index.ts'
import type { VerifierOptions } from './token/index.ts'

/** What the `registry` section means. */
export interface RegistrySettings {
  readonly address: Address
  readonly tls: SecureContextOptions | undefined
  /** Scheme and host to put before Locations; without it they are relative. */
  readonly baseUrl: string | undefined
  readonly rootdirectory: string
  /** How long a stop waits for requests in flight, in ms. */
  readonly graceMs: number
  readonly deleteEnabled: boolean
  readonly realm: string
  readonly trust: Omit<VerifierOptions, 'now'>
}

const USUAL_GRACE_MS = 10_000

/** Reads the section's files; undefined when something is wrong, which `report` was told. */
export async function readRegistry(
  config: RegistryConfig,
  server: ServerSettings | undefined,
  token: TokenSettings | undefined,
  files: FileSet,
  report: Report,
): Promise<RegistrySettings | undefined> {
  const { http, storage, auth } = config
  const address = readAddress(http.addr, server, report.at(['http', 'addr']))
  const tls = http.tls && (await readTls(http.tls, files, report.at(['http', 'tls'])))
  const trust = await readTrust(auth.token, token, files, report.at(['auth', 'token']))
  if (address === undefined || trust === undefined || server === undefined) return undefined
  const baseUrl = http.host?.replace(/\/+$/, '')
  const ownRealm = auth.token.autoredirect
    ? `${baseUrl ?? ''}/auth/token`
    : `${server.publicUrl}${server.pathPrefix}/auth`
  return {
    address,
    tls,
    baseUrl,
    graceMs: http.draintimeout ?? USUAL_GRACE_MS,
    rootdirectory: storage.filesystem.rootdirectory,
    deleteEnabled: storage.delete.enabled,
    realm: auth.token.realm ?? ownRealm,
    trust,
  }
}

function readAddress(text: string, server: ServerSettings | undefined, report: Report): Address | undefined {
  const address = parseTcpAddress(text)
  if (address === undefined) report.problem([], `"${text}" is not an address such as ":5000" or "127.0.0.1:5000"`)
  else if (server !== undefined && formatAddress(server.address) === formatAddress(address)) {
    report.problem([], `${text} is the token server's address already (server.addr)`)
  }
  return address
}

async function readTls(
  config: NonNullable<RegistryConfig['http']['tls']>,
  files: FileSet,
  report: Report,
): Promise<SecureContextOptions | undefined> {
  const pair = await readPair(config, files, report)
  if (pair === undefined) return undefined
  const bad = describeBadPair(pair.certificate, pair.key)
  if (bad === undefined) return tlsOptions({ ...pair, minVersion: 'TLSv1.2', ciphers: [], curves: [] })
  report.problem(['certificate'], bad)
  return undefined
}

/** The bundle and the JWKS, refused where they would refuse the tokens of this very server. */
async function readTrust(
  config: RegistryConfig['auth']['token'],
  token: TokenSettings | undefined,
  files: FileSet,
  report: Report,
): Promise<Omit<VerifierOptions, 'now'> | undefined> {
  const { rootcertbundle, jwks, signingalgorithms } = config
  const roots =
    rootcertbundle === undefined ? [] : await report.guard(['rootcertbundle'], readBundle(rootcertbundle, files))
  const keySet = jwks === undefined ? undefined : await report.guard(['jwks'], readJwks(jwks, files))
  if (roots === undefined || (jwks !== undefined && keySet === undefined)) return undefined
  const trust = {
    issuer: config.issuer,
    service: config.service,
    roots,
    ...(keySet === undefined ? {} : { jwks: keySet }),
    ...(signingalgorithms === undefined ? {} : { algorithms: signingalgorithms }),
  }
  await report.guard([], refuseOwnTokensRefused(trust, token))
  return trust
}

async function readBundle(path: string, files: FileSet): Promise<readonly X509Certificate[]> {
  return readCertificates(await files.readText(path))
}

async function readJwks(path: string, files: FileSet): Promise<unknown> {
  const text = await files.readText(path)
  try {
    const parsed: unknown = JSON.parse(text)
    return parsed
  } catch (error) {
    throw new ConfigError('is not JSON', { cause: error })
  }
}

async function refuseOwnTokensRefused(
  trust: Omit<VerifierOptions, 'now'>,
  token: TokenSettings | undefined,
): Promise<void> {
  const verifier = await createVerifier({ ...trust, now: Date.now })
  if (token === undefined) return
  const silent = { info: () => undefined, warn: () => undefined, error: () => undefined }
  const signer = createSigner({ ...token, now: Date.now, randomId: () => '0', log: silent })
  const issued = await signer.sign({ account: '', access: [] }, trust.service)
  const verification = await verifier.verify(issued.token)
  if (verification.outcome === 'invalid')
    throw new ConfigError(`would refuse this server's own tokens: ${verification.check}`)
}
