// The key that signs tokens: read from PEM, matched with its certificate, given its algorithm.
import type { KeyObject, X509Certificate } from 'node:crypto'
import { createPrivateKey, createPublicKey } from 'node:crypto'
import { ConfigError } from '../lib/errors.ts'
import type { SigningAlgorithm } from './algorithms.ts'
import { fits, SIGNING_ALGORITHMS } from './algorithms.ts'
import { readCertificates, readPemBlocks } from './x509.ts'

const MIN_RSA_BITS = 2048

/** A private key that signs tokens, with the certificates that vouch for it. */
export interface SigningKey {
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
  readonly algorithm: SigningAlgorithm
  /** The certificate of this key. */
  readonly leaf: X509Certificate
  /** All certificates of the file, the leaf first. */
  readonly chain: readonly X509Certificate[]
}

/**
 * Reads a key pair from the PEM text of its two files; `algorithm` overrides the key's usual one (RS256 for an RSA key).
 * Throws ConfigError with one sentence that says what is wrong.
 */
export function readSigningKey(
  certificatePem: string,
  privateKeyPem: string,
  algorithm?: SigningAlgorithm,
): SigningKey {
  const privateKey = readPrivateKey(privateKeyPem)
  const chain = readCertificates(certificatePem)
  const [leaf] = chain
  if (leaf === undefined) throw new ConfigError('the certificate file holds no CERTIFICATE block')
  if (!leaf.checkPrivateKey(privateKey)) throw new ConfigError(describeMismatch(chain, privateKey))
  const publicKey = createPublicKey(privateKey)
  return { privateKey, publicKey, algorithm: algorithmFor(privateKey, algorithm), leaf, chain }
}

/** Reads a private key that can sign tokens: RSA of 2048 bits or more, P-256, P-384, P-521 or Ed25519. Throws ConfigError. */
export function readPrivateKey(pem: string): KeyObject {
  const blocks = readPemBlocks(pem)
  const block = blocks.find(({ label }) => label.endsWith('PRIVATE KEY'))
  if (block === undefined) {
    const what = blocks.length === 0 ? 'is not a PEM file' : 'holds no PRIVATE KEY block'
    throw new ConfigError(`the key file ${what}`)
  }
  if (block.label === 'ENCRYPTED PRIVATE KEY' || block.text.includes('Proc-Type: 4,ENCRYPTED')) {
    throw new ConfigError('the private key is encrypted; store it without a passphrase, readable by this process only')
  }
  const key = parsePrivateKey(block.text)
  const problem = unfitness(key)
  if (problem !== undefined) {
    throw new ConfigError(
      `${problem} cannot sign tokens; use RSA of ${MIN_RSA_BITS} bits or more, P-256, P-384, P-521 or Ed25519`,
    )
  }
  return key
}

function parsePrivateKey(pem: string): KeyObject {
  try {
    return createPrivateKey(pem)
  } catch (error) {
    throw new ConfigError('the private key cannot be parsed', { cause: error })
  }
}

function unfitness(key: KeyObject): string | undefined {
  const { modulusLength, namedCurve } = key.asymmetricKeyDetails ?? {}
  if (key.asymmetricKeyType === 'rsa' && modulusLength !== undefined && modulusLength < MIN_RSA_BITS) {
    return `an RSA key of ${modulusLength} bits`
  }
  if (SIGNING_ALGORITHMS.some((algorithm) => fits(algorithm, key))) return undefined
  return key.asymmetricKeyType === 'ec'
    ? `a key on the curve ${namedCurve ?? '(not named)'}`
    : `a key of type ${key.asymmetricKeyType ?? '(unknown)'}`
}

function algorithmFor(key: KeyObject, wanted: SigningAlgorithm | undefined): SigningAlgorithm {
  const fitting = SIGNING_ALGORITHMS.filter((algorithm) => fits(algorithm, key))
  const found = wanted === undefined ? fitting[0] : fitting.find((algorithm) => algorithm === wanted)
  if (found === undefined) {
    throw new ConfigError(`the key cannot sign with ${wanted ?? 'any algorithm'}; it can with ${fitting.join(', ')}`)
  }
  return found
}

function describeMismatch(chain: readonly X509Certificate[], privateKey: KeyObject): string {
  return chain.some((certificate) => certificate.checkPrivateKey(privateKey))
    ? 'the certificate that belongs to the key must be the first one in its file'
    : 'the certificate does not belong to the private key'
}
