// The files a configuration names: rules in files of their own, keys, certificates, bundles.
import { beforeEach, describe, expect, test } from '@jest/globals'
import { chmod } from 'node:fs/promises'
import type { AuthorizationRequest } from '../src/authz/index.ts'
import { configText, load, problemsIn, problemsOf, warningsOf, writePairs } from './support/config.ts'
import { useFolder } from './support/folder.ts'

const folder = useFolder()
beforeEach(() => writePairs(folder))

/** A request of this account for pulling a/b. */
const asking = (account: string): AuthorizationRequest => ({
  identity: { account, labels: {}, labelsArePatterns: true },
  resource: { type: 'repository', name: 'a/b', actions: ['pull'] },
  service: '',
  ip: '',
})

describe('acl_files', () => {
  const rule = (account: string): string => `{match: {account: ${account}}, actions: [pull]}`
  const files = (...patterns: string[]): string => `[${patterns.map((pattern) => folder.path(pattern)).join(', ')}]`

  test('are appended to acl in name order, as a bare list or under acl, and hidden files are left out', async () => {
    await folder.write('acl/20-b.yml', `acl:\n  - ${rule('bob')}\n`)
    await folder.write('acl/10-a.yml', `- ${rule('alice')}\n- {match: {account: bob}, actions: []}\n`)
    await folder.write('acl/.hidden.yml', 'not: a rule\n')
    await folder.write('acl/note.txt', 'not: a rule\n')
    const { acl } = await load(folder, configText(folder, { acl: `[${rule('eve')}]`, acl_files: files('acl/*.yml') }))
    const decidedBy = ['eve', 'alice', 'bob', 'mallory'].map((account) => acl?.decide(asking(account), 0))
    expect(decidedBy).toMatchObject([
      { rule: `${folder.path('config.yml')}:4`, actions: ['pull'] },
      { rule: `${folder.path('acl/10-a.yml')}:1`, actions: ['pull'] },
      { rule: `${folder.path('acl/10-a.yml')}:2`, actions: [] },
      { outcome: 'no-match' },
    ])
  })

  test('stand alone where there is no acl', async () => {
    await folder.write('rules.yml', `- ${rule('alice')}\n`)
    const { acl } = await load(folder, configText(folder, { acl: undefined, acl_files: files('rules.yml') }))
    expect(acl?.decide(asking('alice'), 0)).toMatchObject({ actions: ['pull'] })
  })

  test('count once where two patterns name the same one', async () => {
    await folder.write('acl/a.yml', '- {match: {}, action: [pull]}\n')
    const sections = { acl: undefined, acl_files: files('acl/*.yml', 'acl/a.yml') }
    const problems = await problemsOf(folder, configText(folder, sections))
    expect(problems.filter((problem) => problem.includes('unknown key "action"'))).toHaveLength(1)
  })

  test.each([
    ['a pattern that finds nothing', 'a: x', 'nix/*.yml', 'config.yml:5:13: acl_files[0]: no file matches "nix/*.yml"'],
    [
      'a file with another key',
      'rules: []',
      'r.yml',
      'r.yml:1:1: rules: unknown key "rules"; known keys are syntax, acl, tests',
    ],
    ['a truncated file', '- {match: {', 'r.yml', 'r.yml:2:1: deficient indentation'],
    [
      'a misspelt key',
      '- {match: {}, action: [pull]}',
      'r.yml',
      'r.yml:1:15: [0].action: unknown key "action"; did you mean "actions"?',
    ],
    [
      'a broken expression',
      '- {match: {name: "/(/"}, actions: []}',
      'r.yml',
      expect.stringMatching(/^r.yml:1:12: \[0\].match.name: is not a valid regular expression: /),
    ],
    [
      'a key twice in match',
      '- {match: {name: x, name: y}, actions: []}',
      'r.yml',
      'r.yml:1:21: [0].match.name: the key "name" stands twice',
    ],
  ])('%s is refused with its place', async (_what, content, pattern, expected) => {
    await folder.write('r.yml', `${content}\n`)
    const problems = await problemsOf(folder, configText(folder, { acl_files: files(pattern) }))
    expect(problems).toContainEqual(expected)
  })
})

