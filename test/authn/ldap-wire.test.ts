// Logging in where the directory says what no real one at hand says: odd answers, too much, nothing, or something slipped in.
import { afterEach, describe, expect, test } from '@jest/globals'
import type { Authentication, AuthnTools } from '../../src/authn/index.ts'
import { BackendError } from '../../src/lib/errors.ts'
import { createRecorder } from '../support/recorder.ts'
import { pemPair } from '../support/pems.ts'
import { useFolder } from '../support/folder.ts'
import { openSection } from './ldap-section.ts'
import type { Door } from './ldap-section.ts'
import { BIND, EXTENDED, SEARCH, entry, fakeDirectory, onePerson, result } from './ldap-server.ts'
import type { Answers, FakeDirectory, Request } from './ldap-server.ts'

const folder = useFolder()
const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

const fake = async (
  answers: Answers,
  tls?: { readonly key: string; readonly cert: string },
): Promise<FakeDirectory> => {
  const directory = await fakeDirectory(answers, tls)
  closing.push(() => directory.close())
  return directory
}

const door = async (section: object, tools?: Parameters<typeof openSection>[1]): Promise<Door> => {
  const opened = await openSection({ base: 'dc=example', filter: '(uid=${account})', ...section }, tools)
  closing.push(() => opened.authenticator.close!())
  return opened
}

const wrong: Authentication = { outcome: 'rejected', reason: 'wrong-password' }
const refused: Authentication = { outcome: 'rejected', reason: 'refused' }
const direct = { bind_dn: 'uid=${account},dc=example', initial_bind_as_user: 'true' }

describe('a directory that says', () => {
  test('that an account is disabled, in Active Directory’s words, refuses it', async () => {
    const { address } = await fake(
      onePerson((request) => result(request, 49, 'AcceptSecurityContext error, data 533, v1')),
    )
    expect(await (await door({ addr: address })).login('bob', 'x')).toEqual(refused)
  })

  test('that it is busy is an outage', async () => {
    const { address } = await fake(onePerson((request) => result(request, 51, 'busy')))
    await expect((await door({ addr: address })).login('bob', 'x')).rejects.toThrow(BackendError)
  })

  test('something of a password that is not text leaves it out of the labels', async () => {
    const { address } = await fake(
      onePerson((request) => result(request, 0), { OU: ['a', Buffer.from([0xff, 0xfe]), 'b'] }),
    )
    const { login } = await door({ addr: address, labels: { unit: { attribute: 'ou' } } })
    expect(await login('bob', 'x')).toMatchObject({ identity: { labels: { unit: ['a', 'b'] } } })
  })

  test('only some values of an attribute, because there are many, is an outage: a rule that denies by one must not be missed', async () => {
    const { address } = await fake(onePerson((request) => result(request, 0), { 'memberOf;range=0-1499': ['cn=a'] }))
    const { login } = await door({ addr: address, labels: { groups: { attribute: 'memberOf' } } })
    await expect(login('bob', 'x')).rejects.toThrow('memberOf;range=0-1499')
  })

  test('nothing it understands is an outage, and the next login has a new connection', async () => {
    let garbage = true
    const { address } = await fake(
      onePerson((request) =>
        garbage ? Buffer.from([0x30, 0x05, 0x02, 0x01, request.id, 0x7f, 0x00]) : result(request, 0),
      ),
    )
    const { login } = await door({ addr: address, timeouts: { bind: '300ms' } })
    await expect(login('bob', 'x')).rejects.toThrow(BackendError)
    garbage = false
    expect(await login('bob', 'x')).toMatchObject({ outcome: 'accepted' })
  })

  test('far too much is an outage', async () => {
    const { address, connections } = await fake((request) =>
      request.operation === SEARCH
        ? Buffer.concat([
            ...Array.from({ length: 90 }, () => entry(request, 'x', { cn: ['x'.repeat(60_000)] })),
            result(request, 0),
          ])
        : result(request, 0),
    )
    await expect((await door({ addr: address })).login('bob', 'x')).rejects.toThrow('more than 4 MiB')
    expect(connections()).toBeLessThanOrEqual(1)
  })

  test('very many things at once ends no process', async () => {
    const { address } = await fake((request) =>
      request.operation === SEARCH
        ? Buffer.concat([...Array.from({ length: 8000 }, () => entry(request, '')), result(request, 0)])
        : result(request, 0),
    )
    expect(await (await door({ addr: address })).login('bob', 'x')).toEqual(refused)
  })

  test('that somebody has no name is not taken for somebody: binding without one is binding as nobody', async () => {
    const { address, requests } = await fake((request) =>
      request.operation === SEARCH ? Buffer.concat([entry(request, ''), result(request, 0)]) : result(request, 0),
    )
    expect(await (await door({ addr: address })).login('bob', 'x')).toEqual(wrong)
    expect(requests.filter(({ operation }) => operation === BIND)).toEqual([])
  })

  test('that the service account has a wrong password is not asked again for 30 s, then it is', async () => {
    let now = 0
    const { address, requests } = await fake((request) => result(request, 49, 'no'))
    const bind_password_file = await folder.write('password', 'stale')
    const { login } = await door({ addr: address, bind_dn: 'cn=service', bind_password_file }, { now: () => now })
    for (let i = 0; i < 3; i++) await expect(login('bob', 'x')).rejects.toThrow(/refuses bind_dn/)
    expect(requests).toHaveLength(1)
    now = 30_000
    await expect(login('bob', 'x')).rejects.toThrow(/refuses bind_dn/)
    expect(requests).toHaveLength(2)
    now = -3600e3 // The clock was put back.
    await expect(login('bob', 'x')).rejects.toThrow(/refuses bind_dn/)
    expect(requests).toHaveLength(3)
  })
})

