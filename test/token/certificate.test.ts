// The self-signed certificate of the first start.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createPublicKey, generateKeyPairSync, X509Certificate } from 'node:crypto'
import { describe, expect, test } from '@jest/globals'
import { createSelfSigned, hasAmbiguousThumbprint, readSigningKey, selfSign } from '../../src/token/index.ts'
import { requires } from '../real/requires.ts'
import { DAY, NOW, now } from './fixtures.ts'

const options = { commonName: 'registry ä auth', now, days: 3650 }

describe('a self-signed certificate', () => {
  test.each(['ec', 'rsa', 'ed25519'] as const)('makes a pair of a %s key that can sign tokens', async (type) => {
    const { certificatePem, privateKeyPem } = await createSelfSigned({ ...options, type })
    const key = readSigningKey(certificatePem, privateKeyPem)
    expect(privateKeyPem).toMatch(/^-----BEGIN PRIVATE KEY-----/)
    expect(key.leaf.verify(key.publicKey)).toBe(true)
    expect(key.leaf.ca).toBe(false)
    expect(key.leaf.subject).toBe('CN=registry ä auth')
  })

  test('is for P-256 unless asked otherwise', async () => {
    const { certificatePem, privateKeyPem } = await createSelfSigned(options)
    expect(readSigningKey(certificatePem, privateKeyPem).algorithm).toBe('ES256')
  })

  test('begins a day ago and lasts as many days as asked', async () => {
    const { certificatePem } = await createSelfSigned(options)
    const certificate = new X509Certificate(certificatePem)
    expect(Date.parse(certificate.validFrom)).toBe(NOW - DAY)
    expect(Date.parse(certificate.validTo)).toBe(NOW + 3650 * DAY)
  })

  test('can outlive 2049, when the form of dates changes', async () => {
    const { certificatePem } = await createSelfSigned({ ...options, days: 20_000 })
    expect(Date.parse(new X509Certificate(certificatePem).validTo)).toBe(NOW + 20_000 * DAY)
  })

  test('has a positive serial number of 128 bits that never repeats', async () => {
    const made = await Promise.all(Array.from({ length: 20 }, () => createSelfSigned(options)))
    const serials = made.map(({ certificatePem }) => new X509Certificate(certificatePem).serialNumber)
    expect(new Set(serials).size).toBe(20)
    for (const serial of serials) expect(serial).toMatch(/^[4-7][0-9A-F]{31}$/)
  })

  test('never has a key whose id registries disagree on', async () => {
    const made = await Promise.all(Array.from({ length: 300 }, () => createSelfSigned(options)))
    expect(made.filter(({ certificatePem }) => hasAmbiguousThumbprint(createPublicKey(certificatePem)))).toEqual([])
  })

  test.each(['P-256', 'P-384', 'P-521'])('can be made for an existing key on %s', async (namedCurve) => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve })
    const pem = privateKey.export({ type: 'sec1', format: 'pem' }).toString()
    const key = readSigningKey(await selfSign(pem, options), pem)
    expect(key.leaf.verify(key.publicKey)).toBe(true)
  })
})

requires('openssl')('to openssl, a self-signed certificate', () => {
  test.each(['ec', 'rsa', 'ed25519'] as const)(
    'of a %s key verifies against itself and says what it is for',
    async (type) => {
      const file = join(mkdtempSync(join(tmpdir(), 'certificate-')), 'token.crt')
      writeFileSync(file, (await createSelfSigned({ ...options, type })).certificatePem)
      const openssl = (...words: string[]): string => execFileSync('openssl', words, { encoding: 'utf8' })
      expect(openssl('verify', '-x509_strict', '-attime', String(NOW / 1000), '-CAfile', file, file)).toContain(': OK')
      const text = openssl('x509', '-in', file, '-noout', '-text')
      expect(text).toMatch(/Basic Constraints: critical\s+CA:FALSE/)
      expect(text).toMatch(/Key Usage: critical\s+Digital Signature\n/)
      expect(text).toContain('Version: 3')
    },
  )
})
