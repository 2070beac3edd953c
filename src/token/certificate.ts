// A certificate for a token key that nobody else vouches for: the registry's bundle holds the certificate itself.
// Loads pkijs when called, because most starts make no certificate.
import type { KeyObject } from 'node:crypto'
import { createPublicKey, generateKeyPair, randomBytes, sign } from 'node:crypto'
import { promisify } from 'node:util'
import type { SigningAlgorithm } from './algorithms.ts'
import { digestOf, fits } from './algorithms.ts'
import { hasAmbiguousThumbprint } from './key-ids.ts'
import { readPrivateKey } from './keys.ts'

const DAY = 86_400_000
const RSA_BITS = 2048

export type KeyType = 'ec' | 'rsa' | 'ed25519'

/** Who the certificate is for, from when (a clock in milliseconds; back-dated by a day) and for how many days. */
export interface CertificateOptions {
  readonly commonName: string
  readonly now: () => number
  readonly days: number
}

/** A private key in PKCS#8 and its certificate. */
export interface KeyPairPem {
  readonly certificatePem: string
  readonly privateKeyPem: string
}

/** Makes a key (P-256, RSA of 2048 bits, or Ed25519) and its self-signed certificate. Never one whose key id registries disagree on. */
export async function createSelfSigned(options: CertificateOptions & { readonly type?: KeyType }): Promise<KeyPairPem> {
  const privateKey = await generateKey(options.type ?? 'ec')
  return {
    certificatePem: await certify(privateKey, options),
    privateKeyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
}

/** A self-signed certificate for a key that exists, in PEM. Throws ConfigError when the key cannot sign tokens. */
export function selfSign(privateKeyPem: string, options: CertificateOptions): Promise<string> {
  return certify(readPrivateKey(privateKeyPem), options)
}

const generate = promisify(generateKeyPair)

async function generateKey(type: KeyType): Promise<KeyObject> {
  if (type === 'rsa') return (await generate('rsa', { modulusLength: RSA_BITS })).privateKey
  if (type === 'ed25519') return (await generate('ed25519')).privateKey
  for (;;) {
    const { privateKey, publicKey } = await generate('ec', { namedCurve: 'P-256' })
    if (!hasAmbiguousThumbprint(publicKey)) return privateKey
  }
}

// How certificates name the algorithms that keys sign tokens with by default: one per kind of key.
const SIGNATURE_OIDS: readonly (readonly [SigningAlgorithm, string])[] = [
  ['RS256', '1.2.840.113549.1.1.11'],
  ['ES256', '1.2.840.10045.4.3.2'],
  ['ES384', '1.2.840.10045.4.3.3'],
  ['ES512', '1.2.840.10045.4.3.4'],
  ['EdDSA', '1.3.101.112'],
]

async function certify(privateKey: KeyObject, { commonName, now, days }: CertificateOptions): Promise<string> {
  const pkijs = await import('pkijs')
  const asn1js = await import('asn1js')
  const at = now()
  const [algorithm, algorithmId] = SIGNATURE_OIDS.find(([each]) => fits(each, privateKey)) ?? []
  if (algorithm === undefined || algorithmId === undefined) throw new Error('no signature algorithm for this key')

  const time = (value: Date): InstanceType<typeof pkijs.Time> =>
    new pkijs.Time({
      value,
      type: value.getUTCFullYear() < 2050 ? pkijs.TimeType.UTCTime : pkijs.TimeType.GeneralizedTime,
    })
  const name = new pkijs.RelativeDistinguishedNames({
    typesAndValues: [
      new pkijs.AttributeTypeAndValue({ type: '2.5.4.3', value: new asn1js.Utf8String({ value: commonName }) }),
    ],
  })
  const extension = (extnID: string, value: { toBER(): ArrayBuffer }): InstanceType<typeof pkijs.Extension> =>
    new pkijs.Extension({ extnID, critical: true, extnValue: value.toBER() })
  // RSA's identifier carries an explicit NULL, the others nothing: https://www.rfc-editor.org/rfc/rfc4055#section-5
  const signatureAlgorithm = new pkijs.AlgorithmIdentifier({
    algorithmId,
    ...(algorithm === 'RS256' ? { algorithmParams: new asn1js.Null() } : {}),
  })

  const certificate = new pkijs.Certificate({
    version: 2,
    serialNumber: new asn1js.Integer({ valueHex: randomSerial() }),
    issuer: name,
    subject: name,
    notBefore: time(new Date(at - DAY)),
    notAfter: time(new Date(at + days * DAY)),
    subjectPublicKeyInfo: pkijs.PublicKeyInfo.fromBER(
      createPublicKey(privateKey).export({ type: 'spki', format: 'der' }),
    ),
    extensions: [
      extension('2.5.29.19', new pkijs.BasicConstraints({ cA: false }).toSchema()),
      extension('2.5.29.15', new asn1js.BitString({ valueHex: Uint8Array.of(0x80), unusedBits: 7 })),
    ],
    signature: signatureAlgorithm,
    signatureAlgorithm,
  })
  const tbs = Buffer.from(certificate.encodeTBS().toBER())
  certificate.signatureValue = new asn1js.BitString({ valueHex: sign(digestOf(algorithm), tbs, privateKey) })
  const base64 = Buffer.from(certificate.toSchema(true).toBER()).toString('base64')
  return ['-----BEGIN CERTIFICATE-----', ...(base64.match(/.{1,64}/g) ?? []), '-----END CERTIFICATE-----', ''].join(
    '\n',
  )
}

// Positive, of full length, and not to be guessed. https://www.rfc-editor.org/rfc/rfc5280#section-4.1.2.2
function randomSerial(): Uint8Array {
  const bytes = randomBytes(16)
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40
  return bytes
}
