// What the configuration file as a whole must be: every mistake is one clear sentence, with its place and its key.
import { beforeEach, describe, expect, test } from '@jest/globals'
import { Secret } from '../src/lib/secret.ts'
import { authnTools } from './support/authn-tools.ts'
import { configText, load, problemsOf, warningsOf, writePairs } from './support/config.ts'
import { useFolder } from './support/folder.ts'

const folder = useFolder()
beforeEach(() => writePairs(folder))

/** A problem without its file, line and column. */
const withoutPlace = (problem: string): string => problem.replace(/^\S+ /, '')

/** Rules of an `acl` that stands on lines of its own. */
const acl = (...lines: string[]): Record<string, string> => ({
  acl: ['', ...lines.map((line) => `  ${line}`)].join('\n'),
})

test('the smallest configuration loads without a warning', async () => {
  await expect(warningsOf(folder, configText(folder))).resolves.toEqual([])
})

describe('keys that are wrong', () => {
  test.each([
    [
      'a misspelt section',
      { acl_fils: '[]' },
      ['config.yml:5:1: acl_fils: unknown key "acl_fils"; did you mean "acl_files"?'],
    ],
    [
      'a section nobody knows',
      { xyzzy: '1' },
      [expect.stringMatching(/^config.yml:5:1: xyzzy: unknown key "xyzzy"; known keys are server, token, users, /)],
    ],
    [
      'a misspelt key in server',
      { server: '{adr: ":1"}' },
      [
        'config.yml:1:1: server.addr: is required',
        'config.yml:1:10: server.adr: unknown key "adr"; did you mean "addr"?',
      ],
    ],
    [
      'a misspelt key of a user',
      { users: '{bob: {pasword: x}}' },
      ['config.yml:3:15: users.bob.pasword: unknown key "pasword"; did you mean "password"?'],
    ],
    ['a key a map cannot hold', { users: '{__proto__: {}}' }, ['config.yml:3:1: users: "__proto__" cannot be a key']],
    [
      'a label a map cannot hold',
      { users: '{bob: {labels: {__proto__: [a]}}}' },
      ['config.yml:3:15: users.bob.labels: "__proto__" cannot be a key'],
    ],
    [
      'a misspelt match key',
      acl('- match: {acount: x}', '  actions: []'),
      ['config.yml:5:13: acl[0].match.acount: unknown key "acount"; did you mean "account"?'],
    ],
    [
      "docker_auth's documented mistake",
      acl('- match: {team: x}', '  actions: []'),
      ['config.yml:5:13: acl[0].match.team: unknown key "team": use labels: {teams: …}'],
    ],
    [
      'match missing',
      acl('- actions: []'),
      ['config.yml:5:5: acl[0].match: is missing; match: {} matches every request'],
    ],
    [
      'match null',
      acl('- match:', '  actions: []'),
      ['config.yml:5:5: acl[0].match: is missing; match: {} matches every request'],
    ],
    [
      'actions missing',
      acl('- match: {}'),
      ['config.yml:5:5: acl[0].actions: is missing; actions: [] denies, ["*"] grants all'],
    ],
  ])('%s', async (_what, changes, expected) => {
    await expect(problemsOf(folder, configText(folder, changes))).resolves.toEqual(expected)
  })
})

describe('values of the wrong type', () => {
  test.each([
    ['server', 'x', 'config.yml:1:1: server: must be a map of keys and values'],
    ['server', '{addr: [a]}', 'config.yml:1:10: server.addr: must be a single value'],
    ['token', '[1]', 'config.yml:2:1: token: must be a map of keys and values'],
    ['users', '3', 'config.yml:3:1: users: must be a map of account names'],
    ['users', '{bob: {labels: {team: red}}}', 'config.yml:3:24: users.bob.labels.team: must be a list'],
    ['acl', '{}', 'config.yml:4:1: acl: must be a list of rules'],
    ['acl', '[{match: {}, actions: pull}]', 'config.yml:4:19: acl[0].actions: must be a list'],
    ['acl', '[{match: {account: [x]}, actions: []}]', 'config.yml:4:16: acl[0].match.account: must be a single value'],
    ['acl_files', 'x.yml', 'config.yml:5:1: acl_files: must be a list of file names'],
  ])('%s: %s', async (section, value, expected) => {
    await expect(problemsOf(folder, configText(folder, { [section]: value }))).resolves.toEqual([expected])
  })
})

describe('what must be there', () => {
  test.each([
    ['server', 'config.yml:1:1: server: is required'],
    ['token', 'config.yml:1:1: token: is required'],
    ['users', 'config.yml:1:1: nobody can log in: a users section (it may be empty) or another back end is needed'],
    [
      'acl',
      'config.yml:1:1: nobody may do anything: acl or acl_files is needed (it may be empty), or another back end',
    ],
  ])('%s, where null is as good as absent', async (section, expected) => {
    await expect(problemsOf(folder, configText(folder, { [section]: undefined }))).resolves.toEqual([expected])
    const nothing = await problemsOf(folder, configText(folder, { [section]: '' }))
    expect(nothing.map(withoutPlace)).toEqual([withoutPlace(expected)])
  })
})

