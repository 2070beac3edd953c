// The section `ldap_auth`: docker_auth's keys and what they mean, our own keys, and what is said about mistakes.
import { describe, expect, test } from '@jest/globals'
import { readServer } from '../../src/authn/ldap/server.ts'
import type { Server } from '../../src/authn/ldap/server.ts'
import { pemPair } from '../support/pems.ts'
import { useFolder } from '../support/folder.ts'
import { readSection } from './ldap-section.ts'

const folder = useFolder()
const good = { addr: 'localhost:389', base: 'dc=example', filter: '(uid=${account})' }

describe('a server', () => {
  test.each<[string, '' | Server['tls'], Server]>([
    ['ldap.example.com:389', '', { host: 'ldap.example.com', port: 389, tls: 'none' }],
    ['ldap.example.com:636', '', { host: 'ldap.example.com', port: 636, tls: 'always' }],
    ['ldap.example.com:636', 'none', { host: 'ldap.example.com', port: 636, tls: 'none' }],
    ['ldap.example.com:389', 'always', { host: 'ldap.example.com', port: 389, tls: 'always' }],
    ['ldap.example.com:389', 'starttls', { host: 'ldap.example.com', port: 389, tls: 'starttls' }],
    ['ldap.example.com', '', { host: 'ldap.example.com', port: 389, tls: 'none' }],
    ['ldap.example.com', 'always', { host: 'ldap.example.com', port: 636, tls: 'always' }],
    ['ldap://ldap.example.com', '', { host: 'ldap.example.com', port: 389, tls: 'none' }],
    ['ldap://ldap.example.com:1389/', 'starttls', { host: 'ldap.example.com', port: 1389, tls: 'starttls' }],
    ['ldap://ldap.example.com:636', '', { host: 'ldap.example.com', port: 636, tls: 'none' }],
    ['LDAPS://ldap.example.com', '', { host: 'ldap.example.com', port: 636, tls: 'always' }],
    ['ldaps://ldap.example.com:1636', 'always', { host: 'ldap.example.com', port: 1636, tls: 'always' }],
    ['[2001:db8::1]:389', '', { host: '2001:db8::1', port: 389, tls: 'none' }],
    ['ldaps://[::1]', '', { host: '::1', port: 636, tls: 'always' }],
    [':389', '', { host: 'localhost', port: 389, tls: 'none' }],
  ])('%s with tls: "%s" is %j', (address, tls, server) => {
    expect(readServer(address, tls)).toEqual(server)
  })

  test.each<[string, '' | Server['tls']]>([
    ['', ''],
    ['ldap://', ''],
    ['2001:db8::1:389', ''],
    ['ldap.example.com:99999', ''],
    ['ldap.example.com:389/dc=example', ''],
    ['http://ldap.example.com', ''],
    ['ldap://user@ldap.example.com', ''],
    ['two hosts:389', ''],
    ['ldaps://ldap.example.com', 'none'],
    ['ldaps://ldap.example.com', 'starttls'],
    ['ldap://ldap.example.com', 'always'],
  ])('%s with tls: "%s" is none', (address, tls) => {
    expect(readServer(address, tls)).toEqual(expect.any(String))
  })
})

