// LDAP against OpenLDAP's slapd where something is wrong: accounts, certificates, servers.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, describe, expect, test } from '@jest/globals'
import type { Authentication } from '../../src/authn/index.ts'
import { BackendError } from '../../src/lib/errors.ts'
import { makeCertificate } from './certificate.ts'
import { freePort, scratchFolder, waitUntil } from './children.ts'
import { everybody, passwordOf, person, personLdif } from './ldap-people.ts'
import { accepted, direct, forgetful, refused, searcher, useLdap, wrong } from './ldap-site.ts'
import { requires } from './requires.ts'
import { type Slapd, startSlapd } from './slapd.ts'

requires(
  'slapd',
  'ldapmodify',
  'openssl',
)('LDAP trouble:', () => {
  const { slapd, tls, open, mark, said, binds } = useLdap()

  describe('a password policy:', () => {
    let strict: Slapd
    const policy = (name: string, rule: string): string =>
      `dn: cn=${name},dc=example,dc=org\nobjectClass: device\nobjectClass: pwdPolicy\ncn: ${name}\npwdAttribute: userPassword\n${rule}\n`

    beforeAll(async () => {
      const entries = [
        everybody,
        policy('aging', 'pwdMaxAge: 1\n'),
        policy('changing', 'pwdMustChange: TRUE\n'),
        personLdif('expired', 'pwdPolicySubentry: cn=aging,dc=example,dc=org\n'),
        personLdif('reset', 'pwdPolicySubentry: cn=changing,dc=example,dc=org\n'),
      ]
      strict = await startSlapd({ entries: entries.join('\n'), overlays: ['ppolicy'] })
      await strict.add(`dn: ${person('reset')}\nchangetype: modify\nreplace: pwdReset\npwdReset: TRUE\n`)
    })

    test('a locked account is refused, even with the right password', async () => {
      const { login } = await open({ addr: strict.url })
      for (const guess of ['1', '2', '3']) expect(await login('bob', guess)).toMatchObject({ outcome: 'rejected' })
      expect(await login('bob', '4')).toEqual(refused)
      expect(await login('bob', passwordOf('bob'))).toEqual(refused)
    })

    test('a stale password, however often it comes, locks nobody', async () => {
      const { login } = await open({ addr: strict.url })
      for (let i = 0; i < 10; i++) expect(await login('carol', 'stale')).toEqual(wrong)
      expect(await login('carol', passwordOf('carol'))).toEqual(accepted('carol'))
    })

    test('a password that has to be changed first is refused', async () => {
      const { login } = await open({ addr: strict.url })
      expect(await login('reset', 'wrong')).toEqual(wrong)
      expect(await login('reset', passwordOf('reset'))).toEqual(refused)
    })

    test('an expired password is refused', async () => {
      const { login } = await open({ addr: strict.url }, forgetful)
      let answer = await login('expired', passwordOf('expired'))
      // It lives for a second.
      while (answer.outcome === 'accepted') {
        await sleep(100)
        answer = await login('expired', passwordOf('expired'))
      }
      expect(answer).toEqual(refused)
    })
  })

  describe('encryption:', () => {
    const login = async (changes: object): Promise<Authentication> =>
      (await open(changes)).login('alice', passwordOf('alice'))

    test('StartTLS and LDAPS with the right authority', async () => {
      const ca_certificate = tls().certificate
      const since = await mark()
      expect(await login({ tls: 'starttls', ca_certificate })).toEqual(accepted('alice'))
      expect(await login({ addr: slapd().ldapsUrl, ca_certificate })).toEqual(accepted('alice'))
      expect(await login({ addr: slapd().ldapsUrl.replace('ldaps://', ''), tls: 'always', ca_certificate })).toEqual(
        accepted('alice'),
      )
      expect((await said(since)).match(/TLS established/g)).toHaveLength(6)
    })

    test('a certificate of another authority is an outage before anything is said', async () => {
      const { certificate: ca_certificate } = await makeCertificate()
      const since = await mark()
      await expect(login({ tls: 'starttls', ca_certificate, ...direct })).rejects.toBeInstanceOf(BackendError)
      await expect(login({ addr: slapd().ldapsUrl, ca_certificate, ...direct })).rejects.toBeInstanceOf(BackendError)
      await expect(login({ addr: slapd().ldapsUrl, ...direct })).rejects.toBeInstanceOf(BackendError)
      expect(await binds(person('alice'), since)).toBe(0)
    })

    test('a certificate of another host is an outage, unless nobody is to look', async () => {
      const elsewhere = await makeCertificate(['DNS:elsewhere.example.org'])
      const other = await startSlapd({ entries: everybody, tls: elsewhere })
      const ca_certificate = elsewhere.certificate
      for (const section of [{ addr: other.url, tls: 'starttls' }, { addr: other.ldapsUrl }]) {
        await expect(login({ ...section, ca_certificate })).rejects.toThrow(/altname|does not match/)
        expect(await login({ ...section, insecure_tls_skip_verify: 'true' })).toEqual(accepted('alice'))
      }
      await other.kill()
    })

    test('a server without StartTLS is an outage, and nothing is said in clear text', async () => {
      const plain = await startSlapd({ entries: everybody })
      await expect(login({ addr: plain.url, tls: 'starttls', ...direct })).rejects.toBeInstanceOf(BackendError)
      await plain.kill()
      expect(plain.child().output()).not.toContain('BIND dn="uid=alice')
    })
  })

  describe('a directory that fails:', () => {
    test('a service account with a wrong password is an outage, not a denial, and is not locked by logins', async () => {
      const bad = join(scratchFolder(), 'password')
      writeFileSync(bad, 'stale')
      const { login } = await open({ bind_password_file: bad })
      const since = await mark()
      for (let i = 0; i < 5; i++) await expect(login('alice', passwordOf('alice'))).rejects.toThrow(/bind_dn/)
      expect(await binds(searcher, since)).toBe(1)
    })

    test('nobody listening is an outage, for the readiness check too', async () => {
      const { login, authenticator } = await open({ addr: `127.0.0.1:${await freePort()}` })
      await expect(login('alice', passwordOf('alice'))).rejects.toThrow(/ECONNREFUSED/)
      await expect(authenticator.check!(new AbortController().signal)).rejects.toBeInstanceOf(BackendError)
    })

    test('a base that does not exist is an outage', async () => {
      const { login } = await open({ base: 'dc=nowhere' })
      await expect(login('alice', passwordOf('alice'))).rejects.toBeInstanceOf(BackendError)
    })

    test('a server that is killed is an outage while it is gone, and works again when it is back', async () => {
      const own = await startSlapd({ entries: everybody, tls: tls() })
      const section = { addr: own.url, tls: 'starttls', ca_certificate: tls().certificate }
      const { login, authenticator } = await open(section, forgetful)
      expect(await login('alice', passwordOf('alice'))).toEqual(accepted('alice'))
      await authenticator.check!(new AbortController().signal)
      const during = Array.from({ length: 30 }, (_, i) => login('bob', `guess ${i}`).catch((error: unknown) => error))
      await own.kill()
      for (const answer of await Promise.all(during)) {
        if (answer instanceof Error) expect(answer).toBeInstanceOf(BackendError)
        else expect(answer).toEqual(wrong)
      }
      await expect(login('alice', passwordOf('alice'))).rejects.toBeInstanceOf(BackendError)
      await own.restart()
      expect(await login('alice', passwordOf('alice'))).toEqual(accepted('alice'))
      await own.kill()
      await own.restart()
      expect(await login('alice', passwordOf('alice'))).toEqual(accepted('alice'))
      await own.kill()
    })

    test('the next server of the list is asked, and the first one again when that one goes', async () => {
      const [first, second] = [await startSlapd({ entries: everybody }), await startSlapd({ entries: everybody })]
      const { login } = await open({ addr: [first.url, second.url] }, forgetful)
      const works = async (): Promise<void> =>
        expect(await login('alice', passwordOf('alice'))).toEqual(accepted('alice'))
      await works()
      await first.kill()
      await works()
      await waitUntil(second.child(), () => Promise.resolve(second.child().output().includes('BIND dn="uid=alice')))
      await first.restart()
      await second.kill()
      await works()
      await first.kill()
      await expect(login('alice', passwordOf('alice'))).rejects.toThrow(/ECONNREFUSED.*; .*ECONNREFUSED/)
    })
  })
})
