// Attacks on the algorithm and on the signature itself.
import { createHmac, generateKeyPairSync, sign } from 'node:crypto'
import { describe, expect, test } from '@jest/globals'
import { claims, forge, x5cOf } from './fixtures.ts'
import type { Attack } from './forgery.ts'
import { attackerRsa, ec, evil, good, kid, make, p384, rsa, rsaKid, testAttacks, withSignature } from './forgery.ts'

const hmac = (secret: string | Buffer) => (input: string) => createHmac('sha256', secret).update(input).digest()
const ALGORITHMS: readonly Attack[] = [
  [
    'no signature (none)',
    () => withSignature({ alg: 'none', kid: kid() }, () => ''),
    true,
    /^alg: token says "none", registry allows RS256, /,
  ],
  [
    'None, spelt otherwise',
    () => withSignature({ alg: 'NonE', kid: kid() }, () => ''),
    true,
    /^alg: token says "NonE"/,
  ],
  ['an empty algorithm', () => withSignature({ alg: '', kid: kid() }, () => 'AAAA'), true, /^alg: token says ""/],
  [
    'HS256 keyed with the certificate',
    () => withSignature({ alg: 'HS256', kid: kid() }, hmac(ec.leaf.toString())),
    true,
    /^alg: token says "HS256"/,
  ],
  [
    'HS256 keyed with the DER',
    () => withSignature({ alg: 'HS256', x5c: x5cOf(ec.leaf) }, hmac(ec.leaf.raw)),
    true,
    /^alg: token says "HS256"/,
  ],
  [
    'HS256 keyed with the public key',
    () => withSignature({ alg: 'HS256', kid: kid() }, hmac(ec.publicKey.export({ type: 'spki', format: 'pem' }))),
    true,
    /^alg: token says "HS256"/,
  ],
  [
    'RS256 for an EC key',
    () => forge({ alg: 'RS256', kid: kid() }, claims(), rsa.privateKey),
    true,
    /^alg: token says RS256, the trusted key is of another kind$/,
  ],
  [
    'ES256 for an RSA key',
    () => forge({ alg: 'ES256', kid: rsaKid() }, claims(), ec.privateKey),
    true,
    /^alg: token says ES256, the trusted key/,
  ],
  [
    'ES256 with P-384',
    () => forge({ alg: 'ES256', x5c: x5cOf(p384.leaf) }, claims(), p384.privateKey),
    true,
    /^alg: token says ES256, the trusted key/,
  ],
  [
    'ES384 with P-256',
    () => forge({ alg: 'ES384', kid: kid() }, claims(), ec.privateKey),
    true,
    /^alg: token says ES384, the trusted key/,
  ],
  [
    'EdDSA for an EC key',
    () => forge({ alg: 'EdDSA', kid: kid() }, claims(), generateKeyPairSync('ed25519').privateKey),
    true,
    /^alg: token says EdDSA/,
  ],
  [
    'an unknown algorithm',
    () => withSignature({ alg: 'ES256K', kid: kid() }, () => 'AAAA'),
    true,
    /^alg: token says "ES256K"/,
  ],
]

const SIGNATURES: readonly Attack[] = [
  [
    'a signature by another key',
    () => evil({ alg: 'ES256', kid: kid() }),
    true,
    /^signature: does not verify with the trusted key$/,
  ],
  ['a signature by another RSA key', () => evil({ alg: 'RS256', kid: rsaKid() }, attackerRsa), true, /^signature: /],
  [
    'an ECDSA signature in DER',
    () => withSignature({ alg: 'ES256', kid: kid() }, (input) => sign('sha256', Buffer.from(input), ec.privateKey)),
    true,
    /^signature: /,
  ],
  ['r and s of zero', () => withSignature({ alg: 'ES256', kid: kid() }, () => Buffer.alloc(64)), true, /^signature: /],
  [
    'r and s of the curve’s order',
    () =>
      withSignature({ alg: 'ES256', kid: kid() }, () =>
        Buffer.from('FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551'.repeat(2), 'hex'),
      ),
    true,
    /^signature: /,
  ],
  ['an empty signature', () => withSignature({ alg: 'ES256', kid: kid() }, () => ''), true, /^signature: /],
  ['a signature that is too long', () => `${good()}AAAA`, true, /^signature: /],
  [
    'PSS padding under RS256',
    () =>
      withSignature({ alg: 'RS256', kid: rsaKid() }, (input) =>
        sign('sha256', Buffer.from(input), { key: rsa.privateKey, padding: 6 }),
      ),
    true,
    /^signature: /,
  ],
  [
    'the signature of another token',
    () => `${good({}, { sub: 'admin' }).split('.').slice(0, 2).join('.')}.${good().split('.')[2] ?? ''}`,
    true,
    /^signature: /,
  ],
]

describe('a token is refused with', () => {
  testAttacks([...ALGORITHMS, ...SIGNATURES])

  test('a good signature by an algorithm that is not allowed here', async () => {
    const strict = await make({ algorithms: ['ES256'] })
    expect(await strict.verify(good())).toMatchObject({ outcome: 'valid' })
    for (const alg of ['RS256', 'PS256']) {
      const token = forge({ alg, kid: rsaKid() }, claims(), rsa.privateKey)
      expect(await strict.verify(token)).toMatchObject({ outcome: 'invalid', malformed: true })
    }
  })
})
