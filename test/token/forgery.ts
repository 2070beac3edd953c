// A registry under attack: whom it trusts, who attacks it, and tokens that are almost good.
import { generateKeyPairSync } from 'node:crypto'
import { expect, test } from '@jest/globals'
import { createVerifier, libtrustKeyId, readSigningKey, selfSign } from '../../src/token/index.ts'
import type { SigningKey, Verifier, VerifierOptions } from '../../src/token/index.ts'
import { base64url, claims, forge, makeKey, now, signInput, x5cOf } from './fixtures.ts'

export const ec = await makeKey()
export const rsa = await makeKey('rsa')
export const p384 = await makeP384()
export const attacker = await makeKey()
export const attackerRsa = await makeKey('rsa')

async function makeP384(): Promise<SigningKey> {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' })
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  return readSigningKey(await selfSign(pem, { commonName: 'p384', now, days: 10 }), pem)
}

export const make = (options: Partial<VerifierOptions> = {}): Promise<Verifier> =>
  createVerifier({ issuer: 'issuer', service: 'service', roots: [ec.leaf, rsa.leaf, p384.leaf], now, ...options })

export const verifier = await make()

type Header = Parameters<typeof forge>[0]

export const kid = (): string => libtrustKeyId(ec.publicKey)
export const rsaKid = (): string => libtrustKeyId(rsa.publicKey)
/** A token that is good but for these changes. */
export const good = (header: object = {}, changes: object = {}): string =>
  forge({ alg: 'ES256', x5c: x5cOf(ec.leaf), ...header }, claims(changes), ec.privateKey)
export const evil = (header: Header, key = attacker): string => forge(header, claims(), key.privateKey)
export const withSignature = (header: object, signature: (input: string) => Buffer | string): string => {
  const input = `${base64url(header)}.${base64url(claims())}`
  const made = signature(input)
  return `${input}.${typeof made === 'string' ? made : made.toString('base64url')}`
}
export const raw = (header: string, payload = JSON.stringify(claims())): string => {
  const input = `${base64url(header)}.${base64url(payload)}`
  return `${input}.${signInput('ES256', input, ec.privateKey)}`
}
export const publicJwk = (key: SigningKey): object => key.publicKey.export({ format: 'jwk' })

export const withClaims = (payload: string): string =>
  raw(JSON.stringify({ alg: 'ES256', x5c: x5cOf(ec.leaf) }), payload)
export const text = (changes: object): string => JSON.stringify(claims(changes))

/** What is wrong with a token, the token, whether the challenge is to be without `error`, and what the log says. */
export type Attack = readonly [what: string, token: () => string | Promise<string>, malformed: boolean, check: RegExp]

/** One test for each attack: it is refused, with that check, in words that hold nothing of the signature. */
export function testAttacks(attacks: readonly Attack[]): void {
  test.each(attacks)('%s', async (_what, forgeToken, malformed, check) => {
    const token = await forgeToken()
    const result = await verifier.verify(token)
    expect(result).toEqual({ outcome: 'invalid', check: expect.stringMatching(check), malformed })
    const signature = token.split('.')[2] ?? ''
    if (signature.length > 20) expect(JSON.stringify(result)).not.toContain(signature.slice(0, 20))
  })
}
