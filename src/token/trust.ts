// Which key a token is to be verified with. Only keys of the bundle, of the JWKS file, or of a certificate that the bundle vouches
// for are ever answered: never a key that came with the token alone.
import type { KeyObject } from 'node:crypto'
import { createHash, X509Certificate } from 'node:crypto'
import { ConfigError } from '../lib/errors.ts'
import { fits, VERIFICATION_ALGORITHMS } from './algorithms.ts'
import { createCache } from './cache.ts'
import { importPublicJwk, KeySet, PublicJwk } from './jwk.ts'
import type { EmbeddedKey, TokenHeader } from './jws.ts'
import { distributionThumbprint, jwkThumbprint, libtrustKeyId } from './key-ids.ts'
import { validatePath } from './path-validation.ts'
import { quote } from './quote.ts'
import type { Validity } from './x509.ts'
import { commonValidity, isValidAt, publicKeyOf } from './x509.ts'

const MAX_REMEMBERED_CHAINS = 64

/** A key to verify with, and while when: a chain's dates, or forever for a key trusted by its id (Distribution does not look at those dates). */
export interface TrustedKey {
  readonly key: KeyObject
  readonly validity: Validity
}

/** Why there is no key; `malformed` when the header could not even be read. */
export interface NoKey {
  readonly check: string
  readonly malformed: boolean
}

export interface KeyChooser {
  /** The key for a token with this header, at a time in milliseconds. The first of x5c, jwk and kid that is present decides. */
  choose(header: TokenHeader, at: number): Promise<TrustedKey | NoKey>
}

const ALWAYS: Validity = { notBefore: -Infinity, notAfter: Infinity }

/** Trusts the certificates of the bundle and the keys of a parsed JWKS file. Throws ConfigError when nothing there can verify a token. */
export async function createKeyChooser(roots: readonly X509Certificate[], jwks: unknown): Promise<KeyChooser> {
  const keys = new Map([...readKeySet(jwks), ...(await readRoots(roots))])
  if (keys.size === 0) throw new ConfigError('neither the certificate bundle nor the JWKS file holds a key for tokens')
  const chains = createCache<TrustedKey>(MAX_REMEMBERED_CHAINS)

  const byChain = async (encoded: readonly string[], at: number): Promise<TrustedKey | NoKey> => {
    const id = createHash('sha256').update(encoded.join('.')).digest('base64')
    const known = chains.get(id)
    if (known !== undefined && isValidAt(known.validity, at)) return known
    const chain = encoded.map(decodeCertificate).filter((certificate) => certificate !== undefined)
    const [leaf] = chain
    const key = leaf === undefined ? undefined : publicKeyOf(leaf)
    if (key === undefined || chain.length < encoded.length) return malformed('x5c: not a list of certificates')
    const result = await validatePath(chain, roots, at)
    if (!result.ok) return untrusted(`x5c: ${result.reason}`)
    const trusted = { key, validity: commonValidity(result.path) }
    chains.set(id, trusted)
    return trusted
  }

  const byId = (member: string, id: string | undefined): TrustedKey | NoKey => {
    const key = id === undefined ? undefined : keys.get(id)
    return key === undefined
      ? untrusted(`${member}: token says ${quote(id)}, registry trusts no such key`)
      : { key, validity: ALWAYS }
  }

  // CVE-2025-24976: a trusted kid says nothing about the key it is embedded with, so that key is read for its form only.
  const byEmbeddedKey = async (jwk: EmbeddedKey, at: number): Promise<TrustedKey | NoKey> => {
    const embedded = importPublicJwk(jwk)
    if (embedded === undefined) return malformed('jwk: not a public key')
    if (jwk.x5c === undefined) return byId('jwk.kid', jwk.kid)
    const chosen = await byChain(jwk.x5c, at)
    if ('check' in chosen || chosen.key.equals(embedded)) return chosen
    return malformed('jwk: not the key of its certificate')
  }

  return {
    async choose({ x5c, jwk, kid }, at) {
      if (x5c !== undefined) return byChain(x5c, at)
      if (jwk !== undefined) return byEmbeddedKey(jwk, at)
      return byId('kid', kid)
    },
  }
}

/** The bundle's keys under every id that a registry has known them by: libtrust's, RFC 7638's, and Distribution's own form of that. */
async function readRoots(roots: readonly X509Certificate[]): Promise<[string, KeyObject][]> {
  const keys = roots
    .map(publicKeyOf)
    .filter((key) => key !== undefined)
    .filter(isUsable)
  const entries = keys.map(async (key): Promise<[string, KeyObject][]> => [
    [libtrustKeyId(key), key],
    [await jwkThumbprint(key), key],
    [await distributionThumbprint(key), key],
  ])
  return (await Promise.all(entries)).flat()
}

// A set may also hold keys for other uses or of unknown kinds: https://www.rfc-editor.org/rfc/rfc7517#section-5
function readKeySet(jwks: unknown): [string, KeyObject][] {
  if (jwks === undefined) return []
  const set = KeySet.safeParse(jwks)
  if (!set.success) throw new ConfigError('the JWKS file is not a JSON Web Key Set: {"keys": [...]}')
  return set.data.keys.flatMap((member): [string, KeyObject][] => {
    const jwk = PublicJwk.safeParse(member).data
    const key = jwk === undefined ? undefined : importPublicJwk(jwk)
    return key === undefined || jwk?.kid === undefined || !isUsable(key) ? [] : [[jwk.kid, key]]
  })
}

function isUsable(key: KeyObject): boolean {
  return VERIFICATION_ALGORITHMS.some((algorithm) => fits(algorithm, key))
}

// Standard base64 of exactly one DER certificate. https://www.rfc-editor.org/rfc/rfc7515#section-4.1.6
function decodeCertificate(encoded: string): X509Certificate | undefined {
  const der = Buffer.from(encoded, 'base64')
  if (der.toString('base64') !== encoded) return undefined
  try {
    const certificate = new X509Certificate(der)
    return certificate.raw.equals(der) ? certificate : undefined
  } catch {
    return undefined
  }
}

function malformed(check: string): NoKey {
  return { check, malformed: true }
}

function untrusted(check: string): NoKey {
  return { check, malformed: false }
}
