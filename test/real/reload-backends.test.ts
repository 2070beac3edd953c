// Back ends over reloads: what did not change stays as it is, under load; what did is replaced, and the old one goes.
import { mkdirSync, readFileSync, readdirSync, statSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { ask, basic, eventually, tokenPath } from './asking.ts'
import { type Backend, askToken, configWith, saysOf, startWith, teamRules } from './backends.ts'
import { inDirectory, password, putRecord, recordOf, signedInAtGithub } from './backends-people.ts'
import { programs } from './backends-programs.ts'
import { cleanUp } from './children.ts'
import { type Draft, createDraft, replace } from './draft.ts'
import { everybody, passwordOf } from './ldap-people.ts'
import { SLOW, requires } from './requires.ts'
import type { Server } from './server.ts'
import { type Slapd, startSlapd } from './slapd.ts'

const EDITS = 100
/** How far what a process holds may rise over so many reloads: what one reload leaks stands out, what a heap does by itself does not. */
const slack = { descriptors: 10, megabytes: 60 } as const

requires(
  SLOW,
  'slapd',
  'slapadd',
  'ldapmodify',
)('over reloads', () => {
  let draft: Draft
  let slapd: Slapd
  let server: Server
  let sections: Record<string, object>
  let edits = 0

  /** One for each of a program, a LevelDB folder and a directory. */
  const people: readonly Pick<Backend, 'account' | 'password'>[] = [
    { account: 'alice', password },
    { account: 'wendy', password },
    { account: 'carol', password: passwordOf('carol') },
  ]

  beforeAll(async () => {
    draft = await createDraft()
    slapd = await startSlapd({ entries: everybody })
    mkdirSync(draft.at('acl'))
    replace(draft.at('acl/20-edited.yml'), [])
    replace(draft.at('acl/10-teams.yml'), teamRules)
    await putRecord({ kind: 'level', path: draft.at('level') }, recordOf(Date.now() + 3600e3), 'wendy')
    sections = {
      acl: undefined,
      acl_files: ['acl/*.yml'],
      // So that everybody is asked every time.
      credential_cache: { ttl: '0s' },
      ...programs['a program that stays'](draft).sections,
      ...signedInAtGithub({ level_token_db: { path: 'level' } }).sections,
      ...inDirectory(draft, slapd).sections,
    } as unknown as Record<string, object>
    server = await startWith(draft, sections)
  })

  afterAll(cleanUp)

  const reloads = (): number => server.lines().filter(({ msg }) => msg === 'reloaded').length
  const reload = async (): Promise<void> => {
    const before = reloads()
    server.child.signal('SIGHUP')
    await eventually('it reloaded', () => reloads() > before)
  }

  /** Puts a rule of its own into the list, and waits until it is followed. */
  const edit = async (): Promise<void> => {
    const name = `probe/edit-${++edits}`
    const path = tokenPath(`repository:${name}:pull`)
    replace(draft.at('acl/20-edited.yml'), [{ match: { account: 'alice', name }, actions: ['pull'] }])
    server.child.signal('SIGHUP')
    await eventually('the edited list is followed', async () => {
      return saysOf(await ask({ port: draft.port, path, headers: basic('alice', password) })) === 'pull'
    })
  }

  /** Changes sections of the configuration. */
  const change = async (changes: object): Promise<void> => {
    replace(server.configFile, configWith(draft, (sections = { ...sections, ...changes })))
    await reload()
  }

  /** Lets everybody log in all the time while `work` is done, and answers how often that did not work. */
  const underLoad = async (
    work: () => Promise<void>,
  ): Promise<{ readonly wrong: readonly string[]; readonly right: number }> => {
    const wrong: string[] = []
    let right = 0
    let done = false
    const client = async (who: (typeof people)[number]): Promise<void> => {
      while (!done) {
        const said = saysOf(await askToken(draft.port, who))
        if (said === 'pull,push') right++
        else wrong.push(`${who.account}: ${said}`)
        await sleep(10)
      }
    }
    const clients = [...people, ...people].map(client)
    await work()
    done = true
    await Promise.all(clients)
    return { wrong, right }
  }

  const children = (): string =>
    readFileSync(`/proc/${server.child.pid}/task/${server.child.pid}/children`, 'utf8').trim()
  const descriptors = (): number => readdirSync(`/proc/${server.child.pid}/fd`).length
  const megabytes = (): number =>
    Number(/^VmRSS:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${server.child.pid}/status`, 'utf8'))?.[1]) / 1024
  /** LevelDB begins another one whenever a folder is opened. */
  const levelLog = (): number => statSync(draft.at('level/LOG')).ino
  const directoryLog = (pattern: RegExp): string[] => slapd.child().output().match(pattern) ?? []
  const serviceBinds = (): number => directoryLog(/BIND dn="cn=searcher,[^"]*" method=128/g).length
  const connections = (): string[] => {
    const closed = new Set(directoryLog(/conn=\d+ fd=\d+ closed/g).map((line) => line.split(' ')[0]))
    return directoryLog(/conn=\d+ fd=\d+ ACCEPT/g)
      .flatMap((line) => line.split(' ')[0] ?? [])
      .filter((id) => !closed.has(id))
  }
  const state = (): object => ({ children: children(), levelLog: levelLog(), serviceBinds: serviceBinds() })
  const errors = (): object[] => server.lines().filter(({ level }) => level === 'error')

  test(`${EDITS} edits of an access list under load touch no program, folder, connection or login`, async () => {
    let before = { state: {}, descriptors: 0, megabytes: 0 }
    const { wrong, right } = await underLoad(async () => {
      for (let count = 0; count < EDITS; count++) {
        await edit()
        // By now everything is open that so many clients need.
        if (count === 20) before = { state: state(), descriptors: descriptors(), megabytes: megabytes() }
      }
    })
    expect(wrong).toEqual([])
    expect(right).toBeGreaterThan(EDITS)
    expect(state()).toEqual(before.state)
    expect(children()).toMatch(/^\d+$/)
    expect(descriptors()).toBeLessThanOrEqual(before.descriptors + slack.descriptors)
    expect(megabytes()).toBeLessThanOrEqual(before.megabytes + slack.megabytes)
    expect(errors()).toEqual([])
  }, 180_000)

  test('another ldap_auth replaces the connections, and the old ones are closed', async () => {
    const [before, binds] = [connections(), serviceBinds()]
    const program = children()
    const { wrong } = await underLoad(() => change(inDirectory(draft, slapd, { timeouts: { search: '9s' } }).sections))
    expect(wrong).toEqual([])
    await eventually('the old connections are closed', () => !before.some((id) => connections().includes(id)))
    // slapd writes its log when it has the time.
    let counted = 0
    await eventually('the new connections are in its log', () => {
      const last = counted
      counted = serviceBinds()
      return counted > binds && counted === last
    })
    expect(children()).toBe(program)
  })

  test('another organization of github_auth finds its LevelDB folder still open', async () => {
    const before = state()
    const { wrong } = await underLoad(() =>
      change(signedInAtGithub({ level_token_db: { path: 'level' } }, { organization: 'acme' }).sections),
    )
    expect(wrong).toEqual([])
    expect(state()).toEqual(before)
    expect(errors()).toEqual([])
  })

  test('another ext_auth ends the old program after its last answer', async () => {
    const before = children()
    const { wrong } = await underLoad(() => change({ ext_auth: { ...sections['ext_auth'], timeout: '6s' } }))
    expect(wrong).toEqual([])
    await eventually(
      'one program is left, and it is another one',
      () => /^\d+$/.test(children()) && children() !== before,
    )
  })

  test('another folder of the same section is opened beside the old one, which is closed', async () => {
    await putRecord({ kind: 'level', path: draft.at('other') }, recordOf(Date.now() + 3600e3), 'wendy')
    const { wrong } = await underLoad(() => change(signedInAtGithub({ level_token_db: { path: 'other' } }).sections))
    expect(wrong).toEqual([])
    // Whoever can open it has it alone.
    await putRecord({ kind: 'level', path: draft.at('level') }, recordOf(Date.now() + 3600e3), 'wendy')
  })

  test('back ends that are taken out of the configuration are gone, and the rest goes on', async () => {
    await change({ ext_auth: undefined, ldap_auth: undefined, users: { '': {} } })
    await eventually('no program and no connection is left', () => children() === '' && connections().length === 0)
    expect(saysOf(await askToken(draft.port, people[0]!))).toBe('401')
    expect(saysOf(await askToken(draft.port, people[1]!))).toBe('pull,push')
    expect(errors()).toEqual([])
    await server.stop()
  })
})
