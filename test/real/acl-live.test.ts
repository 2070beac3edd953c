// What a running server does with rules that are named, tested, tried out beside others, and replayed from its own log.
import { mkdirSync, writeFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { acl, command, configOf, linesSaying, startRules, tokenLines } from './acl-commands.ts'
import { type Access, accessOf, ask, basic, eventually, tokenPath } from './asking.ts'
import { cleanUp, succeeds } from './children.ts'
import { type Draft, admin, createDraft, replace } from './draft.ts'
import { passwordOf, personLdif } from './ldap-people.ts'
import { requires } from './requires.ts'
import { type Server, mainFile } from './server.ts'
import { startSlapd } from './slapd.ts'

let draft: Draft
beforeEach(async () => {
  draft = await createDraft()
  mkdirSync(draft.at('acl'))
})
afterEach(cleanUp)

const users = {
  '': {},
  alice: { password: admin.hash, labels: { team: ['web', 'ops'], secret: ['birthday'] } },
  bob: { password: admin.hash },
}

const request = async (account: string, ...scopes: string[]): Promise<readonly Access[]> => {
  const headers = account === '' ? {} : basic(account, admin.password)
  const { status, body } = await ask({ port: draft.port, path: tokenPath(...scopes), headers })
  if (status !== 200) throw new Error(`${status} ${body}`)
  return accessOf(body).filter(({ actions }) => actions.length > 0)
}

/** What of pulling and pushing this image somebody may do. */
const rights = async (account: string, name: string): Promise<readonly string[]> =>
  (await request(account, `repository:${name}:pull,push`))[0]?.actions ?? []

const reloads = (server: Server): number => linesSaying(server, 'reloaded').length
const refusals = (server: Server): readonly unknown[] =>
  linesSaying(server, 'reload refused; the previous configuration goes on serving').map(({ reasons }) => reasons)

const reload = async (server: Server, file: string, content: string | object): Promise<void> => {
  const before = reloads(server)
  replace(file, content)
  await eventually('it says that it reloaded', () => reloads(server) > before)
}

const refusedReload = async (server: Server, file: string, content: string | object): Promise<unknown> => {
  const before = refusals(server).length
  replace(file, content)
  await eventually('it says that it refused', () => refusals(server).length > before)
  return refusals(server).at(-1)
}

describe('the log line of a request', () => {
  const rules = `acl:
  - { match: { account: '', type: registry }, actions: [] }
  - { id: no-ops, match: { name: 'ops/*', labels: { team: ops } }, actions: [] }
  - { id: team, match: { name: '\${labels:team}/*' }, actions: [pull] }
  - { match: { account: bob, name: 'bob/*' }, actions: ['*'] }
`

  test('names the rule that decided, scope by scope: its id, or where it stands', async () => {
    writeFileSync(draft.at('acl/rules.yml'), rules)
    const server = await startRules(draft, { users, acl: undefined, acl_files: ['acl/*.yml'] })
    const images = ['ops/x:pull', 'web/x:pull,push', 'bob/x:pull']
    await request('alice', ...images.map((image) => `repository:${image}`))
    await request('bob', ...images.map((image) => `repository:${image}`))
    await request('', 'registry:catalog:*')
    await request('', 'repository:web/x:pull')
    await eventually('all is logged', () => tokenLines(server).length === 4)
    expect(tokenLines(server).map(({ account, outcome, rules: named }) => [account, outcome, named])).toEqual([
      ['alice', 'partial', 'no-ops team none'],
      ['bob', 'partial', 'none none acl/rules.yml:5'],
      ['', 'denied', 'acl/rules.yml:2'],
      ['', 'denied', 'none'],
    ])
  })

  test('carries the labels that a rule of today compares, and no others', async () => {
    writeFileSync(draft.at('acl/rules.yml'), rules)
    const server = await startRules(draft, { users, acl: undefined, acl_files: ['acl/*.yml'] })
    await request('alice', 'repository:ops/x:pull')
    await request('bob', 'repository:ops/x:pull')
    await reload(server, draft.at('acl/rules.yml'), "- { match: { requires_labels: { floor: '1' } }, actions: [] }\n")
    await request('alice', 'repository:ops/x:pull')
    await eventually('all is logged', () => tokenLines(server).length === 3)
    expect(tokenLines(server).map(({ account, labels }) => [account, labels])).toEqual([
      ['alice', { team: ['web', 'ops'] }],
      ['bob', undefined],
      ['alice', undefined],
    ])
    expect(server.child.output()).not.toContain('birthday')
    expect(tokenLines(server).some((line) => 'quoted_labels' in line)).toBe(false)
  })

  requires('slapd', 'ldapmodify')('of somebody whom a directory knows', () => {
    test('says that rules take the labels literally, and so does a replay', async () => {
      const people = 'dn: ou=people,dc=example,dc=org\nobjectClass: organizationalUnit\nou: people\n'
      const alice = personLdif('alice', 'ou: *\n')
      const slapd = await startSlapd({ entries: `${people}\n${alice}` })
      const server = await startRules(draft, {
        users: {},
        ldap_auth: {
          addr: slapd.url,
          tls: 'none',
          base: slapd.baseDn,
          filter: '(uid=${account})',
          account: { attribute: 'uid' },
          labels: { unit: { attribute: 'ou' } },
        },
        acl: [{ id: 'unit', match: { name: '${labels:unit}/x' }, actions: ['pull'] }],
      })
      const headers = basic('alice', passwordOf('alice'))
      const answer = await ask({ port: draft.port, path: tokenPath('repository:web/x:pull'), headers })
      expect(accessOf(answer.body)).toMatchObject([{ actions: [] }])
      await eventually('it is logged', () => tokenLines(server).length === 1)
      expect(tokenLines(server)).toMatchObject([{ labels: { unit: ['*'] }, quoted_labels: true, outcome: 'denied' }])
      writeFileSync(draft.at('log'), server.child.stdout())
      expect(await acl(['replay', '--log', draft.at('log'), server.configFile])).toMatchObject({ status: 0 })
    })
  })
})

describe('rules that carry tests', () => {
  const file = (): string => draft.at('acl/rules.yml')
  const rules = (actions: string, name = 'web/*'): string => `acl:
  - { id: web, match: { labels: { team: web }, name: '${name}' }, actions: [${actions}] }
tests:
  - { account: alice, labels: { team: web }, scope: 'repository:web/x:pull,push', expect: [pull, push], rule: web }
`
  const sections = { users, acl: undefined, acl_files: ['acl/*.yml'], acl_tests: ['acl-tests/*.yml'] }

  beforeEach(() => {
    mkdirSync(draft.at('acl-tests'))
    writeFileSync(
      draft.at('acl-tests/strangers.yml'),
      "tests:\n  - { account: '', scope: 'repository:web/x:pull', expect: [] }\n",
    )
    writeFileSync(file(), rules('pull, push'))
  })

  test('are refused where a test of theirs fails; the old ones go on deciding, and a repair is live', async () => {
    const server = await startRules(draft, sections)
    expect(await rights('alice', 'web/x')).toEqual(['pull', 'push'])
    expect(await refusedReload(server, file(), rules('pull'))).toEqual([
      'acl/rules.yml:4:5: this test fails: alice (team=web) asks for repository:web/x:pull,push: ' +
        'expected pull,push by rule web, got pull by rule web',
    ])
    expect(await rights('alice', 'web/x')).toEqual(['pull', 'push'])
    expect(await refusedReload(server, file(), rules('pull, push', 'web/y'))).toEqual([
      expect.stringMatching(/^acl\/rules\.yml:4:5: this test fails: .*, got nothing, because no rule matches$/),
    ])
    expect(await rights('alice', 'web/x')).toEqual(['pull', 'push'])
    await reload(server, file(), rules('pull, push, delete'))
    expect((await request('alice', 'repository:web/x:delete'))[0]?.actions).toEqual(['delete'])
  })

  test('are refused where a test in a file of tests fails, also when only that file changes', async () => {
    const server = await startRules(draft, sections)
    const open = rules('pull, push').replace('tests:', '  - { id: all, match: {}, actions: [pull] }\ntests:')
    const reasons = [
      'acl-tests/strangers.yml:2:5: this test fails: anonymous asks for repository:web/x:pull: ' +
        'expected nothing, got pull by rule all',
    ]
    expect(await refusedReload(server, file(), open)).toEqual(reasons)
    expect(await rights('', 'web/x')).toEqual([])
    await reload(server, draft.at('acl-tests/strangers.yml'), 'tests: []\n')
    expect(await rights('', 'web/x')).toEqual(['pull'])
    const strict = "tests:\n  - { account: '', scope: 'repository:web/x:pull', expect: [] }\n"
    expect(await refusedReload(server, draft.at('acl-tests/strangers.yml'), strict)).toEqual(reasons)
    expect(await rights('', 'web/x')).toEqual(['pull'])
  })

  test('do not start with one that fails, and say so in a sentence', async () => {
    writeFileSync(file(), rules('pull'))
    replace(draft.at('config.yml'), configOf(draft, sections))
    for (const args of [
      ['serve', 'config.yml'],
      ['check', 'config.yml'],
    ]) {
      const { status, stdout, stderr } = await command(args, { cwd: draft.folder })
      expect(status).toBe(1)
      expect(stdout + stderr).toMatch(/^acl\/rules\.yml:4:5: this test fails: alice \(team=web\) asks for [^\n]+\n$/)
    }
  })

  test('are refused where two of them have one id', async () => {
    const server = await startRules(draft, sections)
    writeFileSync(draft.at('acl/other.yml'), '- { id: other, match: { account: x }, actions: [] }\n')
    await eventually('it is live', () => reloads(server) === 1)
    const twice = '- { match: {}, actions: [] }\n- { id: web, match: {}, actions: ["*"] }\n'
    expect(await refusedReload(server, draft.at('acl/other.yml'), twice)).toEqual([
      expect.stringMatching(
        /^acl\/rules\.yml:2(:\d+)?: .*the id "web" also stands at acl\/other\.yml:2; each rule needs/,
      ),
    ])
    expect(await rights('bob', 'x')).toEqual([])
  })
})

describe('a candidate list', () => {
  const live = [{ id: 'web', match: { name: 'web/*', labels: { team: 'web' } }, actions: ['pull', 'push'] }]
  const candidate = (actions: string): string =>
    `- { id: newer, match: { name: 'web/*', labels: { secret: birthday } }, actions: [${actions}] }\n`
  const differences = (server: Server): readonly Readonly<Record<string, unknown>>[] =>
    linesSaying(server, 'acl_shadow: would be decided differently')

  test('decides nothing; what it would decide otherwise is logged once each and counted, also after it changed', async () => {
    writeFileSync(draft.at('candidate.yml'), candidate('pull'))
    const server = await startRules(draft, { users, acl: live, acl_shadow: 'candidate.yml' })
    for (let time = 0; time < 3; time++) expect(await rights('alice', 'web/x')).toEqual(['pull', 'push'])
    await request('alice', 'repository:web/x:pull')
    await request('bob', 'repository:web/x:pull')
    await eventually('the difference is logged', () => differences(server).length === 1)
    expect(differences(server)).toMatchObject([
      {
        level: 'info',
        account: 'alice',
        asked: 'repository:web/x:pull,push',
        ip: '127.0.0.1',
        live: { granted: 'pull,push', rule: 'web' },
        candidate: { granted: 'pull', rule: 'newer' },
      },
    ])
    await reload(server, draft.at('candidate.yml'), candidate(''))
    await eventually('its count is logged', () => linesSaying(server, 'acl_shadow').length === 1)
    expect(linesSaying(server, 'acl_shadow')).toMatchObject([{ compared: 5, different: 3 }])
    expect(await rights('alice', 'web/x')).toEqual(['pull', 'push'])
    await eventually('the new difference is logged', () => differences(server).length === 2)
    expect(differences(server)[1]).toMatchObject({ candidate: { granted: '', rule: 'newer' } })
    expect(await refusedReload(server, draft.at('candidate.yml'), '- { match: { nme: x }, actions: [] }\n')).toEqual([
      expect.stringMatching(/^candidate\.yml:1:\d+: .*unknown key "nme"; did you mean "name"\?$/),
    ])
    await server.stop()
    expect(linesSaying(server, 'acl_shadow')).toMatchObject([{}, { compared: 1, different: 1 }])
  })

  test('has the labels that it compares in the log lines, so that the log can be replayed against it', async () => {
    writeFileSync(draft.at('candidate.yml'), candidate('pull'))
    const server = await startRules(draft, { users, acl: live, acl_shadow: 'candidate.yml' })
    await rights('alice', 'web/x')
    await eventually('it is logged', () => tokenLines(server).length === 1)
    expect(tokenLines(server)).toMatchObject([{ labels: { team: ['web', 'ops'], secret: ['birthday'] } }])
    writeFileSync(draft.at('log'), server.child.stdout())
    const { stdout } = await acl(['replay', '--log', draft.at('log'), '--json', draft.at('candidate.yml')])
    expect(JSON.parse(stdout)).toMatchObject({
      unseenLabels: [],
      differing: 1,
      differences: [{ account: 'alice', rule: 'newer', was: 'web', loses: ['push'], gains: [] }],
    })
  })

  test('whose tests fail is refused', async () => {
    writeFileSync(
      draft.at('candidate.yml'),
      "acl: []\ntests:\n  - { account: alice, scope: 'repository:x:pull', expect: [pull] }\n",
    )
    replace(draft.at('config.yml'), configOf(draft, { users, acl: live, acl_shadow: 'candidate.yml' }))
    expect(await command(['serve', 'config.yml'], { cwd: draft.folder })).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/^candidate\.yml:3:5: this test fails: [^\n]+\n$/),
    })
  })
})

