// What the `server` section means, and what it must not say.
import { beforeEach, describe, expect, test } from '@jest/globals'
import { configText, load, problemsOf, warningsOf, writePairs } from './support/config.ts'
import { useFolder } from './support/folder.ts'
import type { ServerSettings } from '../src/config-server.ts'

const folder = useFolder()
beforeEach(() => writePairs(folder))

const withServer = (keys: string): string => configText(folder, { server: `{addr: ":5001", ${keys}}` })
const settings = async (keys: string): Promise<ServerSettings> => (await load(folder, withServer(keys))).server
const tls = (): string => `certificate: ${folder.path('own.crt')}, key: ${folder.path('own.key')}`

describe('a value that cannot be', () => {
  test.each([
    ['net: udp', 'server.net: must be tcp or unix'],
    ['path_prefix: auth', 'server.path_prefix: must be a path such as /auth-server'],
    ['public_url: auth.example.com', 'server.public_url: must be a URL such as https://auth.example.com'],
    ['public_url: "https://example.com/auth"', 'server.public_url: must be a URL such as https://auth.example.com'],
    ['real_ip_header: "X Y"', 'server.real_ip_header: must be a header name'],
    ['real_ip_pos: last', 'server.real_ip_pos: must be a whole number, not "last"'],
    ['hsts: perhaps', 'server.hsts: must be true or false, not "perhaps"'],
    ['trusted_proxies: 10.0.0.0/8', 'server.trusted_proxies: must be a list'],
    ['trusted_proxies: [10.0.0.0/33]', 'server.trusted_proxies[0]: "10.0.0.0/33" is not an address or CIDR'],
    [
      'trusted_proxies: [::1, proxy.example.com]',
      'server.trusted_proxies[1]: "proxy.example.com" is not an address or CIDR',
    ],
    ['tls_min_version: TLS14', 'server.tls_min_version: must be one of TLS10, TLS11, TLS12, TLS13'],
    ['tls_cipher_suites: [0xc014, NOPE]', 'server.tls_cipher_suites[1]: "NOPE" is not known'],
    ['tls_curve_preferences: [P256, P999]', 'server.tls_curve_preferences[1]: "P999" is not known'],
    [
      'tls_min_version: TLS13, tls_cipher_suites: [0xc014]',
      'server.tls_cipher_suites: TLS 1.3 chooses its own cipher suites; leave this out or lower tls_min_version',
    ],
    ['letsencrypt: {host: x}', 'server.letsencrypt: not supported yet'],
  ])('%s', async (keys, expected) => {
    const problems = await problemsOf(folder, withServer(keys))
    expect(problems.map((problem) => problem.replace(/^config.yml:1:\d+: /, ''))).toEqual([expected])
  })

  test.each(['5001', ':http', ':70000', '127.0.0.1', 'a b:1', '[::1:1', '', 'http://x:1'])(
    'addr: "%s"',
    async (addr) => {
      const [problem] = await problemsOf(folder, configText(folder, { server: `{addr: "${addr}"}` }))
      expect(problem).toMatch(/^config.yml:1:10: server.addr: /)
    },
  )
})

describe('where it listens', () => {
  test.each([
    ['":5001"', { kind: 'tcp', host: undefined, port: 5001 }],
    ['127.0.0.1:5001', { kind: 'tcp', host: '127.0.0.1', port: 5001 }],
    ['"[::1]:5001"', { kind: 'tcp', host: '::1', port: 5001 }],
    ['":5001", net: ""', { kind: 'tcp', host: undefined, port: 5001 }],
    ['auth.sock, net: unix', { kind: 'unix', path: 'auth.sock' }],
    ['/run/auth:1.sock, net: unix', { kind: 'unix', path: '/run/auth:1.sock' }],
  ])('%s', async (addr, expected) => {
    expect((await load(folder, configText(folder, { server: `{addr: ${addr}}` }))).server.address).toEqual(expected)
  })

  test('an address from outside stands in for the one in the file', async () => {
    const { server } = await load(folder, configText(folder), { serverAddr: '127.0.0.1:7' })
    expect(server.address).toEqual({ kind: 'tcp', host: '127.0.0.1', port: 7 })
  })
})

test.each([
  ['', ''],
  ['path_prefix: ""', ''],
  ['path_prefix: /', ''],
  ['path_prefix: /a/b/', '/a/b'],
])('the prefix of "%s" is "%s"', async (keys, expected) => {
  expect((await settings(keys)).pathPrefix).toBe(expected)
})

test.each([
  ['', 'http://localhost:5001'],
  ['public_url: https://auth.example.com/', 'https://auth.example.com'],
])('clients reach a server with "%s" at %s', async (keys, expected) => {
  expect((await settings(keys)).publicUrl).toBe(expected)
})

test('a server with a certificate is reached by https', async () => {
  expect((await settings(tls())).publicUrl).toBe('https://localhost:5001')
})

test('a proxy header without a list of proxies is warned about, and one with it is not', async () => {
  await expect(warningsOf(folder, withServer('real_ip_header: X-Forwarded-For'))).resolves.toEqual([
    'config.yml:1:25: server.real_ip_header: any client can forge this header; list your proxies in server.trusted_proxies',
  ])
  const trusting = withServer('real_ip_header: X-Forwarded-For, trusted_proxies: [10.0.0.0/8, "::1"]')
  await expect(warningsOf(folder, trusting)).resolves.toEqual([])
})

test.each([
  ['10.255.0.1', true],
  ['::1', true],
  ['11.0.0.1', false],
  ['', false],
])('of the proxies 10.0.0.0/8 and ::1, "%s" is trusted: %s', async (ip, expected) => {
  const { clientAddress } = await settings('trusted_proxies: [10.0.0.0/8, "::1"]')
  expect(clientAddress.isTrusted?.(ip)).toBe(expected)
})

describe('TLS settings are written as Go writes them, in numbers or names', () => {
  test.each([
    ['', { minVersion: 'TLSv1.2' }],
    ['tls_min_version: TLS13', { minVersion: 'TLSv1.3' }],
    ['tls_min_version: 0x0303', { minVersion: 'TLSv1.2' }],
    ['tls_min_version: 770', { minVersion: 'TLSv1.1', ciphers: 'DEFAULT:@SECLEVEL=0' }],
    ['tls_cipher_suites: [0xc014, 0xC02F]', { ciphers: 'ECDHE-RSA-AES256-SHA:ECDHE-RSA-AES128-GCM-SHA256' }],
    ['tls_cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256]', { ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' }],
    ['tls_curve_preferences: [X25519, 24]', { ecdhCurve: 'X25519:P-384' }],
  ])('%s', async (keys, expected) => {
    expect((await settings([tls(), keys].filter((part) => part !== '').join(', '))).tls).toMatchObject(expected)
  })
})
