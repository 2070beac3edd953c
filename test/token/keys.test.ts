// Reading a key pair: every mistake is one sentence.
import type { KeyObject } from 'node:crypto'
import { generateKeyPairSync } from 'node:crypto'
import { beforeAll, describe, expect, test } from '@jest/globals'
import { ConfigError } from '../../src/lib/errors.ts'
import { createSelfSigned, readCertificates, readSigningKey, selfSign } from '../../src/token/index.ts'
import { now } from './fixtures.ts'

const pkcs8 = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString()
const options = { commonName: 'keys', now, days: 10 }
const ec = (namedCurve: string): string => pkcs8(generateKeyPairSync('ec', { namedCurve }).privateKey)
const PARAMETERS = '-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n'

let key: string
let certificate: string
let otherCertificate: string

beforeAll(async () => {
  ;({ privateKeyPem: key, certificatePem: certificate } = await createSelfSigned(options))
  ;({ certificatePem: otherCertificate } = await createSelfSigned(options))
})

describe('a key pair', () => {
  test.each([
    ['RSA', pkcs8(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey), 'RS256'],
    ['P-256', ec('P-256'), 'ES256'],
    ['P-384', ec('P-384'), 'ES384'],
    ['P-521', ec('P-521'), 'ES512'],
    ['Ed25519', pkcs8(generateKeyPairSync('ed25519').privateKey), 'EdDSA'],
  ])('of %s gets its algorithm', async (_kind, pem, algorithm) => {
    expect(readSigningKey(await selfSign(pem, options), pem).algorithm).toBe(algorithm)
  })

  test.each(['RS256', 'RS384', 'RS512'] as const)('of RSA can be told to sign with %s', async (algorithm) => {
    const made = await createSelfSigned({ ...options, type: 'rsa' })
    expect(readSigningKey(made.certificatePem, made.privateKeyPem, algorithm).algorithm).toBe(algorithm)
  })

  test('may be in PKCS#1 or SEC 1', async () => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
    const pkcs1 = rsa.export({ type: 'pkcs1', format: 'pem' }).toString()
    expect(readSigningKey(await selfSign(pkcs1, options), pkcs1).algorithm).toBe('RS256')
    const sec1 = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'sec1', format: 'pem' })
    expect(readSigningKey(await selfSign(sec1.toString(), options), sec1.toString()).algorithm).toBe('ES256')
  })

  test('may stand behind other blocks, in one file', () => {
    const file = `a comment\n${PARAMETERS}${certificate}${key}`
    expect(readSigningKey(file, file).algorithm).toBe('ES256')
  })

  test('may have Windows line ends', () => {
    const crlf = (text: string): string => text.replaceAll('\n', '\r\n')
    expect(readSigningKey(crlf(certificate), crlf(key)).algorithm).toBe('ES256')
  })

  test('keeps the whole chain, the leaf first', () => {
    const { chain, leaf } = readSigningKey(certificate + otherCertificate, key)
    expect(chain).toHaveLength(2)
    expect(chain[0]).toBe(leaf)
  })
})

describe('a key pair is refused when', () => {
  const encrypted = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
  const cipher = { cipher: 'aes-128-cbc', passphrase: 'p', format: 'pem' } as const

  test.each<[string, () => string, RegExp]>([
    ['the key is not PEM', () => 'secret', /^the key file is not a PEM file$/],
    ['the key file is empty', () => '', /^the key file is not a PEM file$/],
    ['the key file holds a certificate', () => certificate, /^the key file holds no PRIVATE KEY block$/],
    ['the key is cut off', () => key.slice(0, 80), /^the key file is not a PEM file$/],
    [
      'the key is garbled',
      () => key.replace(/\n.{20}/, '\nAAAAAAAAAAAAAAAAAAAA'),
      /^the private key cannot be parsed$/,
    ],
    [
      'the key is encrypted',
      () => encrypted.export({ ...cipher, type: 'pkcs8' }).toString(),
      /^the private key is encrypted; /,
    ],
    [
      'the key is encrypted in the old way',
      () => encrypted.export({ ...cipher, type: 'pkcs1' }).toString(),
      /is encrypted; /,
    ],
    ['the curve is secp256k1', () => ec('secp256k1'), /^a key on the curve secp256k1 cannot sign tokens; use /],
    ['the curve is P-224', () => ec('secp224r1'), /^a key on the curve secp224r1 cannot/],
    [
      'RSA is too short',
      () => pkcs8(generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey),
      /^an RSA key of 1024 bits cannot/,
    ],
    [
      'RSA is for PSS only',
      () => pkcs8(generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).privateKey),
      /type rsa-pss cannot/,
    ],
    [
      'the key is DSA',
      () => pkcs8(generateKeyPairSync('dsa', { modulusLength: 2048, divisorLength: 256 }).privateKey),
      /type dsa cannot/,
    ],
    ['the key is Ed448', () => pkcs8(generateKeyPairSync('ed448').privateKey), /type ed448 cannot/],
    [
      'the key belongs to another certificate',
      () => ec('P-256'),
      /^the certificate does not belong to the private key$/,
    ],
  ])('%s', (_what, pem, message) => {
    const read = (): unknown => readSigningKey(certificate, pem())
    expect(read).toThrow(ConfigError)
    expect(read).toThrow(message)
  })

  test.each<[string, () => string, RegExp]>([
    ['the certificate is not PEM', () => 'nothing', /^the certificate file holds no CERTIFICATE block$/],
    ['the certificate file holds a key', () => key, /^the certificate file holds no CERTIFICATE block$/],
    [
      'the certificate is garbled',
      () => certificate.replace(/\n.{20}/, '\nAAAAAAAAAAAAAAAAAAAA'),
      /^certificate 1 of the file cannot be parsed$/,
    ],
    [
      'a later certificate is garbled',
      () => certificate + otherCertificate.replace(/\n.{20}/, '\nAAAAAAAAAAAAAAAAAAAA'),
      /^certificate 2 /,
    ],
    [
      'the chain is in the wrong order',
      () => otherCertificate + certificate,
      /^the certificate that belongs to the key must be the first one in its file$/,
    ],
  ])('%s', (_what, pem, message) => {
    const read = (): unknown => readSigningKey(pem(), key)
    expect(read).toThrow(ConfigError)
    expect(read).toThrow(message)
  })

  test('the algorithm does not fit', () => {
    expect(() => readSigningKey(certificate, key, 'RS256')).toThrow('the key cannot sign with RS256; it can with ES256')
  })
})

describe('a bundle', () => {
  test('is its CERTIFICATE blocks, whatever stands between them', () => {
    expect(readCertificates(`${key}text\n${certificate}${PARAMETERS}${otherCertificate}`)).toHaveLength(2)
  })

  test('may be empty', () => {
    expect(readCertificates('')).toEqual([])
  })
})
