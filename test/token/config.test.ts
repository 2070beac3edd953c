// The `token` section.
import { describe, expect, test } from '@jest/globals'
import { TokenConfig } from '../../src/token/index.ts'

const section = { issuer: 'us', expiration: '900' }

describe('a token section', () => {
  test('needs an issuer and an expiration only', () => {
    expect(TokenConfig.parse(section)).toEqual({
      issuer: 'us',
      expiration: 900,
      disable_legacy_key_id: false,
      x5c: true,
    })
  })

  test.each([
    [{}, true],
    [{ disable_legacy_key_id: 'true' }, false],
    [{ disable_legacy_key_id: 'true', x5c: 'yes' }, true],
    [{ x5c: 'false' }, false],
  ])('with %j decides on x5c: %s', (keys, x5c) => {
    expect(TokenConfig.parse({ ...section, ...keys }).x5c).toBe(x5c)
  })

  test('takes an empty path for an absent one', () => {
    expect(TokenConfig.parse({ ...section, certificate: '', key: '' })).toMatchObject({ issuer: 'us' })
  })

  test.each([
    [{ issuer: '' }, 'must not be empty'],
    [{ expiration: '0' }, 'must be at least one second'],
    [{ expiration: '-5' }, 'must be at least one second'],
    [{ expiration: '1.5' }, 'must be a whole number, not "1.5"'],
    [{ certificate: 'a.crt' }, 'certificate and key must be given together'],
    [{ certificate: '', key: 'a.key' }, 'certificate and key must be given together'],
    [{ algorithm: 'HS256' }, 'must be one of RS256, RS384, RS512, ES256, ES384, ES512, EdDSA'],
    [{ experation: '5' }, 'unknown key "experation"; did you mean "expiration"?'],
  ])('is refused with %j', (keys, message) => {
    const { error } = TokenConfig.safeParse({ ...section, ...keys })
    expect(error?.issues.map((issue) => issue.message)).toEqual([message])
  })
})
