// Tokens that chance makes.
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { base64url, claims, forge, SECONDS } from './fixtures.ts'
import { ec, good, kid, verifier } from './forgery.ts'

describe('a token is refused with', () => {
  test('any one character changed', async () => {
    const token = forge({ alg: 'ES256', kid: kid() }, claims(), ec.privateKey)
    expect(await verifier.verify(token)).toMatchObject({ outcome: 'valid' })
    const position = fc.nat(token.length - 1)
    await fc.assert(
      fc.asyncProperty(position, fc.integer({ min: 1, max: 255 }), async (at, flip) => {
        const changed = String.fromCharCode(token.charCodeAt(at) ^ flip)
        const result = await verifier.verify(token.slice(0, at) + changed + token.slice(at + 1))
        expect(result.outcome).toBe('invalid')
      }),
      { numRuns: 500 },
    )
  })

  test('any text at all, without ever throwing', async () => {
    const json = fc.json().map(base64url)
    const part = fc.oneof(fc.base64String(), json, fc.string())
    await fc.assert(
      fc.asyncProperty(fc.array(part, { maxLength: 5 }), async (parts) => {
        expect((await verifier.verify(parts.join('.'))).outcome).toBe('invalid')
      }),
    )
  })

  test('any claims at all that are signed, without ever throwing', async () => {
    const key = fc.constantFrom('iss', 'aud', 'exp', 'nbf', 'iat', 'sub', 'access')
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(key, fc.jsonValue())), async (members) => {
        const changes = Object.fromEntries(members)
        const result = await verifier.verify(forge({ alg: 'ES256', kid: kid() }, claims(changes), ec.privateKey))
        if (result.outcome === 'invalid') expect(result.check.length).toBeLessThan(500)
      }),
    )
  })

  test('the same words when it is sent again', async () => {
    const token = good({}, { exp: SECONDS - 100 })
    expect(await verifier.verify(token)).toEqual(await verifier.verify(token))
  })
})