describe('the log of the program', () => {
  const rules = (push: string): string => `acl:
  - { id: closed, match: { name: 'closed/*' }, actions: [] }
  - { id: team, match: { name: '\${labels:team}/*' }, actions: [pull${push}] }
  - { id: public, match: { type: repository, name: 'public/*' }, actions: [pull] }
`

  test('replays without a difference against the rules that decided, and shows what others change', async () => {
    writeFileSync(draft.at('acl/rules.yml'), rules(', push'))
    const server = await startRules(draft, { users, acl: undefined, acl_files: ['acl/*.yml'] })
    const names = ['closed/x', 'web/x', 'ops/x', 'public/x', 'other/x']
    for (const account of ['alice', 'bob', '']) {
      for (const name of names) await rights(account, name)
      await request(account, ...names.map((name) => `repository:${name}:pull,push`))
    }
    await ask({ port: draft.port, path: tokenPath('repository:web/x:pull'), headers: basic('alice', 'wrong') })
    await ask({ port: draft.port, path: tokenPath(), headers: basic('bob', admin.password) })
    await eventually('all is logged', () => tokenLines(server).length === 20)
    const log = server.child.stdout()
    writeFileSync(draft.at('log'), log)
    writeFileSync(draft.at('log.gz'), gzipSync(log))
    writeFileSync(draft.at('changed.yml'), rules(''))

    const same = await acl(['replay', '--log', draft.at('log'), server.configFile], { cwd: draft.folder })
    expect(same).toMatchObject({ status: 0, stderr: '' })
    expect(same.stdout).toMatch(/^0 of 30 requests would be decided differently$/m)

    const replay = ['replay', '--json', draft.at('changed.yml'), '--log']
    const read = await Promise.all([
      acl([...replay, draft.at('log')]),
      acl([...replay, draft.at('log.gz')]),
      acl([...replay, '-'], { input: log }),
    ])
    for (const { status, stdout, stderr } of read) {
      expect({ status, stderr }).toEqual({ status: 1, stderr: '' })
      expect(JSON.parse(stdout)).toMatchObject({
        tokens: 19,
        undecided: 1,
        unreadable: 0,
        requests: 30,
        differing: 4,
        unseenLabels: [],
        differences: [
          {
            account: 'alice',
            rule: 'team',
            was: 'team',
            requests: 4,
            loses: ['push'],
            gains: [],
            first: { scope: 'repository:web/x:pull,push' },
          },
        ],
      })
    }
    expect((await acl([...replay.filter((arg) => arg !== '--json'), draft.at('log')])).stdout).toMatch(
      /^alice +team +team +4 +push +repository:web\/x:pull,push at 20/m,
    )
  })

  test('goes through a pipe of the shell, whose reader may leave early', async () => {
    writeFileSync(draft.at('acl/rules.yml'), rules(', push'))
    const server = await startRules(draft, { users, acl: undefined, acl_files: ['acl/*.yml'] })
    await rights('alice', 'web/x')
    await eventually('it is logged', () => tokenLines(server).length === 1)
    writeFileSync(draft.at('log'), server.child.stdout())
    const main = '"$0" "$1"'
    const pipe = `cat log | ${main} acl replay --log - config.yml 2>&1 | head -1; echo "$?"`
    const said = await succeeds('/bin/sh', ['-c', pipe, process.execPath, mainFile], { cwd: draft.folder })
    expect(said).toMatch(/^\d+ lines read: 1 tokens, [^\n]+\n0\n$/)
  })
})
