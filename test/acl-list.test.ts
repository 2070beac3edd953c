// Access lists as the admin's tools read them: whatever path they are given, and without what rules do not need.
import { describe, expect, test } from '@jest/globals'
import { loadAclList } from '../src/acl-list.ts'
import type { AclList } from '../src/authz/index.ts'
import { createFileSet } from '../src/lib/files.ts'
import { useFolder } from './support/folder.ts'

const folder = useFolder()
const load = async (path: string): Promise<AclList> => (await loadAclList(folder.path(path), createFileSet())).list

const RULE = '{match: {account: a}, actions: [pull]}'

describe('the list at', () => {
  test('a file of rules has its places, syntax and tests', async () => {
    await folder.write(
      'rules.yml',
      `syntax: 2\nacl:\n  - id: one\n    match:\n      name: "a/**"\n    actions: [pull]\n  - ${RULE}\ntests:\n  - {account: a, scope: "repository:a/b:pull", expect: [pull]}\n`,
    )
    const { rules, tests, acl, setting } = await load('rules.yml')
    const file = folder.path('rules.yml')
    expect(rules.map(({ name, position, syntax }) => ({ name, position, syntax }))).toEqual([
      { name: 'one', position: `${file}:3`, syntax: 2 },
      { name: `${file}:7`, position: `${file}:7`, syntax: 2 },
    ])
    expect(rules[0]?.place(['match', 'name'])).toEqual({ file, line: 5, column: 7 })
    expect(tests).toMatchObject([{ test: { account: 'a', expect: ['pull'] }, place: { file, line: 9, column: 5 } }])
    expect([acl.size, setting]).toEqual([2, undefined])
  })

  test('a folder is that of all its files in name order', async () => {
    await folder.write('acl/20.yaml', `[${RULE}]`)
    await folder.write('acl/10.yml', `acl: [${RULE}, ${RULE}]`)
    await folder.write('acl/note.txt', 'no rules')
    const { rules } = await load('acl')
    expect(rules.map(({ position }) => position.replace(folder.path(), ''))).toEqual([
      '/acl/10.yml:1',
      '/acl/10.yml:1',
      '/acl/20.yaml:1',
    ])
  })

  test('a configuration is that of its acl, its files and its tests, however little of the rest is there', async () => {
    await folder.write('acl/10.yml', `[${RULE}]`)
    await folder.write('tests.yml', 'tests: [{account: a, scope: "repository:b:pull", expect: [pull]}]')
    await folder.write(
      'config.yml',
      `server: {addr: ":1", certificate: /nowhere.pem, real_ip_header: X-Forwarded-For}\nacl: [${RULE}]\nacl_files: [${folder.path('acl')}/*.yml]\nacl_tests: [${folder.path('tests.yml')}]\n`,
    )
    const { rules, tests, setting } = await load('config.yml')
    expect([rules.length, tests.length]).toEqual([2, 1])
    expect(setting).toEqual({ anonymous: false, proxyHeader: true, labels: [], others: [] })
  })
})

describe('what surrounds rules', () => {
  const settingOf = async (text: string): Promise<unknown> => {
    await folder.write('config.yml', `token: {}\n${text}`)
    return (await load('config.yml')).setting
  }
  const QUIET = { anonymous: false, proxyHeader: false, labels: [], others: [] }

  test.each([
    ['users: {"": {}}', { anonymous: true }],
    ['ext_auth: {command: x}', { anonymous: true, labels: undefined }],
    ['mongo_auth: {}', { labels: undefined }],
    ['xorm_auth: {}', { labels: undefined }],
    ['users: {a: {labels: {team: [x], role: [y]}}, b: {labels: {team: [z]}}}', { labels: ['team', 'role'] }],
    ['ldap_auth: {labels: {title: {attribute: title}}, groups: {}}', { labels: ['title', 'groups'] }],
    ['ldap_auth: {groups: {label: teams}}', { labels: ['teams'] }],
    ['oidc_auth: {labels_claims: [groups]}', { labels: ['groups'] }],
    ['github_auth: {organization: acme}', { labels: ['teams'] }],
    ['github_auth: {}', {}],
    ['gitlab_auth: {organization: acme}', { labels: ['groups'] }],
    ['google_auth: {}', {}],
    ['ext_authz: {}\nacl_sql: {}', { others: ['acl_sql', 'ext_authz'] }],
    ['server: {real_ip_header: X-Real-IP}', { proxyHeader: true }],
    ['server: {real_ip_header: ""}', {}],
    ['users: nonsense\nserver: [nonsense]\nldap_auth: 7', {}],
  ])('%s', async (text, expected) => {
    expect(await settingOf(text)).toEqual({ ...QUIET, ...expected })
  })
})

describe('is refused with its place', () => {
  test.each([
    ['a rule that is none', 'rules.yml', '- {match: {}, action: []}', /rules.yml:1:15: \[0\].action: unknown key/],
    [
      'a broken pattern',
      'rules.yml',
      '- {match: {name: "/(/"}, actions: []}',
      /rules.yml:1:12: \[0\].match.name: is not a/,
    ],
    [
      'an id that stands twice',
      'rules.yml',
      '[{id: a, match: {}, actions: []}, {id: a, match: {}, actions: []}]',
      /also stands at/,
    ],
    ['files that are not there', 'config.yml', 'token: {}\nacl_files: [nowhere/*.yml]', /nowhere\/\*.yml/],
    ['something that is no list', 'rules.yml', 'hello', /rules.yml/],
  ])('%s', async (_, name, text, expected) => {
    await folder.write(name, text)
    await expect(load(name)).rejects.toThrow(expected)
  })

  test('a path that is not there', async () => {
    await expect(load('nix.yml')).rejects.toThrow(/nix.yml.* does not exist/)
  })

  test('an empty folder', async () => {
    await folder.write('acl/readme.txt', '')
    await expect(load('acl')).rejects.toThrow(/acl holds no files that end in .yml/)
  })
})
