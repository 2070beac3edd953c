// The names registries know a public key by, computed from the key alone.
import type { KeyObject } from 'node:crypto'
import { createHash } from 'node:crypto'
import { calculateJwkThumbprint } from 'jose'

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** The key id of Distribution up to 2.8: SHA-256 of the SubjectPublicKeyInfo, 30 bytes of it in base32, in twelve groups of four. */
export function libtrustKeyId(publicKey: KeyObject): string {
  const digest = createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('hex')
  const digits = BigInt(`0x${digest.slice(0, 60)}`)
    .toString(32)
    .padStart(48, '0')
  const base32 = digits.replace(/./g, (digit) => BASE32.charAt(parseInt(digit, 32)))
  return (base32.match(/.{4}/g) ?? []).join(':')
}

/** The key id of Distribution 3: the SHA-256 thumbprint of the JWK. https://www.rfc-editor.org/rfc/rfc7638 */
export function jwkThumbprint(publicKey: KeyObject): Promise<string> {
  return calculateJwkThumbprint(publicKey.export({ format: 'jwk' }), 'sha256')
}

/** The thumbprint as Distribution 3.1 computes it: it writes the coordinates of an EC point without their leading zero bytes. */
export function distributionThumbprint(publicKey: KeyObject): Promise<string> {
  const jwk = publicKey.export({ format: 'jwk' })
  if (jwk.kty !== 'EC' || jwk.x === undefined || jwk.y === undefined) return jwkThumbprint(publicKey)
  return calculateJwkThumbprint({ ...jwk, x: withoutLeadingZeros(jwk.x), y: withoutLeadingZeros(jwk.y) }, 'sha256')
}

/** Whether Distribution 3.1 computes another thumbprint for this key than RFC 7638 does (about 1 of 128 keys on P-256). */
export function hasAmbiguousThumbprint(publicKey: KeyObject): boolean {
  const { kty, x, y } = publicKey.export({ format: 'jwk' })
  return kty === 'EC' && [x, y].some((coordinate) => Buffer.from(coordinate ?? '', 'base64url')[0] === 0)
}

function withoutLeadingZeros(coordinate: string): string {
  const bytes = Buffer.from(coordinate, 'base64url')
  return bytes.subarray(bytes.findIndex((byte) => byte !== 0)).toString('base64url')
}
