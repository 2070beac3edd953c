// The ids that registries know a key by, against known values.
import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { describe, expect, test } from '@jest/globals'
import { hasAmbiguousThumbprint, jwkThumbprint, libtrustKeyId } from '../../src/token/index.ts'
import { distributionThumbprint } from '../../src/token/key-ids.ts'

const p256 = (x: string, y: string): ReturnType<typeof createPublicKey> =>
  createPublicKey({ key: { kty: 'EC', crv: 'P-256', x, y }, format: 'jwk' })

// The example of Distribution's token specification.
const EXAMPLE = p256('m7zUpx3b-zmVE5cymSs64POG9QcyEpJaYCD82-549_Q', 'dU3biz8sZ_8GPB-odm8Wxz3lNDr1xcAQQPQaOcr1fmc')
// Its y begins with a zero byte.
const SHORT = p256('OqTJmoBg9uL59Nsv7zR_h27iYlXctdQuTOLm390XGsg', 'AK3M5eLL3DzEkKrwzJOtDCrvfkMBeDTKiq10ZPU9e6Y')

describe('a key', () => {
  test('has the libtrust id that Distribution 2.8 computes', () => {
    expect(libtrustKeyId(EXAMPLE)).toBe('PYYO:TEWU:V7JH:26JV:AQTZ:LJC3:SXVJ:XGHA:34F2:2LAQ:ZRMK:Z7Q6')
  })

  test('has the thumbprint of RFC 7638', async () => {
    expect(await jwkThumbprint(EXAMPLE)).toBe('8qjioA3ZA7ti2JIE7c-U8smBFuZolQZvhSHDPU3hhB8')
    expect(await jwkThumbprint(SHORT)).toBe('qj59HzGGEogG43qrFxV5ntOzYrB7tR2jD8_s7Hxo_cs')
  })

  test('has another thumbprint in Distribution 3.1 when a coordinate begins with a zero byte', async () => {
    expect(await distributionThumbprint(SHORT)).toBe('zXirhneaN3CKiND_ggbKUf8zJ6cPEeyI4x76j1h0qr8')
    expect(hasAmbiguousThumbprint(SHORT)).toBe(true)
  })

  test('has the same thumbprint everywhere when none does', async () => {
    expect(await distributionThumbprint(EXAMPLE)).toBe(await jwkThumbprint(EXAMPLE))
    expect(hasAmbiguousThumbprint(EXAMPLE)).toBe(false)
  })

  test('has the same thumbprint everywhere when it is no EC key', async () => {
    for (const { publicKey } of [generateKeyPairSync('rsa', { modulusLength: 2048 }), generateKeyPairSync('ed25519')]) {
      expect(await distributionThumbprint(publicKey)).toBe(await jwkThumbprint(publicKey))
      expect(hasAmbiguousThumbprint(publicKey)).toBe(false)
    }
  })

  test('always has a libtrust id of twelve groups', () => {
    for (let made = 0; made < 50; made += 1) {
      expect(libtrustKeyId(generateKeyPairSync('ed25519').publicKey)).toMatch(/^(?:[A-Z2-7]{4}:){11}[A-Z2-7]{4}$/)
    }
  })
})