describe('the key that signs tokens', () => {
  const token = (certificate: string, key: string, more = ''): { token: string } => ({
    token: `{issuer: us, expiration: 900, certificate: ${certificate && folder.path(certificate)}, key: ${key && folder.path(key)}${more}}`,
  })
  const server = (certificate: string, key: string): Record<string, string> => ({
    server: `{addr: ":1", certificate: ${certificate && folder.path(certificate)}, key: ${key && folder.path(key)}}`,
    token: '{issuer: us, expiration: 900}',
  })

  test.each([
    ['half a pair in token', () => token('own.crt', ''), 'token: certificate and key must be given together'],
    ['the other half', () => token('', 'own.key'), 'token: certificate and key must be given together'],
    [
      'half a pair in server',
      () => server('own.crt', ''),
      'server.certificate: certificate and key must be given together',
    ],
    ['the other half', () => server('', 'own.key'), 'server.key: certificate and key must be given together'],
    ['no pair at all', () => server('', ''), 'token: a certificate and key are needed, here or in the server section'],
    [
      'a certificate of another key',
      () => token('own.crt', 'other.key'),
      'token.certificate: the certificate does not belong to the private key',
    ],
    [
      'the same in server',
      () => server('other.crt', 'own.key'),
      'server.certificate: the certificate does not belong to the key',
    ],
    ['a missing key', () => token('own.crt', 'nix.key'), 'token.key: nix.key does not exist'],
    ['a folder for a certificate', () => token('.', 'own.key'), 'token.certificate: . is a folder, not a file'],
    [
      'a key where the certificate should be',
      () => token('own.key', 'own.key'),
      'token.certificate: the certificate file holds no CERTIFICATE block',
    ],
    ['text that is no PEM', () => token('own.crt', 'config.yml'), 'token.certificate: the key file is not a PEM file'],
    [
      'an algorithm the key cannot do',
      () => token('own.crt', 'own.key', ', algorithm: RS256'),
      'token.certificate: the key cannot sign with RS256; it can with ES256',
    ],
    [
      'a life of no time',
      () => ({ token: '{issuer: us, expiration: 0}' }),
      'token.expiration: must be at least one second',
    ],
  ])('%s is one sentence', async (_what, changes, expected) => {
    const problems = await problemsOf(folder, configText(folder, changes()))
    expect(problems.map((problem) => problem.replace(/^config.yml:\d+:\d+: /, ''))).toEqual([expected])
  })

  test('is the pair of the server section where the token section has none', async () => {
    const config = await load(folder, configText(folder, server('own.crt', 'own.key')))
    expect(config.token.key.leaf.subject).toBe('CN=own')
    expect(config.server.tls).toMatchObject({ minVersion: 'TLSv1.2' })
  })

  test('is the pair of the token section where both have one', async () => {
    const changes = { ...server('other.crt', 'other.key'), ...token('own.crt', 'own.key') }
    expect((await load(folder, configText(folder, changes))).token.key.leaf.subject).toBe('CN=own')
  })

  test('signs no token that lives shorter than clients believe', async () => {
    const text = configText(folder, {
      token: configText(folder)
        .match(/^token: (.*)$/m)?.[1]
        ?.replace('900', '10'),
    })
    await expect(warningsOf(folder, text)).resolves.toEqual([
      'config.yml:2:21: token.expiration: clients take a shorter life for 60 s, so tokens live 60 s',
    ])
    expect((await load(folder, text)).token.expiration).toBe(60)
  })
})

test('a file this process may not read is said to be whose it is, and who we are', async () => {
  await chmod(folder.path('own.key'), 0o000)
  const uid = process.getuid?.()
  // Root reads everything, so root becomes somebody else for a moment.
  if (uid === 0) await chmod(folder.path(), 0o755)
  const file = await folder.write('config.yml', configText(folder))
  if (uid === 0) process.seteuid?.(65_534)
  try {
    const problems = await problemsIn(folder, file)
    expect(problems).toEqual([
      expect.stringMatching(
        /^config.yml:2:\d+: token.key: own.key cannot be read: it is (root|uid \d+) 0000; this process is uid \d+$/,
      ),
    ])
    expect(problems[0]).toContain(`this process is uid ${process.geteuid?.() ?? ''}`)
  } finally {
    if (uid === 0) process.seteuid?.(0)
  }
})