describe('a directory that says nothing', () => {
  test.each([
    ['to a connection with TLS', { tls: 'always' }, () => undefined],
    ['to StartTLS', { tls: 'starttls' }, () => undefined],
    ['to a search', {}, () => undefined],
    ['to a bind', {}, onePerson(() => undefined)],
    ['to a bind as the user', direct, () => undefined],
  ])('%s is an outage', async (_, section, answers) => {
    const { address } = await fake(answers)
    const timeouts = { connect: '100ms', bind: '100ms', search: '100ms' }
    const { login, authenticator } = await door({ addr: address, timeouts, ...section })
    await expect(login('bob', 'x')).rejects.toThrow(/within 0.1 s/)
    if (answers.length === 0)
      await expect(authenticator.check!(new AbortController().signal)).rejects.toThrow(BackendError)
  })

  test('is passed over for one that answers, by searches and by binds, until that fails', async () => {
    let deaf = true
    const first = await fake(onePerson((request) => (deaf ? undefined : result(request, 0))))
    const second = await fake(onePerson((request) => result(request, 0)))
    const { login } = await door({ addr: [first.address, second.address], timeouts: { bind: '100ms' } })
    await expect(login('bob', '1')).rejects.toThrow(BackendError)
    expect(await login('bob', '2')).toMatchObject({ outcome: 'accepted' })
    expect(await login('bob', '3')).toMatchObject({ outcome: 'accepted' })
    expect(first.requests).toHaveLength(2)
    deaf = false
    second.close()
    expect(await login('bob', '4')).toMatchObject({ outcome: 'accepted' })
    expect(first.requests).toHaveLength(4)
  })
})

describe('connections', () => {
  test('are kept: the second login opens none', async () => {
    const { address, requests } = await fake(
      onePerson((request) => result(request, request.name === 'cn=service' ? 0 : 49)),
    )
    const bind_password_file = await folder.write('password', 'right')
    const { login } = await door({ addr: address, bind_dn: 'cn=service', bind_password_file })
    await login('bob', '1')
    await login('bob', '2')
    expect(requests.map(({ connection, operation, name }) => [connection, operation, name])).toEqual([
      [1, BIND, 'cn=service'],
      [1, SEARCH, 'dc=example'],
      [2, BIND, 'uid=bob,dc=example'],
      [1, SEARCH, 'dc=example'],
      [2, BIND, 'uid=bob,dc=example'],
    ])
  })

  test('that the directory closed meanwhile are replaced, bound again, without anybody noticing', async () => {
    const { address, requests, cut } = await fake(
      onePerson((request) => result(request, request.name === 'cn=service' ? 0 : 49)),
    )
    const bind_password_file = await folder.write('password', 'right')
    const { login } = await door({ addr: address, bind_dn: 'cn=service', bind_password_file })
    expect(await login('bob', '1')).toEqual(wrong)
    cut()
    expect(await login('bob', '2')).toEqual(wrong)
    expect(requests.filter(({ name }) => name === 'cn=service')).toHaveLength(2)
  })

  test('that are closed in the middle of a first search are an outage', async () => {
    const directory = await fake(() => {
      directory.cut()
      return undefined
    })
    await expect((await door({ addr: directory.address })).login('bob', 'x')).rejects.toThrow(/closed/)
  })

  test.each([['in clear text'], ['encrypted after StartTLS']])('%s are all closed at the end', async (how) => {
    const { certificatePem: cert, privateKeyPem: key } = await pemPair('ldap')
    const encrypted = how.startsWith('encrypted')
    const answers = onePerson((request) => result(request, 0))
    const { address, connections } = await fake(
      (request) => (request.operation === EXTENDED ? result(request, 0) : answers(request)),
      encrypted ? { cert, key } : undefined,
    )
    const { login, authenticator } = await openSection({
      ...{ addr: address, filter: '(uid=${account})', tls: encrypted ? 'starttls' : 'none' },
      insecure_tls_skip_verify: 'true',
    })
    expect(await login('bob', 'x')).toMatchObject({ outcome: 'accepted' })
    expect(connections()).toBe(2)
    await authenticator.close!()
    await authenticator.close!()
    while (connections() > 0) await new Promise((resolve) => setTimeout(resolve, 5))
  })
})

