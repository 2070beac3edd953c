// Which chains the bundle vouches for. Every case is put to `openssl verify` too, and the two must agree.
import { spawnSync } from 'node:child_process'
import { sign } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { BitString } from 'asn1js'
import * as pkijs from 'pkijs'
import { validatePath } from '../../src/token/path-validation.ts'
import { readCertificates } from '../../src/token/x509.ts'
import { requires } from '../real/requires.ts'
import { createAuthority, toDer, toPem } from './authority.ts'
import { CA, CERTIFICATES } from './certificates.ts'
import { NOW, SECONDS } from './fixtures.ts'

type Case = readonly [what: string, sent: readonly string[], bundle: readonly string[]]

const GOOD: readonly Case[] = [
  ['a leaf below the root', ['by root'], ['root']],
  ['a leaf below an intermediate', ['by mid', 'mid'], ['root']],
  ['a leaf below two intermediates', ['by low', 'low', 'mid'], ['root']],
  ['intermediates in the wrong order', ['by low', 'mid', 'low'], ['root']],
  ['a chain that ends with the root', ['by mid', 'mid', 'root'], ['root']],
  ['a chain with a certificate too many', ['by mid', 'other root', 'by other', 'mid'], ['root']],
  ['a bundle of several roots', ['by root'], ['other root', 'root of the same name', 'root']],
  ['a bundle that holds the intermediate only', ['by mid'], ['mid']],
  ['a bundle that holds a lower intermediate only', ['by low', 'low'], ['mid']],
  ['a self-signed leaf in the bundle', ['self-signed'], ['root', 'self-signed']],
  ['an issued leaf in the bundle', ['by mid'], ['by mid']],
  ['a leaf without key id below one of two roots of a name', ['by the same name'], ['root', 'root of the same name']],
  ['RSA', ['by rsa'], ['rsa root']],
  ['RSA with SHA-512', ['by rsa, sha512'], ['rsa root']],
  ['RSA-PSS', ['by rsa, pss'], ['rsa root']],
  ['P-384', ['by p384'], ['p384 root']],
  ['Ed25519', ['by ed', 'ed mid'], ['ed root']],
  ['an expired intermediate beside its renewal', ['by mid', 'renewed mid, expired', 'mid'], ['root']],
  ['a root without key usage', ['by root without key usage'], ['root without key usage']],
  ['a leaf of version 1', ['version 1'], ['root']],
  ['a leaf that could be a CA', ['a CA as leaf', 'mid'], ['root']],
  ['a path as long as allowed', ['by root of 0'], ['root of 0']],
  ['an intermediate as long as allowed', ['by mid of 0', 'mid of 0'], ['root']],
  ['one intermediate where one is allowed', ['by mid below 1', 'mid below 1'], ['root of 1']],
  ['a root that renewed its own key, which counts for no length', ['by rolled over', 'rolled over'], ['root of 0']],
  ['an unknown extension that is not critical', ['unknown leaf'], ['root']],
  ['critical extensions that are known', ['all known critical'], ['root']],
  ['any extended key usage', ['server by CA for clients', 'CA for clients'], ['root']],
  ['a DNS name within what is permitted', ['in example', 'only example'], ['root']],
  ['the permitted DNS name itself', ['example itself', 'only example'], ['root']],
  ['a common name that is no host name', ['not a host name', 'only example'], ['root']],
  ['a name of a kind that is not constrained', ['another kind of name', 'only example'], ['root']],
  ['a DNS name that is not excluded', ['not excluded', 'not example'], ['root']],
  ['a subject within what is permitted', ['with our name', 'only our names'], ['root']],
  ['an address within what is permitted', ['in ten', 'only ten'], ['root']],
  ['a mailbox within what is permitted', ['in mail', 'only mail'], ['root']],
  ['a mailbox in a permitted subdomain', ['in a mail subdomain', 'only subdomains of mail'], ['root']],
  ['a mailbox beside the excluded one', ['another mailbox', 'one mailbox'], ['root']],
]

