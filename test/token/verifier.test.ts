// What a verifier accepts: the ways in which a key is trusted, and the edges of time.
import { generateKeyPairSync } from 'node:crypto'
import { beforeAll, describe, expect, test } from '@jest/globals'
import { ConfigError } from '../../src/lib/errors.ts'
import {
  createSigner,
  createVerifier,
  jwkThumbprint,
  libtrustKeyId,
  readSigningKey,
  selfSign,
} from '../../src/token/index.ts'
import type { SigningKey, Verification, VerifierOptions } from '../../src/token/index.ts'
import { distributionThumbprint, hasAmbiguousThumbprint } from '../../src/token/key-ids.ts'
import { base64url, claims, DAY, forge, makeKey, memoryLog, NOW, now, SECONDS, signInput, x5cOf } from './fixtures.ts'

const VALID = {
  outcome: 'valid',
  grant: { account: 'alice', access: [{ type: 'repository', name: 'alice/app', actions: ['pull', 'push'] }] },
}

let ec: SigningKey
let rsa: SigningKey
let ed: SigningKey

beforeAll(async () => {
  ;[ec, rsa, ed] = [await makeKey('ec'), await makeKey('rsa'), await makeKey('ed25519')]
})

const verify = async (token: string, options: Partial<VerifierOptions> = {}): Promise<Verification> => {
  const roots = [ec.leaf, rsa.leaf, ed.leaf]
  return (await createVerifier({ issuer: 'issuer', service: 'service', roots, now, ...options })).verify(token)
}
const onCurve = async (namedCurve: string): Promise<SigningKey> => {
  const pem = generateKeyPairSync('ec', { namedCurve }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  return readSigningKey(await selfSign(pem, { commonName: namedCurve, now, days: 10 }), pem)
}

describe('a verifier accepts a token', () => {
  test.each([true, false])('of our own signer, x5c: %s', async (x5c) => {
    for (const key of [ec, rsa, ed, await onCurve('P-384'), await onCurve('P-521')]) {
      const keyId = libtrustKeyId(key.publicKey)
      const signer = createSigner({
        key,
        issuer: 'issuer',
        expiration: 60,
        x5c,
        keyId,
        now,
        randomId: () => '1',
        log: memoryLog(),
      })
      const { token } = await signer.sign(VALID.grant, 'service')
      expect(await verify(token, { roots: [key.leaf] })).toEqual(VALID)
    }
  })

  test('by the libtrust id of a root', async () => {
    expect(await verify(forge({ alg: 'ES256', kid: libtrustKeyId(ec.publicKey) }, claims(), ec.privateKey))).toEqual(
      VALID,
    )
  })

  test('by the thumbprint of a root', async () => {
    const kid = await jwkThumbprint(ed.publicKey)
    expect(await verify(forge({ alg: 'EdDSA', kid }, claims(), ed.privateKey))).toEqual(VALID)
  })

  test("by Distribution's own form of the thumbprint", async () => {
    let key = await onCurve('P-521') // three of four have a leading zero byte
    while (!hasAmbiguousThumbprint(key.publicKey)) key = await onCurve('P-521')
    for (const kid of [await jwkThumbprint(key.publicKey), await distributionThumbprint(key.publicKey)]) {
      expect(await verify(forge({ alg: 'ES512', kid }, claims(), key.privateKey), { roots: [key.leaf] })).toEqual(VALID)
    }
  })

  test('by the kid of a JWKS file, where keys of other kinds do not matter', async () => {
    const jwks = {
      keys: [
        { kty: 'oct', kid: 'mine', k: 'c2VjcmV0' },
        { kty: 'new', kid: 'mine' },
        'nonsense',
        { ...generateKeyPairSync('x25519').publicKey.export({ format: 'jwk' }), kid: 'mine' },
        { ...ec.publicKey.export({ format: 'jwk' }), kid: 'mine', use: 'sig' },
      ],
    }
    const token = forge({ alg: 'ES256', kid: 'mine' }, claims(), ec.privateKey)
    expect(await verify(token, { roots: [], jwks })).toEqual(VALID)
  })

  test('by an RSA key of a JWKS file with any RSA algorithm', async () => {
    const jwks = { keys: [{ ...rsa.publicKey.export({ format: 'jwk' }), kid: 'r' }] }
    for (const alg of ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']) {
      expect(await verify(forge({ alg, kid: 'r' }, claims(), rsa.privateKey), { roots: [], jwks })).toEqual(VALID)
    }
  })

  test('by the kid of an embedded key, with the trusted key', async () => {
    const jwk = { ...ec.publicKey.export({ format: 'jwk' }), kid: libtrustKeyId(ec.publicKey) }
    expect(await verify(forge({ alg: 'ES256', jwk }, claims(), ec.privateKey))).toEqual(VALID)
  })

  test('by the chain of an embedded key', async () => {
    const jwk = { ...ec.publicKey.export({ format: 'jwk' }), x5c: x5cOf(ec.leaf) }
    expect(await verify(forge({ alg: 'ES256', jwk }, claims(), ec.privateKey))).toEqual(VALID)
  })

  test('by a kid whose certificate has expired, as Distribution does', async () => {
    const at = NOW + 4000 * DAY
    const times = { exp: at / 1000 + 60, nbf: at / 1000, iat: at / 1000 }
    const token = forge({ alg: 'ES256', kid: libtrustKeyId(ec.publicKey) }, claims(times), ec.privateKey)
    expect(await verify(token, { now: () => at })).toEqual(VALID)
  })

  test.each<[string, object, object]>([
    ['several audiences', { aud: ['other', 'service'] }, {}],
    ['no access', { access: undefined }, { access: [] }],
    ['access null', { access: null }, { access: [] }],
    ['no subject', { sub: undefined }, { account: '' }],
    ['no nbf and no iat', { nbf: undefined, iat: undefined }, {}],
    ['claims that nobody knows', { groups: ['a'], weight: 1.5 }, {}],
    [
      'a class, and actions in any order',
      { access: [{ type: 'repository', class: 'plugin', name: 'a', actions: ['push', 'pull', 'push'], more: 1 }] },
      { access: [{ type: 'repository', class: 'plugin', name: 'a', actions: ['pull', 'push'] }] },
    ],
    [
      'a wildcard action',
      { access: [{ type: 't', name: '*', actions: ['*'] }] },
      { access: [{ type: 't', name: '*', actions: ['*'] }] },
    ],
  ])('with %s', async (_what, changes, grant) => {
    const token = forge({ alg: 'ES256', x5c: x5cOf(ec.leaf) }, claims(changes), ec.privateKey)
    expect(await verify(token)).toEqual({ outcome: 'valid', grant: { ...VALID.grant, ...grant } })
  })

  test("where the algorithms are Distribution's own list, with HMAC in it", async () => {
    const algorithms = ['EdDSA', 'HS256', 'HS384', 'HS512', 'RS256', 'ES256', 'PS256']
    const token = forge({ alg: 'ES256', x5c: x5cOf(ec.leaf) }, claims(), ec.privateKey)
    expect(await verify(token, { algorithms })).toEqual(VALID)
  })

  test('with an empty audience where the service is empty', async () => {
    const token = forge({ alg: 'ES256', x5c: x5cOf(ec.leaf) }, claims({ aud: '' }), ec.privateKey)
    expect(await verify(token, { service: '' })).toEqual(VALID)
  })

  test('with white space in its JSON', async () => {
    const input = `${base64url(`{ "alg" : "ES256",\n"x5c":${JSON.stringify(x5cOf(ec.leaf))} }`)}.${base64url(JSON.stringify(claims(), null, 2))}`
    expect(await verify(`${input}.${signInput('ES256', input, ec.privateKey)}`)).toEqual(VALID)
  })
})

describe('time', () => {
  const at = async (changes: object, offset: number): Promise<string> => {
    const token = forge({ alg: 'ES256', x5c: x5cOf(ec.leaf) }, claims(changes), ec.privateKey)
    const result = await verify(token, { now: () => NOW + offset })
    return result.outcome === 'valid' ? 'valid' : result.check
  }

  test.each([
    [{ exp: SECONDS }, 59_000, true],
    [{ exp: SECONDS }, 60_000, true],
    [{ exp: SECONDS }, 60_001, false],
    [{ exp: SECONDS }, 61_000, false],
    [{ nbf: SECONDS }, -59_000, true],
    [{ nbf: SECONDS }, -60_000, true],
    [{ nbf: SECONDS }, -60_001, false],
    [{ nbf: SECONDS }, -61_000, false],
  ])('of %j, %d ms later: %s', async (changes, offset, valid) => {
    expect((await at(changes, offset)) === 'valid').toBe(valid)
  })

  test('is told with both values', async () => {
    expect(await at({ exp: SECONDS - 100 }, 0)).toBe(
      `exp: token says ${SECONDS - 100}, registry expects a time from ${SECONDS} on`,
    )
    expect(await at({ nbf: SECONDS + 100 }, 0)).toBe(
      `nbf: token says ${SECONDS + 100}, registry expects a time up to ${SECONDS}`,
    )
  })

  test('is looked at again for a token that is known', async () => {
    let clock = NOW
    const verifier = await createVerifier({ issuer: 'issuer', service: 'service', roots: [ec.leaf], now: () => clock })
    const token = forge({ alg: 'ES256', x5c: x5cOf(ec.leaf) }, claims({ exp: SECONDS + 300 }), ec.privateKey)
    expect(await verifier.verify(token)).toEqual(VALID)
    expect(await verifier.verify(token)).toEqual(VALID)
    clock = NOW + 361_000
    expect(await verifier.verify(token)).toMatchObject({ outcome: 'invalid', malformed: false })
    clock = NOW - 200_000
    expect(await verifier.verify(token)).toMatchObject({ outcome: 'invalid', malformed: false })
  })

  test('ends a known token with the certificate that vouched for it', async () => {
    let clock = NOW
    const short = await makeKey('ec', 1)
    const verifier = await createVerifier({
      issuer: 'issuer',
      service: 'service',
      roots: [short.leaf],
      now: () => clock,
    })
    const token = forge(
      { alg: 'ES256', x5c: x5cOf(short.leaf) },
      claims({ exp: SECONDS + 9 * 86_400 }),
      short.privateKey,
    )
    expect(await verifier.verify(token)).toEqual(VALID)
    clock = NOW + 2 * DAY
    const result = await verifier.verify(token)
    expect(result).toEqual({
      outcome: 'invalid',
      malformed: false,
      check: expect.stringMatching(/^x5c: CN=test ec is valid from /),
    })
  })
})

describe('a verifier is refused with', () => {
  test.each<[string, Partial<VerifierOptions>, RegExp]>([
    ['nothing to trust', { roots: [] }, /^neither the certificate bundle nor the JWKS file holds a key for tokens$/],
    ['an empty JWKS', { roots: [], jwks: { keys: [] } }, /^neither/],
    ['a JWKS of secrets', { roots: [], jwks: { keys: [{ kty: 'oct', k: 'AAAA', kid: 'a' }] } }, /^neither/],
    ['something that is no JWKS', { jwks: [] }, /^the JWKS file is not a JSON Web Key Set/],
    ['an unknown algorithm', { algorithms: ['RS256', 'rs512'] }, /^unknown signing algorithm "rs512"; known are /],
    ['"none"', { algorithms: ['none'] }, /^unknown signing algorithm "none"/],
    ['HMAC only', { algorithms: ['HS256'] }, /^none of the signing algorithms works with a public key$/],
  ])('%s', async (_what, options, message) => {
    const made = createVerifier({ issuer: 'i', service: 's', roots: [ec.leaf], now, ...options })
    await expect(made).rejects.toThrow(ConfigError)
    await expect(made).rejects.toThrow(message)
  })
})
