// Issued tokens, read by jose and by node:crypto, neither of which wrote them.
import { verify } from 'node:crypto'
import { beforeAll, describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { compactVerify, decodeProtectedHeader } from 'jose'
import { createSelfSigned, createSigner, readSigningKey, selfSign } from '../../src/token/index.ts'
import type { Grant, Signer, SignerOptions, SigningKey } from '../../src/token/index.ts'
import { DAY, makeKey, memoryLog, NOW, now, SECONDS, x5cOf } from './fixtures.ts'

const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512', 'EdDSA'] as const
const grant: Grant = {
  account: 'alice',
  access: [
    { type: 'repository', name: 'b/app', actions: ['pull', 'push'] },
    { type: 'repository', class: 'plugin', name: 'a/app', actions: [] },
    { type: 'repository', name: 'b/app', actions: ['pull'] },
  ],
}

let key: SigningKey

beforeAll(async () => {
  key = await makeKey()
})

const signerOf = (changes: Partial<SignerOptions> = {}): Signer =>
  createSigner({
    key,
    issuer: 'us',
    expiration: 300,
    x5c: true,
    keyId: 'k',
    now,
    randomId: () => '42',
    log: memoryLog(),
    ...changes,
  })

const keyFor = async (algorithm: (typeof ALGORITHMS)[number]): Promise<SigningKey> => {
  const options = { commonName: algorithm, now, days: 10 }
  const { generateKeyPairSync } = await import('node:crypto')
  const curve = { ES384: 'P-384', ES512: 'P-521' }[algorithm as string]
  if (curve !== undefined) {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: curve })
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    return readSigningKey(await selfSign(pem, options), pem, algorithm)
  }
  const type = algorithm.startsWith('RS') ? 'rsa' : algorithm === 'EdDSA' ? 'ed25519' : 'ec'
  const made = await createSelfSigned({ ...options, type })
  return readSigningKey(made.certificatePem, made.privateKeyPem, algorithm)
}

const readClaims = (token: string): unknown =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())

describe('a token', () => {
  test.each(ALGORITHMS)('signed with %s is verified by jose and by node:crypto', async (algorithm) => {
    const own = await keyFor(algorithm)
    const { token } = await signerOf({ key: own }).sign(grant, 'service')
    const { protectedHeader } = await compactVerify(token, own.publicKey, { algorithms: [algorithm] })
    expect(protectedHeader).toEqual({ typ: 'JWT', alg: algorithm, kid: 'k', x5c: x5cOf(own.leaf) })
    const [header = '', payload = '', signature = ''] = token.split('.')
    const digest = algorithm === 'EdDSA' ? null : `sha${algorithm.slice(2)}`
    const publicKey = { key: own.publicKey, dsaEncoding: 'ieee-p1363' } as const
    expect(verify(digest, Buffer.from(`${header}.${payload}`), publicKey, Buffer.from(signature, 'base64url'))).toBe(
      true,
    )
  })

  test('says who, for which service, from when until when, and what was granted, in order and unmerged', async () => {
    const issued = await signerOf().sign(grant, 'registry.example')
    expect(readClaims(issued.token)).toEqual({
      iss: 'us',
      sub: 'alice',
      aud: 'registry.example',
      exp: SECONDS + 300,
      nbf: SECONDS - 10,
      iat: SECONDS,
      jti: '42',
      access: grant.access,
    })
    expect(issued).toMatchObject({ expiresIn: 300, issuedAt: SECONDS })
  })

  test('has whole seconds whatever the clock says', async () => {
    const { token, issuedAt } = await signerOf({ now: () => NOW + 999 }).sign(grant, 's')
    expect(readClaims(token)).toMatchObject({ iat: SECONDS, exp: SECONDS + 300, nbf: SECONDS - 10 })
    expect(issuedAt).toBe(SECONDS)
  })

  test('may be for nobody, for nothing and for no service', async () => {
    const { token } = await signerOf().sign({ account: '', access: [] }, '')
    expect(readClaims(token)).toMatchObject({ sub: '', aud: '', access: [] })
  })

  test('carries nothing of a grant but its scopes', async () => {
    const entry = { type: 'repository', name: 'a', actions: ['pull'], rule: 'acl.yml:3' }
    const { token } = await signerOf().sign({ account: 'a', access: [entry] }, 's')
    expect(readClaims(token)).toMatchObject({ access: [{ type: 'repository', name: 'a', actions: ['pull'] }] })
    expect(JSON.stringify(readClaims(token))).not.toContain('acl.yml')
  })

  test('keeps any text as it is', async () => {
    const signer = signerOf({ issuer: 'a "quoted" \\ issuer\n' })
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary' }), fc.string(), fc.string(), async (account, service, name) => {
        const { token } = await signer.sign({ account, access: [{ type: 't', name, actions: [name] }] }, service)
        expect(readClaims(token)).toMatchObject({
          iss: 'a "quoted" \\ issuer\n',
          sub: account,
          aud: service,
          access: [{ type: 't', name, actions: [name] }],
        })
      }),
    )
  })

  test('is never signed at all when signing fails', async () => {
    const spent = { ...key, privateKey: key.publicKey }
    await expect(signerOf({ key: spent }).sign(grant, 's')).rejects.toThrow()
  })
})