const BAD: readonly Case[] = [
  ['an unknown root', ['by other'], ['root']],
  ['an unknown root that is sent along', ['by other', 'other root'], ['root']],
  ['another root of the same name', ['by the same name'], ['root']],
  ['another root of the same name and another key id', ['by the same name, with key id'], ['root']],
  ['a self-signed leaf', ['self-signed'], ['root']],
  ['a self-signed leaf with the name of the root', ['self-signed like root'], ['root']],
  ['a missing intermediate', ['by mid'], ['root']],
  ['a missing lower intermediate', ['by low', 'mid'], ['root']],
  ['an expired leaf', ['expired leaf'], ['root']],
  ['a leaf that is not yet valid', ['early leaf'], ['root']],
  ['an expired intermediate', ['by expired mid', 'expired mid'], ['root']],
  ['an intermediate that is not yet valid', ['by early mid', 'early mid'], ['root']],
  ['an expired root', ['by expired root'], ['expired root']],
  ['an expired leaf in the bundle', ['self-signed, expired'], ['self-signed, expired']],
  ['a leaf in the bundle that is not yet valid', ['self-signed, early'], ['self-signed, early']],
  ['an intermediate that is no CA', ['by not a CA', 'not a CA'], ['root']],
  ['an intermediate without basic constraints', ['by no constraints', 'no constraints'], ['root']],
  ['an intermediate that may not sign certificates', ['by may not sign', 'may not sign'], ['root']],
  ['a root that may not sign certificates', ['by root that may not sign'], ['root that may not sign']],
  ['a root that is no CA', ['by root that is no CA'], ['root that is no CA']],
  ['an intermediate of version 1', ['by version 1 mid', 'version 1 mid'], ['root']],
  ['a certificate issued by a leaf', ['below a leaf', 'by root'], ['root']],
  ['an intermediate below a root that allows none', ['by mid below 0', 'mid below 0'], ['root of 0']],
  ['a CA below an intermediate that allows none', ['by CA below mid of 0', 'CA below mid of 0', 'mid of 0'], ['root']],
  ['two intermediates where one is allowed', ['by low below 1', 'low below 1', 'mid below 1'], ['root of 1']],
  ['an unknown critical extension of the leaf', ['unknown critical leaf'], ['root']],
  ['an unknown critical extension of an intermediate', ['by unknown critical mid', 'unknown critical mid'], ['root']],
  ['an unknown critical extension of the root', ['by unknown critical root'], ['unknown critical root']],
  ['basic constraints that cannot be parsed', ['by spoilt constraints', 'spoilt constraints'], ['root']],
  ['name constraints that cannot be parsed', ['by spoilt names', 'spoilt names'], ['root']],
  ['two intermediates that issued each other', ['by circle two', 'circle two', 'circle one by two'], ['root']],
  ['a DNS name outside what is permitted', ['outside example', 'only example'], ['root']],
  ['a DNS name that only ends like the permitted one', ['like example', 'only example'], ['root']],
  ['one DNS name inside and one outside', ['in and outside', 'only example'], ['root']],
  ['a common name outside what is permitted', ['outside by common name', 'only example'], ['root']],
  ['an excluded DNS name', ['excluded name', 'not example'], ['root']],
  ['an excluded DNS name among others', ['excluded among others', 'not example'], ['root']],
  ['a subject outside what is permitted', ['with another name', 'only our names'], ['root']],
  ['a subject that has the permitted part elsewhere', ['with our name in the wrong place', 'only our names'], ['root']],
  ['an address outside what is permitted', ['outside ten', 'only ten'], ['root']],
  ['an address of the other family', ['six for four', 'only ten'], ['root']],
  ['a mailbox outside what is permitted', ['outside mail', 'only mail'], ['root']],
  ['a mailbox of the subject outside what is permitted', ['mail in the subject', 'only mail'], ['root']],
  ['the excluded mailbox', ['that mailbox', 'one mailbox'], ['root']],
]

