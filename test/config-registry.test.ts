// The `registry` section: whom it trusts comes from files, and it must trust this very server.
import { beforeEach, describe, expect, test } from '@jest/globals'
import { exportJWK } from 'jose'
import { createPublicKey } from 'node:crypto'
import { configText, load, problemsOf, warningsOf, writePairs } from './support/config.ts'
import { useFolder } from './support/folder.ts'
import { pemPair } from './support/pems.ts'

const folder = useFolder()
beforeEach(() => writePairs(folder))

interface Keys {
  readonly http?: string
  readonly token?: string
  readonly rest?: string
}

/** A `registry` section; `token` replaces the trust in our own certificate. */
const registry = ({ http = 'addr: ":5000"', token, rest = '' }: Keys = {}): string =>
  `{http: {${http}}, storage: {filesystem: {rootdirectory: images}}, auth: {token: {service: s, issuer: us, ` +
  `${token ?? `rootcertbundle: ${folder.path('own.crt')}`}}}${rest}}`

const withRegistry = (keys?: Keys, more: Record<string, string> = {}): string =>
  configText(folder, { registry: registry(keys), ...more })

test('the smallest section loads, with the realm of this server and relative Locations', async () => {
  await expect(warningsOf(folder, withRegistry())).resolves.toEqual([])
  const config = await load(folder, withRegistry({}, { server: '{addr: ":5001", path_prefix: /x}' }))
  expect(config.registry).toMatchObject({
    address: { kind: 'tcp', port: 5000 },
    realm: 'http://localhost:5001/x/auth',
    baseUrl: undefined,
    rootdirectory: 'images',
    deleteEnabled: false,
  })
})

test('an address from outside stands in for the one in the file', async () => {
  const { registry: settings } = await load(folder, withRegistry(), { registryAddr: '127.0.0.1:7' })
  expect(settings?.address).toEqual({ kind: 'tcp', host: '127.0.0.1', port: 7 })
})

test('a realm of its own counts, and autoredirect makes one of the host', async () => {
  const named = await load(
    folder,
    withRegistry({ token: `realm: https://auth.example.com/t, rootcertbundle: ${folder.path('own.crt')}` }),
  )
  expect(named.registry?.realm).toBe('https://auth.example.com/t')
  const redirecting = {
    http: 'addr: ":5000", host: https://r.example.com/',
    token: `autoredirect: yes, rootcertbundle: ${folder.path('own.crt')}`,
  }
  const made = await load(folder, withRegistry(redirecting))
  expect(made.registry).toMatchObject({ realm: 'https://r.example.com/auth/token', baseUrl: 'https://r.example.com' })
})

describe('what cannot be', () => {
  const bundle = (name: string): Keys => ({ token: `rootcertbundle: ${folder.path(name)}` })
  test.each<[string, () => Keys, unknown]>([
    [
      'a bundle that would refuse our tokens',
      () => bundle('other.crt'),
      expect.stringMatching(/^registry.auth.token: would refuse this server's own tokens: x5c: /),
    ],
    [
      'another issuer than ours',
      () => ({ token: `issuer: them, rootcertbundle: ${folder.path('own.crt')}` }),
      expect.stringMatching(/^registry.auth.token: would refuse this server's own tokens: issuer: token says "us"/),
    ],
    [
      'no trust at all',
      () => ({ token: '' }),
      'registry.auth.token: needs rootcertbundle or jwks, to know whose tokens to trust',
    ],
    ['a missing bundle', () => bundle('nix.crt'), 'registry.auth.token.rootcertbundle: nix.crt does not exist'],
    [
      'a bundle without certificates',
      () => bundle('own.key'),
      'registry.auth.token: neither the certificate bundle nor the JWKS file holds a key for tokens',
    ],
    [
      'a JWKS that is no JSON',
      () => ({ token: `jwks: ${folder.path('own.crt')}` }),
      'registry.auth.token.jwks: is not JSON',
    ],
    [
      'the address of the token server',
      () => ({ http: 'addr: ":5001"' }),
      "registry.http.addr: :5001 is the token server's address already (server.addr)",
    ],
    [
      'no address',
      () => ({ http: 'addr: here' }),
      'registry.http.addr: "here" is not an address such as ":5000" or "127.0.0.1:5000"',
    ],
    [
      'half a key pair',
      () => ({ http: `addr: ":5000", tls: {certificate: ${folder.path('own.crt')}}` }),
      'registry.http.tls.key: is required',
    ],
    [
      'a certificate of another key',
      () => ({
        http: `addr: ":5000", tls: {certificate: ${folder.path('own.crt')}, key: ${folder.path('other.key')}}`,
      }),
      'registry.http.tls.certificate: the certificate does not belong to the key',
    ],
    [
      'a realm that is no URL',
      () => ({ token: 'realm: /auth, rootcertbundle: x' }),
      'registry.auth.token.realm: must be an absolute URL such as https://registry.example.com',
    ],
    [
      'autoredirect by a request alone',
      () => ({ token: 'autoredirect: true, rootcertbundle: x' }),
      'registry.auth.token.autoredirect: needs http.host, from which the realm is made',
    ],
    [
      "a part of Distribution's that is not built",
      () => ({ rest: ', redis: {addr: x}' }),
      'registry.redis: not supported yet',
    ],
    ['a misspelt key', () => ({ rest: ', helth: {}' }), 'registry.helth: unknown key "helth"; did you mean "health"?'],
  ])('%s', async (_what, keys, expected) => {
    const text = withRegistry(keys()).replace('issuer: us, issuer: them', 'issuer: them')
    const problems = await problemsOf(folder, text)
    expect(problems.map((problem) => problem.replace(/^config.yml:5:\d+: /, ''))).toEqual([expected])
  })
})

test('a JWKS of our key is trust enough when tokens say their key by its thumbprint', async () => {
  const { certificatePem } = await pemPair('own')
  const jwk = await exportJWK(createPublicKey(certificatePem))
  const pair = `certificate: ${folder.path('own.crt')}, key: ${folder.path('own.key')}`
  const token = { token: `{issuer: us, expiration: 900, ${pair}, disable_legacy_key_id: true}` }
  const jwks = { token: `jwks: ${folder.path('keys.json')}` }
  const { keyId } = (await load(folder, configText(folder, token))).token
  await folder.write('keys.json', JSON.stringify({ keys: [{ ...jwk, kid: keyId }] }))
  await expect(warningsOf(folder, withRegistry(jwks, token))).resolves.toEqual([])
  // With the chain in the token a registry looks nowhere else.
  await expect(problemsOf(folder, withRegistry(jwks))).resolves.toEqual([
    expect.stringContaining("would refuse this server's own tokens: x5c"),
  ])
})
