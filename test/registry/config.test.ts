// The `registry` section: what it takes, and what it says about what it does not.
import { describe, expect, test } from '@jest/globals'
import { RegistryConfig } from '../../src/registry/config.ts'

type Section = Record<string, Record<string, unknown>>

const minimal = (change: (config: Section) => void = () => undefined): unknown => {
  const config: Section = {
    http: { addr: ':5000' },
    storage: { filesystem: { rootdirectory: './registry' } },
    auth: { token: { service: 'registry', issuer: 'issuer', rootcertbundle: 'token.crt' } },
  }
  change(config)
  return config
}

const token = (extra: object) => (config: Section) => {
  config['auth']!['token'] = { ...(config['auth']!['token'] as object), ...extra }
}

const problems = (config: unknown): string[] =>
  (RegistryConfig.safeParse(config).error?.issues ?? []).map((issue) => `${issue.path.join('.')}: ${issue.message}`)

describe('a registry section', () => {
  test('needs little', () => {
    expect(RegistryConfig.parse(minimal())).toEqual({
      http: { addr: ':5000' },
      storage: { filesystem: { rootdirectory: './registry' }, delete: { enabled: false } },
      auth: { token: { service: 'registry', issuer: 'issuer', rootcertbundle: 'token.crt', autoredirect: false } },
    })
  })

  test('may be a whole Distribution configuration', () => {
    const config = {
      version: '0.1',
      http: {
        addr: ':5000',
        host: 'https://registry.example.com',
        secret: 'x',
        tls: { certificate: 'a.crt', key: 'a.key' },
      },
      storage: { filesystem: { rootdirectory: '/var/lib/registry' }, delete: { enabled: 'true' } },
      auth: {
        token: {
          realm: 'https://auth.example.com/auth',
          service: 'registry',
          issuer: 'issuer',
          jwks: 'jwks.json',
          signingalgorithms: ['RS256'],
          autoredirect: 'false',
        },
      },
    }
    expect(problems(config)).toEqual([])
    expect(RegistryConfig.parse(config).storage.delete.enabled).toBe(true)
  })

  test.each<[string, unknown, string]>([
    ['an unknown key', minimal((c) => (c['http']!['adr'] = 'x')), 'http: unknown key "adr"; did you mean "addr"?'],
    ['no address', minimal((c) => delete c['http']!['addr']), 'http.addr: must be a single value'],
    ['another version', { ...(minimal() as object), version: '0.2' }, 'version: must be 0.1'],
    [
      'no one to trust',
      minimal(token({ rootcertbundle: undefined })),
      'auth.token: needs rootcertbundle or jwks, to know whose tokens to trust',
    ],
    [
      'a realm made from nothing',
      minimal(token({ autoredirect: 'true' })),
      'auth.token.autoredirect: needs http.host, from which the realm is made',
    ],
    [
      'a host without a scheme',
      minimal((c) => (c['http']!['host'] = 'registry.example.com')),
      'http.host: must be an absolute URL such as https://registry.example.com',
    ],
    [
      'a relative realm',
      minimal(token({ realm: '/auth' })),
      'auth.token.realm: must be an absolute URL such as https://registry.example.com',
    ],
    ['a proxy', { ...(minimal() as object), proxy: {} }, 'proxy: not supported yet'],
    ['S3', minimal((c) => (c['storage']!['s3'] = {})), 'storage.s3: not supported yet'],
    ['htpasswd', minimal((c) => (c['auth']!['htpasswd'] = {})), 'auth.htpasswd: not supported yet'],
    ['a debug server', minimal((c) => (c['http']!['debug'] = {})), 'http.debug: not supported yet'],
    [
      'half a key pair',
      minimal((c) => (c['http']!['tls'] = { certificate: 'a.crt' })),
      'http.tls.key: must be a single value',
    ],
  ])('with %s says so', (_, config, problem) => {
    expect(problems(config)).toEqual([problem])
  })

  test('makes its realm from its host when asked to', () => {
    const config = minimal((c) => {
      token({ autoredirect: 'true' })(c)
      c['http']!['host'] = 'https://registry.example.com'
    })
    expect(problems(config)).toEqual([])
  })
})

test.each([
  [
    'a service that cannot stand in a header',
    minimal(token({ service: '日本' })),
    'auth.token.service: must be plain ASCII',
  ],
  [
    'a realm that cannot',
    minimal(token({ realm: 'https://日本.example.com/auth' })),
    'auth.token.realm: must be an absolute URL such as https://registry.example.com',
  ],
  [
    'a stop that never ends',
    minimal((config) => (config['http'] = { addr: ':5000', draintimeout: '1000h' })),
    'http.draintimeout: must be between 0 and 24h',
  ],
])('%s is refused', (_what, config, expected) => {
  expect(problems(config)).toEqual([expected])
})

test('a bare number is a duration in nanoseconds, as in Go', () => {
  const config = minimal((section) => (section['http'] = { addr: ':5000', draintimeout: '3000000000' }))
  expect(RegistryConfig.parse(config).http.draintimeout).toBe(3000)
})
