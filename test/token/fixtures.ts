// What the suites of this folder share: a clock, keys, and tokens forged in every way.
import type { KeyObject, X509Certificate } from 'node:crypto'
import { sign } from 'node:crypto'
import type { Logger } from '../../src/lib/logger.ts'
import { createSelfSigned, readSigningKey } from '../../src/token/index.ts'
import type { KeyType, SigningKey } from '../../src/token/index.ts'

export const DAY = 86_400_000
export const NOW = Date.UTC(2026, 5, 1, 12)
export const SECONDS = NOW / 1000
export const now = (): number => NOW

/** A fresh key with its self-signed certificate, valid from a day before NOW. */
export async function makeKey(type: KeyType = 'ec', days = 3650): Promise<SigningKey> {
  const { certificatePem, privateKeyPem } = await createSelfSigned({ commonName: `test ${type}`, now, days, type })
  return readSigningKey(certificatePem, privateKeyPem)
}

/** A logger that remembers its lines as `level: message`. */
export function memoryLog(): Logger & { readonly lines: string[] } {
  const lines: string[] = []
  const write = (level: string) => (_fields: object, message: string) => void lines.push(`${level}: ${message}`)
  return { lines, info: write('info'), warn: write('warn'), error: write('error') }
}

export function base64url(value: unknown): string {
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')
}

export const claims = (changes: object = {}): object => ({
  iss: 'issuer',
  sub: 'alice',
  aud: 'service',
  exp: SECONDS + 300,
  nbf: SECONDS - 10,
  iat: SECONDS,
  jti: '1',
  access: [{ type: 'repository', name: 'alice/app', actions: ['pull', 'push'] }],
  ...changes,
})

const DIGESTS: Readonly<Record<string, string | null>> = {
  '256': 'sha256',
  '384': 'sha384',
  '512': 'sha512',
  dSA: null,
}

/** A JWS over whatever is given, text or JSON, signed as its `alg` says but without asking whether that makes sense. */
export function forge(header: { alg: string } & Record<string, unknown>, payload: unknown, key: KeyObject): string {
  const input = `${base64url(header)}.${base64url(payload)}`
  return `${input}.${signInput(header.alg, input, key)}`
}

export function signInput(alg: string, input: string, key: KeyObject): string {
  const digest = DIGESTS[alg.slice(2)] ?? null
  const padding = alg.startsWith('PS') ? { padding: 6, saltLength: -1 } : {}
  return sign(digest, Buffer.from(input), { key, dsaEncoding: 'ieee-p1363', ...padding }).toString('base64url')
}

export const x5cOf = (...certificates: readonly X509Certificate[]): string[] =>
  certificates.map((certificate) => certificate.raw.toString('base64'))
