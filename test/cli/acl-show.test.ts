// show says what one person may do, in the order in which the rules decide.
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { show } from '../../src/cli/acl/show.ts'
import { listOf } from './acl-replay-logs.ts'
import type { Entry } from './acl-replay-logs.ts'
import { printingTools } from './acl-tools.ts'

async function print(args: readonly string[], entries: Entry[]): Promise<string> {
  const { tools, out } = printingTools({ loadList: () => Promise.resolve(listOf(...entries)) })
  await expect(show(['acl.yml', ...args], tools)).resolves.toBe(0)
  return out()
}

const lines = async (args: readonly string[], entries: Entry[]): Promise<string[]> =>
  (await print(args, entries)).split('\n')

interface Shown {
  readonly rows: readonly {
    readonly rule: string
    readonly type?: string
    readonly name?: string
    readonly when: string[]
    readonly hiddenBy?: string
    readonly more?: number
  }[]
  readonly last?: { readonly rule: string; readonly behind: number }
}

async function shown(args: readonly string[], ...entries: Entry[]): Promise<Shown> {
  return JSON.parse(await print(['--json', ...args], entries)) as Shown
}

const names = ({ rows }: Shown): (string | undefined)[] => rows.map(({ name }) => name)

const LIST: Entry[] = [
  { id: 'admins', match: { account: 'admin' }, actions: ['*'] },
  { id: 'teams', match: { type: 'repository', name: '${labels:team}/*' }, actions: ['pull', 'push'] },
  { id: 'own', match: { account: '/.+/', name: '/^${account}/.+$/' }, actions: ['*'] },
  {
    id: 'night',
    match: {
      name: 'ops/*',
      ip: ['10.0.0.0/8', '192.0.2.1'],
      time: { after: '20:00', before: '06:00', days: ['mon', 'tue'] },
    },
    actions: ['pull'],
  },
  { id: 'closed', match: { name: 'secret/*' }, actions: [] },
  { id: 'public', match: { name: 'public/*' }, actions: ['pull'] },
]

test('a person sees the rules that can decide for them, filled in', async () => {
  await expect(lines(['--account', 'alice', '--label', 'team=web', '--label', 'team=db'], LIST)).resolves.toEqual([
    'alice (team=web, team=db)',
    '',
    'TYPE        NAME          MAY         RULE    WHEN',
    'repository  web/*         pull,push   teams',
    'repository  db/*          pull,push   teams',
    'any         /^alice/.+$/  everything  own',
    'any         ops/*         pull        night   ip 10.0.0.0/8 or 192.0.2.1; on mon, tue from 20:00 until 06:00',
    'any         secret/*      nothing     closed',
    'any         public/*      pull        public',
    '',
    'anything else: denied',
    '',
  ])
})

test('who is not told of labels is told which ones matter', async () => {
  expect((await lines(['--account', ''], LIST)).slice(0, 2)).toEqual([
    'anonymous (no labels)',
    'the rules also compare these labels: team (--label NAME=VALUE)',
  ])
})

test('rules behind one that decides everything are left out', async () => {
  const text = await lines(['--account', 'admin'], LIST)
  expect(text.slice(-5)).toEqual([
    'TYPE  NAME  MAY         RULE',
    'any   any   everything  admins',
    '',
    'admins decides the rest; 5 rules behind it left out',
    '',
  ])
})

test('who is granted nothing is told so', async () => {
  await expect(lines(['--account', 'bob'], [{ match: { account: 'alice' }, actions: ['*'] }])).resolves.toEqual([
    'bob (no labels)',
    '',
    'anything else: denied',
    '',
  ])
})

test('in a configuration other back ends may have their say', async () => {
  const setting = { anonymous: false, proxyHeader: false, labels: [], others: [] }
  const { tools, out } = printingTools({ loadList: () => Promise.resolve({ ...listOf(), setting }) })
  await show(['--account', 'bob', 'x.yml'], tools)
  expect(out()).toContain('anything else: denied, unless another back end grants it\n')
})

describe('a rule that cannot decide for a person is not shown', () => {
  test.each<[string, Entry]>([
    ['another account', { match: { account: 'bob' }, actions: ['*'] }],
    ['another label', { match: { labels: { team: 'db' } }, actions: ['*'] }],
    ['a label they lack', { match: { labels: { group: '*' } }, actions: ['*'] }],
    ['a label they lack, in a name', { match: { name: '${labels:group}/*' }, actions: ['*'] }],
    ['a label they lack, compared with the resource', { match: { labels: { group: '${name}' } }, actions: ['*'] }],
    ['one of the labels it requires', { match: { requires_labels: { team: ['web', 'db'] } }, actions: ['*'] }],
    ['another address', { match: { ip: '10.0.0.0/8' }, actions: ['*'] }],
    ['another service', { match: { service: 'other' }, actions: ['*'] }],
    ['another time', { match: { time: { before: '2026-01-01' } }, actions: ['*'] }],
  ])('%s', async (_, entry) => {
    const who = [
      '--account',
      'alice',
      '--label',
      'team=web',
      '--ip',
      '192.0.2.1',
      '--service',
      'here',
      '--at',
      '2026-11-23T08:30:00Z',
    ]
    await expect(shown(who, entry)).resolves.toEqual({ rows: [] })
  })
})

