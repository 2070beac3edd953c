// Logging in against OpenLDAP's slapd: who gets in, as whom, with which labels, and what is remembered.
import { describe, expect, test } from '@jest/globals'
import { BackendError } from '../../src/lib/errors.ts'
import { authenticatorConformance } from '../authn/conformance.ts'
import { createRecorder } from '../support/recorder.ts'
import { freePort } from './children.ts'
import { group, oddNames, passwordOf, person, personLdif } from './ldap-people.ts'
import { accepted, anonymous, direct, forgetful, noMatch, refused, useLdap, wrong } from './ldap-site.ts'
import { requires } from './requires.ts'

requires(
  'slapd',
  'ldapmodify',
  'openssl',
)('LDAP logins:', () => {
  const { slapd, open, mark, said, binds } = useLdap()

  authenticatorConformance(
    'ldap_auth',
    {
      labelsArePatterns: false,
      emptyPassword: noMatch,
      impossiblePassword: refused,
      upperCase: 'accepted',
      blanks: 'rejected',
    },
    async () => {
      const labels = { unit: { attribute: 'ou' } }
      return {
        authenticator: (await open({ labels })).authenticator,
        known: { account: 'alice', password: passwordOf('alice'), labels: { unit: ['Sales', 'RESEARCH'] } },
        broken: (await open({ addr: `127.0.0.1:${await freePort()}` })).authenticator,
      }
    },
  )

  describe.each([
    ['a service account that searches', {}],
    ['a search as nobody', anonymous],
    ['a bind as the user', direct],
  ])('with %s', (_, section) => {
    test('the right password is accepted, with the account as typed and no labels', async () => {
      expect(await (await open(section)).login('alice', passwordOf('alice'))).toEqual(accepted('alice'))
    })

    test('a wrong password is a wrong password', async () => {
      expect(await (await open(section)).login('bob', 'wrong')).toEqual(wrong)
    })

    test('an account that the directory does not know is let in by nobody', async () => {
      const { login } = await open(section)
      expect(await login('nobody', 'x')).toEqual('initial_bind_as_user' in section ? wrong : noMatch)
    })

    test.each([
      '*',
      '*)(uid=*',
      'alice)(|(uid=*',
      'alice)(objectClass=*',
      'alice,ou=people',
      'alice+cn=The alice',
      '\\61lice',
      '(',
      '\\',
      '&',
    ])('the account %j finds nobody, whoever’s password it comes with', async (account) => {
      expect(['no-match', 'rejected']).toContain(
        (await (await open(section)).login(account, passwordOf('alice'))).outcome,
      )
    })

    test('an endless account finds nobody', async () => {
      const { login } = await open(section)
      expect(['no-match', 'rejected']).toContain((await login('a'.repeat(10_000), 'x')).outcome)
    })

    test.each(oddNames)('%j can log in, and nobody else with that name', async (name) => {
      const { login } = await open(section)
      expect(await login(name, passwordOf(name))).toEqual(accepted(name))
      expect(await login(name, passwordOf('alice'))).toEqual(wrong)
    })

    test('an empty password is no answer, and a blank one or one with NUL a refusal: none of them is a bind', async () => {
      const { login } = await open(section)
      const since = await mark()
      expect(await login('alice', '')).toEqual(noMatch)
      expect(await login('alice', '  ')).toEqual(refused)
      expect(await login('alice', '\0')).toEqual(refused)
      expect(await login('alice', `${passwordOf('alice')}\0x`)).toEqual(refused)
      expect(await binds(person('alice'), since)).toBe(0)
    })

    test('blanks around an account are refused, although the directory would ignore them', async () => {
      const { login } = await open(section)
      expect(await login('alice ', passwordOf('alice'))).toEqual(refused)
      expect(await login(' alice', passwordOf('alice'))).toEqual(refused)
    })

    test('somebody without a password is refused or has none that is right', async () => {
      const { login } = await open(section)
      expect(await login('nopassword', 'x')).toMatchObject({ outcome: 'rejected' })
    })

    test('an entry of another directory (a referral) is not followed', async () => {
      const { login } = await open({ ...section, filter: '(uid=${account})' })
      expect(await login('elsewhere', passwordOf('bob'))).toEqual('initial_bind_as_user' in section ? wrong : noMatch)
    })

    test('many at once are all answered right', async () => {
      const { login } = await open(section, forgetful)
      const answers = await Promise.all(
        Array.from({ length: 60 }, (_, i) => {
          const name = ['alice', 'bob', 'carol'][i % 3]!
          return login(name, i % 2 === 0 ? passwordOf(name) : `${passwordOf('alice')}x`)
        }),
      )
      expect(answers.map(({ outcome }) => outcome)).toEqual(
        answers.map((_, i) => (i % 2 === 0 ? 'accepted' : 'rejected')),
      )
    })
  })

  describe('whose account it is:', () => {
    test('two entries are a refusal that the log explains, whichever password it is', async () => {
      const recorder = createRecorder()
      const { login } = await open({}, { log: recorder.log })
      expect(await login('twice', passwordOf('twice'))).toEqual(refused)
      expect(recorder.lines).toMatchObject([{ level: 'warn', fields: { account: 'twice' } }])
    })

    test('another spelling is another account for rules, unless the directory’s spelling is asked for', async () => {
      expect(await (await open()).login('ALICE', passwordOf('alice'))).toEqual(accepted('ALICE'))
      const { login } = await open({ account: { attribute: 'uid' } })
      expect(await login('ALICE', passwordOf('alice'))).toEqual(accepted('alice'))
      expect(await login('JÜRGEN  müller', passwordOf('Jürgen Müller'))).toEqual(accepted('Jürgen Müller'))
    })

    test('the directory’s spelling can be put in lower case, or be another attribute', async () => {
      const lower = await open({ account: { attribute: 'uid', lower_case: 'yes' } })
      expect(await lower.login('jürgen müller', passwordOf('Jürgen Müller'))).toEqual(accepted('jürgen müller'))
      const mail = await open({ account: { attribute: 'mail' }, ...direct })
      expect(await mail.login('alice', passwordOf('alice'))).toEqual(accepted('alice@example.org'))
    })

    test('an entry with two spellings, or none, is refused', async () => {
      const recorder = createRecorder()
      const uid = await open({ account: { attribute: 'uid' } }, { log: recorder.log })
      expect(await uid.login('alias', passwordOf('alsoknown'))).toEqual(refused)
      const mail = await open({ account: { attribute: 'mail' } }, { log: recorder.log })
      expect(await mail.login('bob', passwordOf('bob'))).toEqual(refused)
      expect(recorder.lines.map(({ fields }) => fields)).toEqual([{ account: 'alias' }, { account: 'bob' }])
    })
  })

  describe('labels', () => {
    test('are the values of attributes, each label in its own form', async () => {
      const labels = {
        unit: { attribute: 'ou' },
        lower: { attribute: 'OU', lower_case: 'true' },
        boss: { attribute: 'manager', parse_cn: 'true' },
        name: { attribute: 'cn', parse_cn: 'true' },
        none: { attribute: 'description' },
        photo: { attribute: 'jpegPhoto' },
      }
      const { login } = await open({ labels })
      const since = await mark()
      const answer = await login('alice', passwordOf('alice'))
      expect(answer).toEqual(
        accepted('alice', {
          unit: ['Sales', 'RESEARCH'],
          lower: ['sales', 'research'],
          boss: [person('bob')],
          name: ['The alice'],
          none: [],
          photo: [],
        }),
      )
      expect(await login('bob', passwordOf('bob'))).toMatchObject({ identity: { labels: { photo: [] } } })
      expect(await said(since)).toMatch(/SRCH attr=ou OU manager cn description jpegPhoto/)
    })

    test('are groups, direct ones, of people with any name', async () => {
      const { login } = await open({ groups: { base: 'ou=groups,dc=example,dc=org' } })
      expect(await login('alice', passwordOf('alice'))).toEqual(accepted('alice', { groups: ['developers'] }))
      expect(await login('o,comma', passwordOf('o,comma'))).toEqual(accepted('o,comma', { groups: ['developers'] }))
      expect(await login('twice', passwordOf('twice'))).toEqual(refused)
    })

    test('are the groups of groups, to a depth, and circles end', async () => {
      const nested = async (depth: string): Promise<unknown> => {
        const { login } = await open({ groups: { nested: 'walk', depth }, ...direct })
        const answer = await login('alice', passwordOf('alice'))
        return answer.outcome === 'accepted' ? answer.identity.labels['groups'] : answer
      }
      expect(await nested('1')).toEqual(['developers', 'engineering'])
      expect(await nested('2')).toEqual(['developers', 'engineering', 'staff'])
      expect(await nested('20')).toEqual(['developers', 'engineering', 'staff', 'circle-a', 'circle-b'])
    })

    test('that cannot all be had are an outage: a rule that denies by group must not be missed', async () => {
      const names = Array.from({ length: 1001 }, (_, i) => `many-${i}`)
      await slapd().add(
        [
          personLdif('popular'),
          ...names.map(
            (name) => `dn: ${group(name)}\nobjectClass: groupOfNames\ncn: ${name}\nmember: ${person('popular')}\n`,
          ),
        ].join('\n'),
      )
      const { login } = await open({ groups: {} })
      await expect(login('popular', passwordOf('popular'))).rejects.toBeInstanceOf(BackendError)
    })
  })

  describe('what is remembered:', () => {
    test('a right password is not bound again', async () => {
      const { login } = await open()
      const since = await mark()
      for (let i = 0; i < 3; i++) expect(await login('carol', passwordOf('carol'))).toEqual(accepted('carol'))
      expect(await binds(person('carol'), since)).toBe(1)
    })

    test.each([
      ['a search', {}],
      ['a bind as the user', direct],
    ])('with %s, an identical wrong password is bound once, so that it never locks the account', async (_, section) => {
      const uid = 'initial_bind_as_user' in section ? 'tired-direct' : 'tired'
      await slapd().add(personLdif(uid))
      const { login } = await open(section)
      const since = await mark()
      const together = Array.from({ length: 10 }, () => login(uid, 'stale-password'))
      for (const answer of await Promise.all(together)) expect(answer).toEqual(wrong)
      for (let i = 0; i < 5; i++) expect(await login(uid, 'stale-password')).toEqual(wrong)
      expect(await binds(person(uid), since)).toBe(1)
      expect(await login(uid, passwordOf(uid))).toEqual(accepted(uid))
    })

    test('another spelling of the account is not another try', async () => {
      await slapd().add(personLdif('speller'))
      const { login } = await open()
      const since = await mark()
      for (const account of ['speller', 'SPELLER', 'Speller', 'speLLer'])
        expect(await login(account, 'stale')).toEqual(wrong)
      expect(await binds(person('speller'), since)).toBe(1)
    })
  })
})
