// What is remembered of a login, seen through the whole program: how long an old password of a directory is still good.
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { eventually } from './asking.ts'
import { askToken, configWith, saysOf, startWith } from './backends.ts'
import { inDirectory } from './backends-people.ts'
import { cleanUp } from './children.ts'
import { type Draft, createDraft, replace } from './draft.ts'
import { everybody, passwordOf, person } from './ldap-people.ts'
import { requires } from './requires.ts'
import type { Server } from './server.ts'
import { type Slapd, startSlapd } from './slapd.ts'

requires(
  'slapd',
  'slapadd',
  'ldapmodify',
)('after a change of a password in the directory', () => {
  let draft: Draft
  let slapd: Slapd
  const [account, old, fresh] = ['alice', passwordOf('alice'), 'a fresh password']

  beforeEach(async () => {
    draft = await createDraft()
    slapd = await startSlapd({ entries: everybody })
  })
  afterEach(cleanUp)

  const start = (cache: object | undefined): Promise<Server> =>
    startWith(draft, { ...inDirectory(draft, slapd).sections, credential_cache: cache })
  const says = async (password: string): Promise<string> => saysOf(await askToken(draft.port, { account, password }))
  const changePassword = (): Promise<void> =>
    slapd.add(`dn: ${person(account)}\nchangetype: modify\nreplace: userPassword\nuserPassword: ${fresh}\n`)

  test('the old one is refused at once where nothing is remembered', async () => {
    await start({ ttl: '0s' })
    expect(await says(old)).toBe('pull,push')
    await changePassword()
    expect(await says(old)).toBe('401')
    expect(await says(fresh)).toBe('pull,push')
  })

  test('the old one is good until its time is over, however often it is used, and never again', async () => {
    await start({ ttl: '1s' })
    expect(await says(old)).toBe('pull,push')
    await changePassword()
    expect(await says(fresh)).toBe('pull,push')
    await eventually('the old password is refused', async () => (await says(old)) === '401')
    for (let again = 0; again < 5; again++) expect(await says(old)).toBe('401')
    expect(await says(fresh)).toBe('pull,push')
  })

  test('the old one is remembered by default, over a reload, too, until its back end changes', async () => {
    const server = await start(undefined)
    const reload = async (changes: object): Promise<void> => {
      const reloads = (): number => server.lines().filter(({ msg }) => msg === 'reloaded').length
      const before = reloads()
      replace(server.configFile, configWith(draft, { ...inDirectory(draft, slapd, changes).sections }))
      server.child.signal('SIGHUP')
      await eventually('it reloaded', () => reloads() > before)
    }
    expect(await says(old)).toBe('pull,push')
    await changePassword()
    expect(await says(old)).toBe('pull,push')
    await reload({})
    expect(await says(old)).toBe('pull,push')
    await reload({ timeouts: { search: '9s' } })
    expect(await says(old)).toBe('401')
  })

  test('who was let in a moment ago still is while the directory is down, and nobody else', async () => {
    await start({ ttl: '60s' })
    expect(await says(old)).toBe('pull,push')
    await slapd.kill()
    expect(await says(old)).toBe('pull,push')
    expect(await says('wrong')).toBe('500')
  })
})