test('everything that is wrong is said at once', async () => {
  const text = configText(folder, {
    server: '{addr: nowhere, trusted_proxies: [10.0.0.0/33]}',
    token: '{issuer: "", expiration: soon}',
    users: '{bob: 3}',
    acl: '[{match: {ip: x}, actions: []}]',
    acl_fils: '[]',
    xorm_auth: '{}',
  })
  await expect(problemsOf(folder, text)).resolves.toEqual([
    'config.yml:1:10: server.addr: "nowhere" is not an address such as ":5001" or "127.0.0.1:5001"',
    'config.yml:1:43: server.trusted_proxies[0]: "10.0.0.0/33" is not an address or CIDR',
    'config.yml:2:9: token.issuer: must not be empty',
    'config.yml:2:21: token.expiration: must be a whole number, not "soon"',
    'config.yml:3:9: users.bob: must be a map of keys and values',
    'config.yml:4:16: acl[0].match.ip: is neither an IP address nor a network such as 192.0.2.0/24',
    'config.yml:5:1: acl_fils: unknown key "acl_fils"; did you mean "acl_files"?',
    'config.yml:6:1: xorm_auth.database_type: is required',
  ])
})

describe('a key that stands twice', () => {
  test('warns, and the last one counts, as in docker_auth', async () => {
    const text = configText(folder, { server: '{addr: ":1", addr: ":2"}' })
    await expect(warningsOf(folder, text)).resolves.toEqual([
      'config.yml:1:22: server.addr: the key "addr" stands twice; the last one counts',
    ])
    expect((await load(folder, text)).server.address).toMatchObject({ port: 2 })
  })

  test('is an error inside match, where it would change who is meant', async () => {
    const text = configText(folder, acl('- match: {account: alice, account: bob}', '  actions: []'))
    await expect(problemsOf(folder, text)).resolves.toEqual([
      'config.yml:5:29: acl[0].match.account: the key "account" stands twice',
    ])
  })
})

describe('scalars are their source text', () => {
  /** Those of the accounts that this users section lets in. */
  async function known(users: string, accounts: readonly string[]): Promise<string[]> {
    const { authn } = await load(folder, configText(folder, { users }))
    const backend = await authn.plans[0]?.open(authnTools())
    const answers = accounts.map(async (account) => {
      const answer = await backend?.authenticate({ account, password: new Secret('') })
      return answer?.outcome === 'accepted' ? [account] : []
    })
    return (await Promise.all(answers)).flat()
  }

  test('a numeric, boolean or octal name is the name of a user', async () => {
    const names = ['24', 'no', '0x10', '1e3', '~', '16', 'false']
    await expect(known('{24: {}, no: {}, 0x10: {}, 1e3: {}, ~: {}}', names)).resolves.toEqual(names.slice(0, 5))
  })

  test('a user that is null is no user, and one that is an empty map is one', async () => {
    await expect(known('{bob: , alice: {}, "": {}}', ['', 'alice', 'bob'])).resolves.toEqual(['', 'alice'])
  })

  test.each(['yes', 'on', 'True', 'y'])('%s is true', async (value) => {
    const { server } = await load(folder, configText(folder, { server: `{addr: ":1", hsts: ${value}}` }))
    expect(server.hsts).toBe(true)
  })

  test('a password that is no hash is warned about, and nobody logs in with it', async () => {
    await expect(warningsOf(folder, configText(folder, { users: '{bob: {password: 1234}}' }))).resolves.toEqual([
      'config.yml:3:15: users.bob.password: is not a bcrypt hash: nobody can log in with it',
    ])
  })
})

describe('a rule that denies an account, where a directory also knows it by other spellings,', () => {
  const directory = 'addr: "127.0.0.1:389", filter: "(uid=${account})"'
  const rules = acl('- match: {account: bob}', '  actions: []', '- match: {account: bob}', '  actions: [pull]')

  test('is warned about at its place', async () => {
    const text = configText(folder, { ldap_auth: `{${directory}}`, ...rules })
    await expect(warningsOf(folder, text)).resolves.toEqual([
      expect.stringMatching(
        /^config\.yml:5:13: acl\[0\]\.match\.account: can be evaded: ldap_auth .* set ldap_auth\.account$/,
      ),
    ])
  })

  test('is not, when the spelling of the directory counts, or there is no directory', async () => {
    const spelled = configText(folder, { ldap_auth: `{${directory}, account: {attribute: uid}}`, ...rules })
    await expect(warningsOf(folder, spelled)).resolves.toEqual([])
    await expect(warningsOf(folder, configText(folder, rules))).resolves.toEqual([])
  })
})

test('a file with a secret key is no back end by itself', async () => {
  const text = configText(folder, { users: undefined, secret_key_file: 'key.txt' })
  await expect(problemsOf(folder, text)).resolves.toEqual([
    'config.yml:1:1: nobody can log in: a users section (it may be empty) or another back end is needed',
  ])
})