describe('the certificate chain', () => {
  const x5c = async (signer: Signer): Promise<unknown> =>
    decodeProtectedHeader((await signer.sign(grant, 's')).token)['x5c']

  test('is sent whole, the leaf first', async () => {
    const other = await makeKey()
    const chained = { ...key, chain: [key.leaf, other.leaf] }
    expect(await x5c(signerOf({ key: chained }))).toEqual(x5cOf(key.leaf, other.leaf))
  })

  test('is not sent when that is turned off, whatever the dates, without a word', async () => {
    const log = memoryLog()
    expect(await x5c(signerOf({ x5c: false, log, now: () => NOW + 9000 * DAY }))).toBeUndefined()
    expect(log.lines).toEqual([])
  })

  test('is not sent when it is over 3 KiB, which is said once', async () => {
    const log = memoryLog()
    const certificates = await Promise.all(Array.from({ length: 8 }, () => makeKey()))
    const signer = signerOf({ key: { ...key, chain: [key.leaf, ...certificates.map(({ leaf }) => leaf)] }, log })
    expect(await x5c(signer)).toBeUndefined()
    expect(await x5c(signer)).toBeUndefined()
    expect(log.lines).toEqual(['warn: tokens carry no x5c: the certificate chain is too long'])
  })

  test('is sent only while the certificate is valid, and every change is said once', async () => {
    const log = memoryLog()
    let at = NOW - 2 * DAY
    const signer = signerOf({ log, now: () => at })
    const sentAt = async (time: number): Promise<boolean> => {
      at = time
      return (await x5c(signer)) !== undefined
    }
    expect(log.lines).toEqual(['warn: tokens carry no x5c: the certificate is not yet valid'])
    expect(await sentAt(NOW - DAY - 1)).toBe(false)
    expect(await sentAt(NOW - DAY)).toBe(true)
    expect(await sentAt(NOW)).toBe(true)
    expect(await sentAt(NOW + 3650 * DAY + 1)).toBe(false)
    expect(await sentAt(NOW + 3651 * DAY)).toBe(false)
    expect(log.lines.slice(1)).toEqual([
      'info: tokens carry x5c again: the certificate is valid',
      'warn: tokens carry no x5c: the certificate is expired',
    ])
  })

  test('is warned about from thirty days ahead, once a day', async () => {
    const log = memoryLog()
    let at = NOW
    const signer = signerOf({ key: await makeKey('ec', 31), log, now: () => at })
    for (at = NOW; at <= NOW + 4 * DAY; at += DAY / 24) await signer.sign(grant, 's')
    expect(log.lines).toEqual(
      Array(4).fill('warn: the certificate of the token key expires soon; registries will then refuse tokens'),
    )
  })

  test('is warned about at start when it expires soon', async () => {
    const log = memoryLog()
    signerOf({ key: await makeKey('ec', 5), log })
    expect(log.lines).toHaveLength(1)
  })
})