describe('StartTLS', () => {
  test('that a directory does not know is an outage, never a login in clear text', async () => {
    const { address, requests } = await fake((request) => result(request, request.operation === EXTENDED ? 2 : 0))
    const { login } = await door({ addr: address, tls: 'starttls', ...direct })
    await expect(login('bob', 'x')).rejects.toThrow(BackendError)
    expect(requests.map(({ operation }) => operation)).toEqual([EXTENDED])
  })

  test('leaves nothing of what was slipped in before it: half an answer does not become "success" after it', async () => {
    const { certificatePem: cert, privateKeyPem: key } = await pemPair('ldap')
    const ca_certificate = await folder.write('ca.pem', cert)
    // "Success" for a coming bind, whole but for its last field: what the real server then says would become that field's value.
    const half = (request: Request, id: number): Buffer => {
      const rest = result({ ...request, operation: BIND }, 49, 'no').length
      const fields = [0x0a, 0x01, 0x00, 0x04, 0x00, 0x04, rest]
      return Buffer.from([0x30, 12 + rest, 0x02, 0x01, id, 0x61, 7 + rest, ...fields])
    }
    for (const id of [2, 3, 4]) {
      const { address } = await fake(
        (request) =>
          request.operation === EXTENDED
            ? Buffer.concat([result(request, 0), half(request, id)])
            : result(request, 49, 'no'),
        { cert, key },
      )
      const section = { addr: address, tls: 'starttls', ca_certificate, insecure_tls_skip_verify: 'true', ...direct }
      expect(await (await door(section)).login('bob', 'x')).toEqual(wrong)
    }
  })

  test('is not forgotten when the connection is lost: the next one is encrypted, too', async () => {
    const { certificatePem: cert, privateKeyPem: key } = await pemPair('ldap')
    const answers: Answers = (request) => result(request, request.operation === BIND ? 49 : 0)
    const { address, requests, cut } = await fake(answers, { cert, key })
    const { login } = await door({ addr: address, tls: 'starttls', insecure_tls_skip_verify: 'true', ...direct })
    expect(await login('bob', '1')).toEqual(wrong)
    cut()
    expect(await login('bob', '2')).toEqual(wrong)
    expect(requests.map(({ operation }) => operation)).toEqual([EXTENDED, BIND, EXTENDED, BIND])
  })
})