describe('the section', () => {
  test('of docker_auth is understood, key for key', async () => {
    const { certificatePem } = await pemPair('ldap')
    const answer = await readSection({
      addr: 'ldap.example.com:636',
      tls: 'always',
      insecure_tls_skip_verify: 'false',
      ca_certificate: await folder.write('ca.pem', certificatePem),
      base: 'o=example.com',
      filter: '(&(uid=${account})(objectClass=person))',
      bind_dn: 'cn=service,o=example.com',
      bind_password_file: await folder.write('password', 'secret\n'),
      initial_bind_as_user: 'false',
      labels: { groups: { attribute: 'memberOf', parse_cn: 'true', lower_case: 'true' } },
    })
    expect(answer).toMatchObject({ problems: [], warnings: [], key: expect.any(String) })
  })

  test.each([
    ['a user who binds first', { bind_dn: 'uid=${account},dc=example', initial_bind_as_user: 'yes' }],
    ['nobody to bind as', { bind_dn: '' }],
    ['several servers', { addr: ['localhost:389', 'ldaps://other.example.com'] }],
    ['groups of groups', { groups: { base: 'ou=groups', nested: 'walk', depth: '3' } }],
    ['groups by Active Directory’s rule', { groups: { filter: '(member=${dn})', nested: 'in_chain' } }],
    [
      'groups by account',
      { account: { attribute: 'uid' }, groups: { filter: '(memberUid=${account})', attribute: 'cn', label: 'teams' } },
    ],
    ['the directory’s spelling of accounts', { account: { attribute: 'uid', lower_case: 'true' } }],
    ['time limits', { timeouts: { connect: '1s', bind: '2s', search: '1m' } }],
    ['a filter with escaped text', { filter: '(&(uid=${account})(memberOf=ou=M\\c3\\bcnchen))' }],
  ])('may name %s', async (_, changes) => {
    expect(await readSection({ ...good, ...changes })).toMatchObject({ problems: [], warnings: [] })
  })

  test.each([
    [{ addr: undefined }, 'addr: is required'],
    [{ addr: 'a b' }, 'addr: a b: must be host:port or an ldap:// or ldaps:// URL'],
    [{ addr: [] }, 'addr: must name a server'],
    [{ tls: 'yes' }, 'tls: must be none, starttls or always'],
    [{ tls: 'none', addr: 'ldaps://localhost' }, 'addr: ldaps://localhost: contradicts tls: none'],
    [{ filter: undefined }, 'filter: is required'],
    [{ filter: '(uid=bob)' }, 'filter: must contain ${account}'],
    [{ filter: '(uid=${account}' }, expect.stringMatching(/^filter: is no LDAP filter: /)],
    [{ filter: '(&(uid=${account})(x=\\ff))' }, 'filter: cannot hold bytes that are not UTF-8'],
    [{ bind_dn: 'cn=service' }, 'bind_dn: needs a bind_password_file'],
    [{ bind_dn: 'uid=${account}' }, 'bind_dn: ${account} needs initial_bind_as_user: true'],
    [{ bind_dn: 'cn=service', initial_bind_as_user: 'true' }, expect.stringMatching(/^bind_dn: must contain/)],
    [{ initial_bind_as_user: 'true' }, expect.stringMatching(/^bind_dn: must contain/)],
    [{ labels: { team: {} } }, 'labels.team.attribute: is required'],
    [
      { labels: { team: { attribute: 'ou', parseCn: 'x' } } },
      expect.stringMatching(/^labels.team.parseCn: unknown key/),
    ],
    [{ groups: { filter: '(cn=x)', nested: 'walk' } }, 'groups.filter: must contain ${dn}'],
    [{ groups: { nested: 'deep' } }, 'groups.nested: must be none, in_chain or walk'],
    [{ groups: { depth: '0' } }, 'groups.depth: must be between 1 and 20'],
    [{ groups: {}, labels: { groups: { attribute: 'ou' } } }, 'groups.label: "groups" is one of labels already'],
    [{ account: { lower_case: 'true' } }, 'account.attribute: is required'],
    [{ timeouts: { bind: '0s' } }, 'timeouts.bind: must be between 1ms and 5m, with its unit: 5s'],
    [{ ca_certificate: '/does/not/exist' }, 'ca_certificate: /does/not/exist does not exist'],
  ])('with %j is refused: %s', async (changes, problem) => {
    const { problems, key } = await readSection({ ...good, ...changes })
    expect(problems).toEqual([problem])
    expect(key).toBeUndefined()
  })

  test('refuses files that hold nothing useful', async () => {
    const empty = await folder.write('empty', ' \n')
    expect((await readSection({ ...good, bind_dn: 'cn=a', bind_password_file: empty })).problems).toEqual([
      `bind_password_file: ${empty} is empty`,
    ])
    expect((await readSection({ ...good, ca_certificate: empty })).problems).toEqual([
      `ca_certificate: ${empty} holds no PEM certificate`,
    ])
  })

  test.each([
    [{ addr: 'ldap.example.com:389' }, 'tls: passwords travel to ldap.example.com:389 in clear text'],
    [{ addr: ['localhost', '[2001:db8::1]:389'] }, 'tls: passwords travel to [2001:db8::1]:389 in clear text'],
    [{ insecure_tls_skip_verify: 'true' }, 'insecure_tls_skip_verify: whoever is between here and the directory'],
    [{ bind_password_file: 'x' }, 'bind_password_file: is not read'],
    [{ groups: { filter: '(memberUid=${account})' } }, 'groups.filter: finds groups by the account as it is typed'],
  ])('with %j loads with a warning: %s', async (changes, warning) => {
    const { problems, warnings } = await readSection({ ...good, ...changes })
    expect(problems).toEqual([])
    expect(warnings).toEqual([expect.stringContaining(warning)])
  })

  test.each(['localhost:389', '127.0.0.2:389', '[::1]:389', 'ldap.example.com:636'])(
    'is silent about %s',
    async (addr) => expect((await readSection({ ...good, addr })).warnings).toEqual([]),
  )

  test('has another key when the service password changes, and the same when it does not', async () => {
    const keyWith = async (password: string): Promise<string | undefined> => {
      const bind_password_file = await folder.write('password', password)
      return (await readSection({ ...good, bind_dn: 'cn=a', bind_password_file })).key
    }
    const first = await keyWith('one')
    expect(await keyWith('one\n')).toBe(first)
    expect(await keyWith('two')).not.toBe(first)
    expect(first).not.toContain('one')
  })
})
