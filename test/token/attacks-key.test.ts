// Attacks on the choice of the key.
import { describe, expect, test } from '@jest/globals'
import { jwkThumbprint } from '../../src/token/index.ts'
import { base64url, claims, DAY, forge, NOW, SECONDS, x5cOf } from './fixtures.ts'
import type { Attack } from './forgery.ts'
import { attacker, ec, evil, good, kid, make, p384, publicJwk, testAttacks, withSignature } from './forgery.ts'

const KEYS: readonly Attack[] = [
  [
    'a trusted kid embedded with the attacker’s key (CVE-2025-24976)',
    () => evil({ alg: 'ES256', jwk: { ...publicJwk(attacker), kid: kid() } }),
    true,
    /^signature: /,
  ],
  [
    'an embedded key without kid',
    () => evil({ alg: 'ES256', jwk: publicJwk(attacker) }),
    false,
    /^jwk.kid: token says none/,
  ],
  [
    'an embedded key beside a trusted kid',
    () => evil({ alg: 'ES256', kid: kid(), jwk: publicJwk(attacker) }),
    false,
    /^jwk.kid: token says none/,
  ],
  [
    'an embedded key that names itself',
    async () => evil({ alg: 'ES256', jwk: { ...publicJwk(attacker), kid: await jwkThumbprint(attacker.publicKey) } }),
    false,
    /^jwk.kid: token says ".*", registry trusts no such key$/,
  ],
  [
    'an embedded key with its own certificate',
    () => evil({ alg: 'ES256', jwk: { ...publicJwk(attacker), x5c: x5cOf(attacker.leaf) } }),
    false,
    /^x5c: no path/,
  ],
  [
    'an embedded key with a trusted certificate',
    () => evil({ alg: 'ES256', jwk: { ...publicJwk(attacker), kid: kid(), x5c: x5cOf(ec.leaf) } }),
    true,
    /^jwk: not the key of its certificate$/,
  ],
  [
    'an embedded private key',
    () => good({ x5c: undefined, jwk: { ...ec.privateKey.export({ format: 'jwk' }), kid: kid() } }),
    true,
    /^token: the header's jwk.d cannot be used$/,
  ],
  [
    'an embedded secret',
    () => withSignature({ alg: 'ES256', jwk: { kty: 'oct', k: 'AAAA', kid: kid() } }, () => 'AAAA'),
    true,
    /jwk.k cannot be used$/,
  ],
  [
    'an embedded point off the curve',
    () => good({ x5c: undefined, jwk: { ...publicJwk(ec), y: base64url('x'.repeat(32)), kid: kid() } }),
    true,
    /^jwk: not a public key$/,
  ],
  ['jwk that is no object', () => good({ x5c: undefined, jwk: 'key' }), true, /header's jwk cannot be used$/],
  [
    'a self-signed certificate',
    () => evil({ alg: 'ES256', x5c: x5cOf(attacker.leaf) }),
    false,
    /^x5c: no path from CN=test ec to a certificate of the bundle$/,
  ],
  [
    'a self-signed certificate beside a trusted kid',
    () => evil({ alg: 'ES256', kid: kid(), x5c: x5cOf(attacker.leaf) }),
    false,
    /^x5c: no path/,
  ],
  [
    'a foreign leaf before a trusted certificate',
    () => evil({ alg: 'ES256', x5c: x5cOf(attacker.leaf, ec.leaf) }),
    false,
    /^x5c: no path/,
  ],
  [
    'a trusted certificate without its key',
    () => evil({ alg: 'ES256', x5c: x5cOf(ec.leaf, attacker.leaf) }),
    true,
    /^signature: /,
  ],
  ['an empty x5c beside a trusted kid', () => good({ x5c: [], kid: kid() }), true, /header's x5c cannot be used$/],
  ['x5c that is no list', () => good({ x5c: x5cOf(ec.leaf)[0] }), true, /header's x5c cannot be used$/],
  ['x5c of numbers', () => good({ x5c: [1] }), true, /header's x5c.0 cannot be used$/],
  ['x5c null', () => good({ x5c: null, kid: kid() }), true, /header's x5c cannot be used$/],
  [
    'x5c in base64url',
    () => good({ x5c: [ec.leaf.raw.toString('base64url')] }),
    true,
    /^x5c: not a list of certificates$/,
  ],
  [
    'x5c in PEM',
    () => good({ x5c: [Buffer.from(ec.leaf.toString()).toString('base64')] }),
    true,
    /^x5c: not a list of certificates$/,
  ],
  [
    'x5c with bytes behind the certificate',
    () => good({ x5c: [Buffer.concat([ec.leaf.raw, Buffer.from([0])]).toString('base64')] }),
    true,
    /^x5c: not a list/,
  ],
  [
    'x5c of something else',
    () => good({ x5c: [...x5cOf(ec.leaf), 'AAAA'] }),
    true,
    /^x5c: not a list of certificates$/,
  ],
  ['eleven certificates', () => good({ x5c: Array(11).fill(x5cOf(ec.leaf)[0]) }), true, /header's x5c cannot be used$/],
  [
    'a thousand certificates',
    () => good({ x5c: Array(1000).fill(x5cOf(ec.leaf)[0]) }),
    true,
    /^token: longer than 65536 characters$/,
  ],
  [
    'no name of a key at all',
    () => good({ x5c: undefined }),
    false,
    /^kid: token says none, registry trusts no such key$/,
  ],
  [
    'kid as a path',
    () => good({ x5c: undefined, kid: '../../dev/null' }),
    false,
    /^kid: token says "..\/..\/dev\/null"/,
  ],
  ['kid of the object prototype', () => good({ x5c: undefined, kid: '__proto__' }), false, /^kid: /],
  ['kid as a number', () => good({ x5c: undefined, kid: 1 }), true, /header's kid cannot be used$/],
  [
    'an endless kid',
    () => good({ x5c: undefined, kid: 'k'.repeat(9999) }),
    false,
    /^kid: token says "k{199}…, registry/,
  ],
  [
    'a key to be fetched (jku, x5u)',
    () => evil({ alg: 'ES256', jku: 'https://attacker.test/keys', x5u: 'https://attacker.test/x' }),
    false,
    /^kid: token says none/,
  ],
  ['a critical extension', () => good({ crit: ['exp'], exp: SECONDS }), true, /header's crit cannot be used$/],
  ['the critical extension b64', () => good({ crit: ['b64'], b64: false }), true, /header's crit cannot be used$/],
  ['an empty list of critical extensions', () => good({ crit: [] }), true, /header's crit cannot be used$/],
]

describe('a token is refused with', () => {
  testAttacks(KEYS)

  test('an expired certificate of the bundle', async () => {
    const later = await make({ roots: [p384.leaf], now: () => NOW + 11 * DAY })
    const token = forge({ alg: 'ES384', x5c: x5cOf(p384.leaf) }, claims({ exp: SECONDS * 2 }), p384.privateKey)
    const check = expect.stringMatching(/^x5c: CN=p384 is valid from /)
    expect(await later.verify(token)).toEqual({ outcome: 'invalid', malformed: false, check })
  })

  test('a certificate, where only a JWKS is trusted', async () => {
    const jwks = { keys: [{ ...publicJwk(ec), kid: 'a' }] }
    const blind = await make({ roots: [], jwks })
    expect(await blind.verify(good({ kid: 'a' }))).toMatchObject({ outcome: 'invalid', malformed: false })
  })
})
