// The signature algorithms of tokens, and the kind of key that each one takes.
import type { KeyObject } from 'node:crypto'

// https://www.rfc-editor.org/rfc/rfc7518#section-3.1 and https://www.rfc-editor.org/rfc/rfc8037#section-3.1
const ALGORITHMS = {
  RS256: { digest: 'sha256', keyType: 'rsa' },
  RS384: { digest: 'sha384', keyType: 'rsa' },
  RS512: { digest: 'sha512', keyType: 'rsa' },
  ES256: { digest: 'sha256', keyType: 'ec', curve: 'prime256v1' },
  ES384: { digest: 'sha384', keyType: 'ec', curve: 'secp384r1' },
  ES512: { digest: 'sha512', keyType: 'ec', curve: 'secp521r1' },
  EdDSA: { digest: null, keyType: 'ed25519' },
  PS256: { digest: 'sha256', keyType: 'rsa' },
  PS384: { digest: 'sha384', keyType: 'rsa' },
  PS512: { digest: 'sha512', keyType: 'rsa' },
} as const

/** Every algorithm that a token may be verified with: asymmetric ones only. */
export type Algorithm = keyof typeof ALGORITHMS

/** The algorithms that tokens are signed with. */
export const SIGNING_ALGORITHMS = ['RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512', 'EdDSA'] as const

export type SigningAlgorithm = (typeof SIGNING_ALGORITHMS)[number]

/** All of them, in the order in which messages list them. */
export const VERIFICATION_ALGORITHMS: readonly Algorithm[] = [...SIGNING_ALGORITHMS, 'PS256', 'PS384', 'PS512']

/** The hash that the signature is made over, as node:crypto names it; null where the algorithm hashes by itself. */
export function digestOf(algorithm: Algorithm): string | null {
  return ALGORITHMS[algorithm].digest
}

/** Whether a key, public or private, is of the one kind and curve that the algorithm takes. */
export function fits(algorithm: Algorithm, key: KeyObject): boolean {
  const wanted = ALGORITHMS[algorithm]
  if (key.asymmetricKeyType !== wanted.keyType) return false
  return !('curve' in wanted) || key.asymmetricKeyDetails?.namedCurve === wanted.curve
}