describe('what is not known of a person stands under WHEN', () => {
  test.each<[string, Entry, string[]]>([
    ['where they come from', { match: { ip: '10.0.0.0/8' }, actions: ['*'] }, ['ip 10.0.0.0/8']],
    ['for which service', { match: { service: 'reg*' }, actions: ['*'] }, ['service reg*']],
    ['when', { match: { time: { after: '08:00' } }, actions: ['*'] }, ['from 08:00']],
    [
      'what depends on the resource',
      { match: { account: '${name}', labels: { team: '${name:1}' }, name: '/^(.+)$/' }, actions: ['*'] },
      ['account ${name}', 'label team ${name:1}'],
    ],
    [
      'what depends on the service',
      { match: { labels: { team: '${service}' } }, actions: ['*'] },
      ['label team ${service}'],
    ],
    [
      'several',
      { match: { ip: '10.0.0.1', requires_labels: { team: ['web', '${type}'] } }, actions: ['*'] },
      ['label team web and ${type}', 'ip 10.0.0.1'],
    ],
  ])('%s', async (_, entry, when) => {
    const { rows } = await shown(['--account', 'alice', '--label', 'team=web'], entry)
    expect(rows).toMatchObject([{ when }])
  })

  test('what is known is not', async () => {
    const match = { ip: '10.0.0.0/8', service: 'reg*', time: { after: '2026-01-01' } }
    const who = ['--account', 'alice', '--ip', '10.0.0.1', '--service', 'registry', '--at', '2026-11-23T08:30:00Z']
    await expect(shown(who, { match, actions: ['*'] })).resolves.toMatchObject({ rows: [{ when: [] }] })
  })
})

describe('placeholders', () => {
  test.each<[string, string[], Entry, string]>([
    ['the account', ['--account', 'alice'], { match: { name: '${account}/*' }, actions: [] }, 'alice/*'],
    [
      'an account that is no pattern',
      ['--account', 'a*b-c'],
      { match: { name: '${account}/*' }, actions: [] },
      'a\\*b\\-c/*',
    ],
    [
      'an account in an expression',
      ['--account', 'a.b'],
      { match: { name: '/^${account}$/' }, actions: [] },
      '/^a\\.b$/',
    ],
    [
      'a group of the account',
      ['--account', 'ci-web'],
      { match: { account: '/^ci-(.+)$/', name: '${account:1}/*' }, actions: [] },
      'web/*',
    ],
    [
      'a group that is none',
      ['--account', 'ci'],
      { match: { account: 'ci', name: '${account:1}/*' }, actions: [] },
      '${account:1}/*',
    ],
    ['the service', ['--account', 'a', '--service', 's'], { match: { name: '${service}/*' }, actions: [] }, 's/*'],
    [
      'a service that is not known',
      ['--account', 'a'],
      { match: { name: '${service}/*' }, actions: [] },
      '${service}/*',
    ],
    [
      'a label that is a pattern',
      ['--account', 'a', '--label', 'team=w*'],
      { match: { name: '${labels:team}/*' }, actions: [] },
      'w*/*',
    ],
    [
      'a label that is quoted',
      ['--account', 'a', '--label', 'team=w*', '--quoted-labels'],
      { match: { name: '${labels:team}/*' }, actions: [] },
      'w\\*/*',
    ],
    [
      'a label that stands there twice',
      ['--account', 'a', '--label', 't=x'],
      { match: { name: '${labels:t}/${labels:t}' }, actions: [] },
      'x/x',
    ],
  ])('%s', async (_, who, entry, name) => {
    expect(names(await shown(who, entry))).toEqual([name])
  })

  test('every combination of labels is a row, up to 50 of a rule', async () => {
    const labels = Array.from({ length: 500 }, (_, index) => ['--label', `a=${index}`, '--label', `b=${index}`]).flat()
    const entry = { match: { name: '${labels:a}/${labels:b}' }, actions: ['pull'], id: 'many' }
    const { rows } = await shown(['--account', 'x', ...labels], entry)
    expect(rows).toHaveLength(50)
    expect(rows.at(1)).toMatchObject({ name: '0/1' })
    expect(rows.at(-1)).toMatchObject({ more: 249_950 })
    expect(await print(['--account', 'x', ...labels], [entry])).toContain(
      'and 249950 more combinations of labels by many\n',
    )
  })
})

