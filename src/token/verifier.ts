// Verifies tokens as Distribution 3 does, and knows libtrust's key ids as 2.8 did. Nothing of a token is believed before its signature.
import type { KeyObject, X509Certificate } from 'node:crypto'
import { createHash } from 'node:crypto'
import { compactVerify } from 'jose'
import { ConfigError } from '../lib/errors.ts'
import type { Algorithm } from './algorithms.ts'
import { fits, VERIFICATION_ALGORITHMS } from './algorithms.ts'
import { createCache } from './cache.ts'
import type { Claims } from './claims.ts'
import { checkClaims, parseClaims } from './claims.ts'
import type { Verifier } from './grant.ts'
import { parseHeader } from './jws.ts'
import { quote } from './quote.ts'
import type { NoKey } from './trust.ts'
import { createKeyChooser } from './trust.ts'
import type { Validity } from './x509.ts'
import { isValidAt } from './x509.ts'

// A client sends one token with many requests.
const MAX_REMEMBERED_TOKENS = 256

export interface VerifierOptions {
  readonly issuer: string
  readonly service: string
  /** The certificates of the bundle. */
  readonly roots: readonly X509Certificate[]
  /** The parsed JWKS file. */
  readonly jwks?: unknown
  /** Distribution's `signingalgorithms`; all asymmetric ones when absent. */
  readonly algorithms?: readonly string[]
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

/** A signed statement: what it claims, and while when the key that signed it is trusted. */
interface Authentic {
  readonly claims: Claims
  readonly validity: Validity
}

/** A verifier that trusts the bundle and the JWKS. Rejects with ConfigError when these hold no key, or an algorithm is none we know. */
export async function createVerifier(options: VerifierOptions): Promise<Verifier> {
  const allowed = readAlgorithms(options.algorithms)
  const keys = await createKeyChooser(options.roots, options.jwks)
  const tokens = createCache<Authentic>(MAX_REMEMBERED_TOKENS)

  const authenticate = async (token: string, at: number): Promise<Authentic | NoKey> => {
    const header = parseHeader(token)
    if ('problem' in header) return malformed(`token: ${header.problem}`)
    const algorithm = allowed.find((each) => each === header.alg)
    if (algorithm === undefined) {
      return malformed(`alg: token says ${quote(header.alg)}, registry allows ${allowed.join(', ')}`)
    }
    const chosen = await keys.choose(header, at)
    if ('check' in chosen) return chosen
    if (!fits(algorithm, chosen.key))
      return malformed(`alg: token says ${algorithm}, the trusted key is of another kind`)
    const payload = await verifySignature(token, chosen.key, algorithm)
    if (payload === undefined) return malformed('signature: does not verify with the trusted key')
    const claims = parseClaims(payload)
    if ('problem' in claims) return malformed(`claims: ${claims.problem}`)
    return { claims, validity: chosen.validity }
  }

  return {
    async verify(token) {
      const at = options.now()
      const id = createHash('sha256').update(token).digest('base64')
      const known = tokens.get(id)
      const remembered = known !== undefined && isValidAt(known.validity, at)
      const authentic = remembered ? known : await authenticate(token, at)
      if ('check' in authentic) return { outcome: 'invalid', ...authentic }
      const verification = checkClaims(authentic.claims, options, at)
      if (!remembered && verification.outcome === 'valid') tokens.set(id, authentic)
      return verification
    },
  }
}

/** Distribution lists HMAC among its defaults. Here a secret can never verify a token: every key is public. */
function readAlgorithms(names: readonly string[] = VERIFICATION_ALGORITHMS): readonly Algorithm[] {
  const known = [...VERIFICATION_ALGORITHMS, 'HS256', 'HS384', 'HS512']
  const unknown = names.find((name) => !known.includes(name))
  if (unknown !== undefined)
    throw new ConfigError(`unknown signing algorithm "${unknown}"; known are ${known.join(', ')}`)
  const allowed = VERIFICATION_ALGORITHMS.filter((algorithm) => names.includes(algorithm))
  if (allowed.length === 0) throw new ConfigError('none of the signing algorithms works with a public key')
  return allowed
}

async function verifySignature(token: string, key: KeyObject, algorithm: Algorithm): Promise<Uint8Array | undefined> {
  try {
    const { payload } = await compactVerify(token, key, { algorithms: [algorithm] })
    return payload
  } catch {
    return undefined
  }
}

function malformed(check: string): NoKey {
  return { check, malformed: true }
}
