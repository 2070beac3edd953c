// The directory of the LDAP suites and the ways into it.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll } from '@jest/globals'
import type { Authentication } from '../../src/authn/index.ts'
import { openSection } from '../authn/ldap-section.ts'
import type { Door } from '../authn/ldap-section.ts'
import { type CertificateFiles, makeCertificate } from './certificate.ts'
import { cleanUp, scratchFolder } from './children.ts'
import { everybody } from './ldap-people.ts'
import { type Slapd, startSlapd } from './slapd.ts'

export const wrong: Authentication = { outcome: 'rejected', reason: 'wrong-password' }
export const refused: Authentication = { outcome: 'rejected', reason: 'refused' }
export const noMatch: Authentication = { outcome: 'no-match' }
export const accepted = (account: string, labels: Record<string, string[]> = {}): Authentication => ({
  outcome: 'accepted',
  identity: { account, labels, labelsArePatterns: false },
})

/** The service account that the sections of these suites search with. */
export const searcher = 'cn=searcher,ou=services,dc=example,dc=org'

/** Changes of a section: searches as nobody; binds as the user who logs in. */
export const anonymous = { bind_dn: undefined, bind_password_file: undefined }
export const direct = {
  bind_dn: 'uid=${account},ou=people,dc=example,dc=org',
  bind_password_file: undefined,
  initial_bind_as_user: 'true',
}

/** Tools with which nothing that was accepted is remembered. */
export const forgetful = { cache: { ttl: 0, size: 1 } }

export interface LdapSite {
  readonly slapd: () => Slapd
  readonly tls: () => CertificateFiles
  /** Opens a section with these changes; it is closed after the test. */
  readonly open: (changes?: object, tools?: Parameters<typeof openSection>[1]) => Promise<Door>
  /** Where the server's log is now; everything that was asked before is in it. */
  readonly mark: () => Promise<number>
  /** What the server's log says since a mark. */
  readonly said: (since: number) => Promise<string>
  /** How often slapd was asked to bind as this person, since a mark in its log. */
  readonly binds: (dn: string, since: number) => Promise<number>
}

/** Starts a directory with everybody in it for this suite. */
export const useLdap = (): LdapSite => {
  let slapd: Slapd
  let tls: CertificateFiles
  let passwordFile: string
  let doors: Door[] = []
  let marks = 0

  beforeAll(async () => {
    tls = await makeCertificate()
    slapd = await startSlapd({ entries: everybody, tls })
    passwordFile = join(scratchFolder(), 'password')
    writeFileSync(passwordFile, 'searcher-password\n')
  })
  afterEach(async () => {
    for (const { authenticator } of doors) await authenticator.close!()
    doors = []
  })
  afterAll(cleanUp)

  const open: LdapSite['open'] = async (changes = {}, tools = {}) => {
    const section = {
      addr: slapd.url,
      base: slapd.baseDn,
      filter: '(&(uid=${account})(objectClass=inetOrgPerson))',
      bind_dn: searcher,
      bind_password_file: passwordFile,
      ...changes,
    }
    const door = await openSection(section, tools)
    doors.push(door)
    return door
  }
  const mark = async (): Promise<number> => {
    const name = `mark-${++marks}`
    await (await open(anonymous)).login(name, 'x')
    while (!slapd.child().output().includes(name)) await sleep(5)
    return slapd.child().output().length
  }
  const said = async (since: number): Promise<string> => {
    const until = await mark()
    return slapd.child().output().slice(since, until)
  }
  const binds = async (dn: string, since: number): Promise<number> =>
    (await said(since)).split(`BIND dn="${dn}" method=128`).length - 1

  return { slapd: () => slapd, tls: () => tls, open, mark, said, binds }
}