describe('a row that an earlier one hides is marked', () => {
  const office = { ip: '10.0.0.0/8' }
  test.each<[string, Entry, Entry, boolean]>([
    ['the same', { match: { name: 'a/*' }, actions: [] }, { match: { name: 'a/*' }, actions: ['*'] }, true],
    [
      'the same once it is filled in',
      { match: { name: 'x/*' }, actions: [] },
      { match: { name: '${account}/*' }, actions: ['*'] },
      true,
    ],
    ['another name', { match: { name: 'a/*' }, actions: [] }, { match: { name: 'b/*' }, actions: ['*'] }, false],
    [
      'a name under any',
      { match: { type: 'r' }, actions: [] },
      { match: { type: 'r', name: 'b/*' }, actions: ['*'] },
      true,
    ],
    [
      'a type under any',
      { match: { name: 'b' }, actions: [] },
      { match: { type: 'r', name: 'b' }, actions: ['*'] },
      true,
    ],
    ['another type', { match: { type: 'r' }, actions: [] }, { match: { type: 's', name: 'b' }, actions: ['*'] }, false],
    [
      'under a condition',
      { match: { name: 'a', ...office }, actions: [] },
      { match: { name: 'a' }, actions: ['*'] },
      false,
    ],
    [
      'under the same condition',
      { match: { name: 'a', ...office }, actions: [] },
      { match: { name: 'a', ...office }, actions: ['*'] },
      true,
    ],
    [
      'a condition more',
      { match: { name: 'a' }, actions: [] },
      { match: { name: 'a', ...office }, actions: ['*'] },
      true,
    ],
  ])('%s: %#', async (_, first, second, hidden) => {
    const { rows } = await shown(['--account', 'x'], { ...first, id: 'first' }, second)
    expect(rows.map(({ hiddenBy }) => hiddenBy)).toEqual([undefined, hidden ? 'first' : undefined])
  })

  test('in words', async () => {
    const text = await print(
      ['--account', 'x'],
      [
        { id: 'a', match: { name: 'a' }, actions: [] },
        { id: 'b', match: { name: 'a' }, actions: ['*'] },
      ],
    )
    expect(text).toContain('b     never reached: a comes first\n')
  })
})

test('characters that move a cursor are written out', async () => {
  expect(
    await print(['--account', 'a\u001b[2Jb'], [{ match: { name: '${account}' }, actions: ['\u0085'] }]),
  ).not.toMatch(/[\u001b\u0085]/)
})

test('whoever is granted something finds the rule that grants it among their rows', async () => {
  const pattern = fc.constantFrom(undefined, 'a/*', 'b/*', '${account}/*', '${labels:team}/*', '/^a/', '/.*/')
  const account = fc.constantFrom(undefined, 'a', 'b', '/.+/')
  const labels = fc.constantFrom(undefined, { team: 'a' }, { team: '*' }, { group: 'x' })
  const ip = fc.constantFrom(undefined, '10.0.0.0/8')
  const match = fc.record({ name: pattern, account, labels, ip })
  const entries = fc.array(fc.record({ match, actions: fc.constantFrom(['*'], [], ['pull']) }), { maxLength: 6 })
  const someone = fc.record({
    account: fc.constantFrom('', 'a', 'b'),
    teams: fc.subarray(['a', 'b', 'c']),
    name: fc.constantFrom('a/x', 'b/x', 'c/x', 'x'),
    ip: fc.constantFrom('10.0.0.1', '192.0.2.1'),
  })
  await fc.assert(
    fc.asyncProperty(entries, someone, async (list, who) => {
      const identity = { account: who.account, labels: { team: who.teams }, labelsArePatterns: true }
      const resource = { type: 'repository', name: who.name, actions: ['pull'] }
      const answer = listOf(...list).acl.decide({ identity, resource, service: '', ip: who.ip }, 0)
      const said = await shown(
        ['--account', who.account, ...who.teams.flatMap((team) => ['--label', `team=${team}`])],
        ...list,
      )
      const reached = said.rows.filter(({ hiddenBy }) => hiddenBy === undefined).map(({ rule }) => rule)
      if (answer.outcome === 'decided') expect(reached).toContain(answer.rule)
      else expect(said.last).toBeUndefined()
    }),
    { numRuns: 500 },
  )
})

test.each<[string[], string]>([
  [[], 'acl show takes the path of one list, not 0'],
  [['a.yml', 'b.yml'], 'acl show takes the path of one list, not 2'],
  [['a.yml'], "--account is needed; --account '' is somebody who does not sign in"],
  [['a.yml', '--scope', 'x'], 'acl show: unknown option --scope; it knows '],
])('%j is refused', async (args, message) => {
  await expect(show(args, printingTools({}).tools)).rejects.toThrow(message)
})