// Where we refuse what the openssl command takes by default; Go refuses the hashes too.
const STRICTER: readonly Case[] = [
  ['SHA-1', ['by rsa, sha1'], ['rsa root']],
  ['RSA-PSS over SHA-1', ['by rsa, pss and sha1'], ['rsa root']],
  ['a root of version 1', ['by version 1 root'], ['version 1 root']],
  ['a policy that is demanded and not there', ['by wants a policy', 'wants a policy'], ['root']],
]

requires('openssl')('a chain', () => {
  const authority = createAuthority(CERTIFICATES)
  let written = 0

  const write = (content: string): string => {
    const path = join(authority.folder, `case-${(written += 1)}.pem`)
    writeFileSync(path, content)
    return path
  }
  const asOpenssl = (sent: string, rest: string, bundle: string): boolean => {
    const options = ['-partial_chain', '-no-CApath', '-no-CAstore', '-attime', String(SECONDS)]
    const untrusted = rest === '' ? [] : ['-untrusted', write(rest)]
    const words = ['verify', ...options, '-CAfile', write(bundle), ...untrusted, write(sent)]
    const { status, stderr } = spawnSync('openssl', words, { encoding: 'utf8' })
    if (status !== 0 && !stderr.includes('verification failed')) throw new Error(stderr)
    return status === 0
  }
  const both = async (sent: readonly string[], bundle: string): Promise<object> => {
    const [first = '', ...rest] = sent
    const result = await validatePath(readCertificates(sent.join('')), readCertificates(bundle), NOW)
    return { ours: result.ok || result.reason, openssl: asOpenssl(first, rest.join(''), bundle) }
  }
  const pems = (names: readonly string[]): string[] => names.map(authority.pem)

  test.each(GOOD)('is accepted with %s', async (_what, sent, bundle) => {
    expect(await both(pems(sent), pems(bundle).join(''))).toEqual({ ours: true, openssl: true })
  })

  test.each(BAD)('is refused with %s', async (_what, sent, bundle) => {
    expect(await both(pems(sent), pems(bundle).join(''))).toEqual({ ours: expect.any(String), openssl: false })
  })

  test.each(STRICTER)('is refused with %s, which openssl takes', async (_what, sent, bundle) => {
    expect(await both(pems(sent), pems(bundle).join(''))).toEqual({ ours: expect.any(String), openssl: true })
  })

  test.each(['by mid', 'mid'])('is refused when the signature of "%s" is damaged', async (damaged) => {
    const sent = ['by mid', 'mid'].map((name) => (name === damaged ? authority.damagedPem(name) : authority.pem(name)))
    expect(await both(sent, authority.pem('root'))).toEqual({ ours: expect.any(String), openssl: false })
  })

  test('is refused when an extension occurs twice', async () => {
    const twice = pkijs.Certificate.fromBER(new Uint8Array(toDer(authority.pem('by root'))))
    twice.extensions?.push(...twice.extensions.slice(0, 1))
    const tbs = twice.encodeTBS().toBER()
    const signature = sign('sha256', Buffer.from(tbs), readFileSync(authority.keyFile('root')))
    twice.signatureValue = new BitString({ valueHex: signature })
    const sent = toPem(twice.toSchema(true).toBER())
    expect(await both([sent], authority.pem('root'))).toEqual({
      ours: expect.any(String),
      openssl: false,
    })
  })

  test('is valid while every certificate on its path is', async () => {
    const [sent, bundle] = [pems(['by mid', 'mid']), pems(['root'])].map((each) => readCertificates(each.join('')))
    const result = await validatePath(sent ?? [], bundle ?? [], NOW)
    expect(result.ok && result.path).toHaveLength(3)
  })

  test('of many certificates that all bear one name is refused after a bounded search', async () => {
    const names = Array.from({ length: 9 }, (_, index) => `twin ${index}`)
    const twins = createAuthority(
      Object.fromEntries(names.map((name) => [name, { subject: '/CN=root', ext: CA.slice(0, 2) }])),
    )
    const sent = readCertificates([authority.pem('by the same name'), ...names.map(twins.pem)].join(''))
    const result = await validatePath(sent, readCertificates(authority.pem('root')), NOW)
    expect(result).toEqual({ ok: false, reason: 'no path from CN=by the same name to a certificate of the bundle' })
  })
})
