// TLS settings in Go's words do in Node what they say.
import { describe, expect, test } from '@jest/globals'
import { createServer } from 'node:tls'
import { connect } from 'node:tls'
import type { ConnectionOptions, SecureContextOptions, SecureVersion } from 'node:tls'
import type { AddressInfo } from 'node:net'
import { describeBadPair, tlsCipher, tlsCurve, tlsOptions, tlsVersion } from '../../src/lib/tls.ts'
import { pemPair } from '../support/pems.ts'

describe('names and numbers', () => {
  test.each([
    ['TLS10', 'TLSv1'],
    ['TLS11', 'TLSv1.1'],
    ['TLS12', 'TLSv1.2'],
    ['TLS13', 'TLSv1.3'],
    ['0x0304', 'TLSv1.3'],
    ['771', 'TLSv1.2'],
    ['TLS14', undefined],
    ['tls12', undefined],
    ['toString', undefined],
  ])('version %s is %s', (name, expected) => expect(tlsVersion(name)).toBe(expected))

  test.each([
    ['P256', 'P-256'],
    ['P384', 'P-384'],
    ['P521', 'P-521'],
    ['X25519', 'X25519'],
    ['29', 'X25519'],
    ['0x17', 'P-256'],
    ['P224', undefined],
  ])('curve %s is %s', (name, expected) => expect(tlsCurve(name)).toBe(expected))

  test.each([
    ['TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256', 'ECDHE-RSA-AES128-GCM-SHA256'],
    ['TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305', 'ECDHE-ECDSA-CHACHA20-POLY1305'],
    ['TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256', 'ECDHE-RSA-CHACHA20-POLY1305'],
    ['0xc014', 'ECDHE-RSA-AES256-SHA'],
    ['49172', 'ECDHE-RSA-AES256-SHA'],
    ['TLS_RSA_WITH_RC4_128_SHA', undefined],
    ['NOPE', undefined],
  ])('suite %s is %s', (name, expected) => expect(tlsCipher(name)).toBe(expected))
})

describe('a key pair', () => {
  test.each(['ec', 'rsa', 'ed25519'] as const)('of %s that belongs together is fine', async (type) => {
    const { certificatePem, privateKeyPem } = await pemPair(type, type)
    expect(describeBadPair(certificatePem, privateKeyPem)).toBeUndefined()
  })

  test('that does not, or is none, is said to be so without a word of the key', async () => {
    const [one, other] = [await pemPair('one'), await pemPair('other')]
    expect(describeBadPair(one.certificatePem, other.privateKeyPem)).toBe('the certificate does not belong to the key')
    for (const [certificate, key] of [
      ['', ''],
      [one.certificatePem, 'nonsense'],
      ['nonsense', one.privateKeyPem],
      [one.privateKeyPem, one.certificatePem],
    ] as const) {
      expect(describeBadPair(certificate, key)).toBe('the certificate and key are not a usable PEM pair')
    }
  })
})

/** What client and server agree on, or the code of their disagreement. */
async function agreement(server: SecureContextOptions, client: ConnectionOptions): Promise<string> {
  const listener = createServer(server, (socket) => socket.end()).on('tlsClientError', () => undefined)
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  const { port } = listener.address() as AddressInfo
  try {
    return await new Promise<string>((resolve) => {
      const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...client }, () => {
        resolve(`${socket.getProtocol() ?? ''} ${socket.getCipher().name}`)
        socket.destroy()
      })
      socket.on('error', () => resolve('refused'))
    })
  } finally {
    await new Promise((resolve) => listener.close(resolve))
  }
}

describe('a server with these settings', () => {
  const settings = async (minVersion: SecureVersion, ciphers: string[] = [], curves: string[] = []) => {
    const { certificatePem, privateKeyPem } = await pemPair('ec')
    return tlsOptions({ certificate: certificatePem, key: privateKeyPem, minVersion, ciphers, curves })
  }
  const old: ConnectionOptions = { minVersion: 'TLSv1', ciphers: 'DEFAULT:@SECLEVEL=0' }

  test.each<[string, Parameters<typeof settings>, ConnectionOptions, RegExp]>([
    ['TLS 1.2 at least: takes 1.3', ['TLSv1.2'], {}, /^TLSv1.3 /],
    ['TLS 1.2 at least: takes 1.2', ['TLSv1.2'], { maxVersion: 'TLSv1.2' }, /^TLSv1.2 ECDHE-ECDSA-/],
    ['TLS 1.2 at least: refuses 1.1', ['TLSv1.2'], { ...old, maxVersion: 'TLSv1.1' }, /^refused$/],
    ['TLS 1.3 at least: refuses 1.2', ['TLSv1.3'], { maxVersion: 'TLSv1.2' }, /^refused$/],
    ['TLS 1.0 at least: takes 1.0, when an admin says so', ['TLSv1'], { ...old, maxVersion: 'TLSv1' }, /^TLSv1 /],
    [
      'one suite: uses it',
      ['TLSv1.2', ['ECDHE-ECDSA-AES256-GCM-SHA384']],
      { maxVersion: 'TLSv1.2' },
      /^TLSv1.2 ECDHE-ECDSA-AES256-GCM-SHA384$/,
    ],
    [
      'one suite: no other',
      ['TLSv1.2', ['ECDHE-ECDSA-AES256-GCM-SHA384']],
      { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' },
      /^refused$/,
    ],
    [
      'one suite: TLS 1.3 goes on choosing its own',
      ['TLSv1.2', ['ECDHE-ECDSA-AES256-GCM-SHA384']],
      {},
      /^TLSv1.3 TLS_/,
    ],
    ['one curve: uses it', ['TLSv1.2', [], ['P-384']], { ecdhCurve: 'P-384' }, /^TLSv1.3 /],
    ['one curve: no other', ['TLSv1.2', [], ['P-384']], { ecdhCurve: 'X25519' }, /^refused$/],
  ])('%s', async (_what, server, client, expected) => {
    expect(await agreement(await settings(...server), client)).toMatch(expected)
  })
})