describe('nothing is asked', () => {
  test.each([
    ['', 'x', { outcome: 'no-match' }],
    ['bob', '', { outcome: 'no-match' }],
    ['bob', ' \t', refused],
    ['bob', 'x\0', refused],
    ['bob', '\0', refused],
    ['bob', '\ud800', refused],
    [' bob', 'x', refused],
    ['bob ', 'x', refused],
    ['bob\u00a0', 'x', refused],
    ['b\0ob', 'x', { outcome: 'no-match' }],
    ['bo\u00adb', 'x', { outcome: 'no-match' }],
    ['bo\u200bb', 'x', { outcome: 'no-match' }],
    ['bo\u034fb', 'x', { outcome: 'no-match' }],
    ['bo\u1806b', 'x', { outcome: 'no-match' }],
    ['bo\ufe0fb', 'x', { outcome: 'no-match' }],
    ['bo\ufffcb', 'x', { outcome: 'no-match' }],
    ['b\ud800', 'x', { outcome: 'no-match' }],
  ])('for the account %j with the password %j', async (account, password, answer) => {
    const { address, requests } = await fake((request) => result(request, 0))
    for (const section of [{}, direct]) {
      expect(await (await door({ addr: address, ...section })).login(account, password)).toEqual(answer)
    }
    expect(requests).toEqual([])
  })

  test.each(['EXTERNAL', 'PLAIN', 'DIGEST-MD5', 'SCRAM-SHA-1'])(
    'for %s, which is not an account but a way to log in without a password',
    async (account) => {
      const { address, requests } = await fake((request) => result(request, 0))
      const section = { addr: address, bind_dn: '${account}', initial_bind_as_user: 'true' }
      expect(await (await door(section)).login(account, 'x')).toEqual(wrong)
      expect(requests).toEqual([])
    },
  )
})

describe('the work done', () => {
  test.each([
    ['a wrong password', 49],
    ['a locked account', 19],
  ])('for %s is a comparison more, as for an unknown account in the chain', async (_, code) => {
    let pretended = 0
    const passwords: AuthnTools['passwords'] = {
      verify: () => Promise.resolve(false),
      pretend: () => Promise.resolve(pretended++).then(() => undefined),
      expect: () => undefined,
    }
    const { address } = await fake(onePerson((request) => result(request, code)))
    for (const section of [{}, direct]) {
      const { login } = await door({ addr: address, ...section }, { passwords })
      pretended = 0
      expect(await login('bob', 'x')).toMatchObject({ outcome: 'rejected' })
      expect(await login('bob', 'x')).toMatchObject({ outcome: 'rejected' })
      expect(pretended).toBe(2)
    }
  })
})

test('a refusal stays one where too many wait for a comparison', async () => {
  const passwords: AuthnTools['passwords'] = {
    verify: () => Promise.resolve(false),
    pretend: () => Promise.reject(new BackendError('too many', { retryAfter: 1 })),
    expect: () => undefined,
  }
  const { address } = await fake(onePerson((request) => result(request, 19)))
  expect(await (await door({ addr: address }, { passwords })).login('bob', 'x')).toEqual(refused)
})

describe('groups by account', () => {
  const groups = { base: 'ou=groups', filter: '(memberUid=${account})' }

  test.each([{}, direct])(
    'are those of the directory’s spelling of it where that is asked for: %j',
    async (section) => {
      const { address, requests } = await fake(
        onePerson((request) => result(request, 0), { uid: ['bob'], cn: ['staff'] }),
      )
      const { login } = await door({ addr: address, groups, account: { attribute: 'uid' }, ...section })
      expect(await login('BOB', 'x')).toMatchObject({ identity: { account: 'bob', labels: { groups: ['staff'] } } })
      const [search] = requests.filter(({ name }) => name === 'ou=groups')
      expect(search!.bytes.toString('latin1')).toMatch(/memberUid..bob/s)
    },
  )
})

describe('groups of groups', () => {
  test('by Active Directory’s rule are one search, with that rule and the person’s DN', async () => {
    const { address, requests } = await fake(onePerson((request) => result(request, 0), { cn: ['developers'] }))
    const { login } = await door({ addr: address, groups: { base: 'ou=groups', label: 'teams', nested: 'in_chain' } })
    expect(await login('bob', 'x')).toMatchObject({ identity: { labels: { teams: ['developers'] } } })
    const searches = requests.filter(({ name }) => name === 'ou=groups')
    expect(searches).toHaveLength(1)
    expect(searches[0]!.bytes.toString('latin1')).toMatch(/1\.2\.840\.113556\.1\.4\.1941..member..uid=bob,dc=example/s)
  })
})

describe('the log', () => {
  test('never holds the password of anybody', async () => {
    const recorder = createRecorder()
    const bind_password_file = await folder.write('password', 'canary-service')
    const { address } = await fake((request) => result(request, request.name === 'cn=service' ? 0 : 1, 'no'))
    const { login } = await door({ addr: address, bind_dn: 'cn=service', bind_password_file }, { log: recorder.log })
    const error: unknown = await login('bob', 'canary-user').catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(BackendError)
    const { inspect } = await import('node:util')
    expect(inspect([error, recorder.lines], { depth: 20, showHidden: true })).not.toContain('canary')
  })
})
