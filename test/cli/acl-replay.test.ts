// replay finds the requests of a log that another list decides differently, and says what it could not tell.
import { describe, expect, test } from '@jest/globals'
import { writeFile } from 'node:fs/promises'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { replay } from '../../src/cli/acl/replay.ts'
import { createJudge } from '../../src/cli/acl/replay-judge.ts'
import { replayLogs } from '../../src/cli/acl/replay-run.ts'
import type { Replay } from '../../src/cli/acl/replay-run.ts'
import type { AclTools } from '../../src/cli/acl/tools.ts'
import type { AclList } from '../../src/authz/index.ts'
import { requires, SLOW } from '../real/requires.ts'
import { useFolder } from '../support/folder.ts'
import { dockerAuthLine, goMap, listOf, ownLine } from './acl-replay-logs.ts'
import { printingTools } from './acl-tools.ts'

const folder = useFolder()

interface Run {
  readonly status: number
  readonly text: string
  readonly err: string
}

async function run(args: readonly string[], list: AclList, changes: Partial<AclTools> = {}): Promise<Run> {
  const { tools, out, err } = printingTools({ loadList: () => Promise.resolve(list), ...changes })
  const status = await replay(args, tools)
  return { status, text: out().replaceAll(`${folder.path()}/`, ''), err: err() }
}

/** What replay prints of these lines. */
async function replayed(lines: readonly string[], list: AclList): Promise<Run> {
  return run(['--log', await folder.write('access.log', `${lines.join('\n')}\n`), 'new.yml'], list)
}

/** What replay prints of these lines for programs. */
async function found(lines: readonly string[], list: AclList): Promise<Replay> {
  const { text } = await run(['--json', '--log', await folder.write('access.log', lines.join('\n')), 'new.yml'], list)
  return JSON.parse(text) as Replay
}

const PULL_ONLY = listOf({ id: 'teams', match: { name: 'web/*' }, actions: ['pull'] })
const EVERYTHING = listOf({ id: 'all', actions: ['*'] })

test('a list that decides as the log does changes nothing', async () => {
  await expect(replayed([ownLine(), ownLine()], EVERYTHING)).resolves.toEqual({
    status: 0,
    text: '2 lines read: 2 tokens, 0 token requests that no rule decided, 0 other lines, 0 that cannot be read\n0 of 2 requests would be decided differently\n',
    err: '',
  })
})

test('differences are listed by account and rule, the largest first, with the first request of each', async () => {
  const lines = [
    ownLine({ account: 'bob', asked: 'repository:db/x:pull' }),
    ownLine(),
    '{"level":"info","time":"2026-11-22T03:04:05.678Z","msg":"ready"}',
    ownLine({ time: '2026-11-22T04:00:00.000Z', asked: 'repository:web/z:pull,push' }),
    ownLine({ account: '', asked: 'repository:web/x:pull', granted: '', outcome: 'denied', rules: 'none' }),
    'New token for {',
    ownLine({ outcome: 'refused' }),
  ]
  const { status, text } = await replayed(lines, PULL_ONLY)
  expect(status).toBe(1)
  expect(text.split('\n')).toEqual([
    'ACCOUNT    RULE   RULE THEN  REQUESTS  LOSES  GAINS  FIRST',
    'alice      teams  old-rule   2         push          repository:web/app:pull,push at 2026-11-22T03:04:05.678Z (access.log:2)',
    'bob        none   old-rule   1         pull          repository:db/x:pull at 2026-11-22T03:04:05.678Z (access.log:1)',
    'anonymous  teams  none       1                pull   repository:web/x:pull at 2026-11-22T03:04:05.678Z (access.log:5)',
    '7 lines read: 4 tokens, 1 token requests that no rule decided, 1 other lines, 1 that cannot be read (the first is access.log:6)',
    '4 of 4 requests would be decided differently',
    '',
  ])
})

test('programs are told the same', async () => {
  await expect(found([ownLine(), 'x'], PULL_ONLY)).resolves.toEqual({
    lines: 2,
    tokens: 1,
    undecided: 0,
    others: 1,
    unreadable: 0,
    requests: 1,
    differing: 1,
    uncertain: 0,
    differences: [
      {
        account: 'alice',
        rule: 'teams',
        was: 'old-rule',
        loses: ['push'],
        gains: [],
        requests: 1,
        first: {
          time: '2026-11-22T03:04:05.678Z',
          scope: 'repository:web/app:pull,push',
          file: 'access.log',
          line: 1,
        },
      },
    ],
    uncounted: 0,
    unseenLabels: [],
  })
})

describe('a request is decided with all that the log knows of it', () => {
  const asks = { asked: 'repository:web/app:pull' }
  test.each<[string, AclList, Readonly<Record<string, unknown>>]>([
    ['the account', listOf({ match: { account: 'alice' }, actions: ['*'] }), asks],
    ['the address', listOf({ match: { ip: '192.0.2.0/24' }, actions: ['*'] }), asks],
    ['the service', listOf({ match: { service: 'registry.*' }, actions: ['*'] }), asks],
    ['labels', listOf({ match: { labels: { team: 'web' } }, actions: ['*'] }), { ...asks, labels: { team: ['web'] } }],
    [
      'label patterns',
      listOf({ match: { name: '${labels:team}/*' }, actions: ['*'] }),
      { ...asks, labels: { team: ['w*'] } },
    ],
    [
      'quoted labels',
      listOf({ match: { name: '${labels:team}/*' }, actions: [] }, { actions: ['*'] }),
      { ...asks, labels: { team: ['w*'] }, quoted_labels: true },
    ],
  ])('%s', async (_, list, fields) => {
    await expect(found([ownLine(fields), ownLine(fields)], list)).resolves.toMatchObject({ requests: 2, differing: 0 })
    const other = {
      ...fields,
      account: 'bob',
      ip: '198.51.100.1',
      service: 'other',
      labels: { team: ['db'] },
      quoted_labels: undefined,
    }
    const { differing } = await found([ownLine(other)], list)
    expect(differing).toBe(list.rules.length === 1 ? 1 : 0)
  })

  test('and with the time of its line', async () => {
    const list = listOf({
      match: { time: { after: '2026-11-22T00:00:00Z', before: '2026-11-23T00:00:00Z' } },
      actions: ['*'],
    })
    const lines = ['21', '22', '23'].map((day) => ownLine({ time: `2026-11-${day}T12:00:00.000Z` }))
    await expect(found(lines, list)).resolves.toMatchObject({ requests: 3, differing: 2 })
  })
})

test('the log of docker_auth is replayed as well', async () => {
  const scope = {
    asked: '{repository  web/app [pull push]}',
    type: 'repository',
    name: 'web/app',
    actions: ['pull', 'push'],
  }
  const lines = [
    dockerAuthLine({ scopes: [scope], labels: goMap({ team: ['web'] }) }),
    dockerAuthLine({ account: 'bob', scopes: [scope] }),
  ]
  const list = listOf({ id: 'team', match: { labels: { team: 'web' } }, actions: ['*'] })
  await expect(found(lines, list)).resolves.toMatchObject({
    tokens: 2,
    differing: 1,
    differences: [{ account: 'bob', loses: ['pull', 'push'], first: { time: '2026-11-22T03:09:05.000Z', line: 2 } }],
    unseenLabels: [],
  })
})

test('what was decided before is remembered for the same request only', () => {
  const list = listOf(
    { id: 'ip', match: { ip: '10.0.0.0/8', name: 'a' }, actions: ['pull'] },
    { id: 'service', match: { service: 's', name: '/^(a|b)$/' }, actions: ['push'] },
    { id: 'label', match: { name: '${labels:team}' }, actions: ['*'] },
    { id: 'account', match: { account: 'x' }, actions: ['pull'] },
    { id: 'type', match: { type: 'registry' }, actions: ['*'] },
  )
  const tokens = fc.record({
    source: fc.constant('docker_auth' as const),
    account: fc.constantFrom('x', 'y'),
    labels: fc.constantFrom({}, { team: ['b'] }, { team: ['*'] }, { team: ['a', 'b'] }),
    labelsArePatterns: fc.boolean(),
    labelsAreCertain: fc.boolean(),
    service: fc.constantFrom('s', 't'),
    ip: fc.constantFrom('10.0.0.1', '192.0.2.1'),
    time: fc.constant(0),
    scopes: fc.constant([]),
  })
  const resources = fc.record({
    type: fc.constantFrom('repository', 'registry'),
    name: fc.constantFrom('a', 'b', 'a b'),
    actions: fc.subarray(['pull', 'push']),
  })
  const judge = createJudge(list)
  fc.assert(
    fc.property(tokens, resources, (token, resource) => {
      const { account, labels, labelsArePatterns, service, ip, time } = token
      const answer = list.acl.decide({ identity: { account, labels, labelsArePatterns }, resource, service, ip }, time)
      const { actions, rule, isCertain } = judge(token)(resource)
      expect(rule).toBe(answer.outcome === 'decided' ? answer.rule : undefined)
      expect(actions).toEqual(answer.outcome === 'decided' ? answer.actions : [])
      if (token.labelsAreCertain || !('team' in labels) || labels.team.length < 2) expect(isCertain).toBe(true)
      else expect(isCertain).toBe(createJudge(list)(token)(resource).isCertain)
    }),
    { numRuns: 1000 },
  )
})

describe('what a log cannot tell', () => {
  const scope = { asked: '{repository  web/app [pull]}', type: 'repository', name: 'web/app', actions: ['pull'] }

  test('whether words are one value of a label or several: requests that depend on it are counted', async () => {
    const list = listOf({ match: { labels: { group: 'Domain Users' } }, actions: ['*'] })
    const lines = [['Domain', 'Users'], ['Users'], ['Admins', 'Domain', 'Users']].map((group) =>
      dockerAuthLine({ scopes: [scope], labels: goMap({ group }) }),
    )
    await expect(found(lines, list)).resolves.toMatchObject({ requests: 3, differing: 3, uncertain: 2 })
    const { text } = await replayed(lines, list)
    expect(text).toMatch(/^warning: 2 requests depend on where a label's value ends: /)
  })

  test('words that no rule puts together are certain', async () => {
    const list = listOf({ match: { labels: { group: 'dev' } }, actions: ['*'] })
    const line = dockerAuthLine({ scopes: [scope], labels: goMap({ group: ['dev', 'ops'] }) })
    await expect(found([line], list)).resolves.toMatchObject({ differing: 0, uncertain: 0 })
  })

  test('labels that the rules of its time did not compare: they are named first', async () => {
    const list = listOf({ match: { labels: { team: 'web', group: 'dev' } }, actions: ['*'] }, { actions: ['*'] })
    const lines = [ownLine({ labels: { team: ['db'] } }), ownLine()]
    await expect(found(lines, list)).resolves.toMatchObject({ unseenLabels: ['group'] })
    const { text } = await replayed(lines, list)
    expect(text).toMatch(/^warning: the rules compare labels that this log never mentions, .*: group\n/)
  })

  test('anything, when nothing in it asks for anything: that is no proof', async () => {
    const { status, text } = await replayed([ownLine({ asked: '', granted: '' }), 'x'], EVERYTHING)
    expect(status).toBe(1)
    expect(text).toMatch(/\nno token of this log was for anything, so nothing was shown\n$/)
  })
})

describe('logs', () => {
  test('may be several, packed or not, and a line may lack its end', async () => {
    const plain = await folder.write('one.log', ownLine())
    const packed = folder.path('two.log.gz')
    await writeFile(packed, gzipSync(`${ownLine()}\n${ownLine()}`))
    const { text } = await run(['--log', plain, '--log', packed, 'new.yml'], EVERYTHING)
    expect(text).toMatch(/^3 lines read: 3 tokens/)
  })

  test.each<[string, Buffer, Partial<Replay>]>([
    [
      'lines of more than 1 MiB',
      Buffer.from(`${'x'.repeat(3_000_000)}\n${ownLine()}\n${'y'.repeat(1_100_000)}`),
      { lines: 3, unreadable: 2, tokens: 1, firstUnreadable: { file: 'access.log', line: 1 } },
    ],
    [
      'NULs and bytes that are no UTF-8',
      Buffer.concat([Buffer.from([0, 0xff, 0xc0, 0x80, 0x0a]), Buffer.from(`${ownLine()}\n`)]),
      { lines: 2, others: 1, tokens: 1 },
    ],
    [
      'bytes that are no UTF-8 in a token line',
      Buffer.from(`${ownLine({ account: '\u00ff' })}\n`, 'latin1'),
      { lines: 1, tokens: 1 },
    ],
    ['empty lines', Buffer.from('\n\n\n'), { lines: 3, others: 3 }],
    ['nothing', Buffer.alloc(0), { lines: 0 }],
  ])('may hold %s', async (_, bytes, expected) => {
    const file = folder.path('access.log')
    await writeFile(file, bytes)
    const { text } = await run(['--json', '--log', file, 'new.yml'], EVERYTHING)
    expect(JSON.parse(text)).toMatchObject(expected)
  })

  test('characters that move a cursor are written out', async () => {
    const { text } = await replayed([ownLine({ account: 'a\u001b[2Jb\u0085' })], PULL_ONLY)
    expect(text).toContain('a\\u001b[2Jb\\u0085')
  })

  test('of ever new accounts are counted rather than kept', async () => {
    const lines = Array.from({ length: 12_000 }, (_, index) => ownLine({ account: `user-${index}` }))
    const result = await found([ownLine({ account: 'x'.repeat(5000) }), ...lines], PULL_ONLY)
    expect(result).toMatchObject({ differing: 12_001, uncounted: 2001 })
    expect(result.differences).toHaveLength(10_000)
    const { text } = await replayed(lines, PULL_ONLY)
    expect(text.split('\n').slice(51, -3)).toEqual([
      'and 9950 more accounts and rules; --json lists them',
      'and 2000 requests of accounts and rules that are too many to list',
    ])
  })
})

describe('progress', () => {
  test('is drawn on a terminal at most ten times a second, and cleared in the end', async () => {
    const log = await folder.write('access.log', `${ownLine()}\n`.repeat(5000))
    let time = 0
    const { err } = await run(['--log', log, 'new.yml'], EVERYTHING, { isTerminal: true, now: () => (time += 40) })
    const drawn = err.split('\r\u001b[K').slice(1)
    expect(drawn.length).toBeGreaterThan(2)
    expect(drawn.at(0)).toMatch(/^\[#+\.+\] +\d+ % {2}[\d,]+ lines, [\d,]+ per second$/)
    expect(drawn.at(-1)).toBe('')
  })

  test('is not drawn elsewhere', async () => {
    expect((await replayed([ownLine()], EVERYTHING)).err).toBe('')
  })
})

describe('the command line', () => {
  test.each<[string[], string]>([
    [['new.yml'], 'acl replay needs --log and the path of a log; - reads what is piped in'],
    [['--log', 'x'], 'acl replay takes the path of one list, not 0'],
    [['--log', 'x', 'a', 'b'], 'acl replay takes the path of one list, not 2'],
    [['--log', 'nix.log', 'new.yml'], 'nix.log: does not exist'],
    [['--lgo', 'x', 'new.yml'], 'acl replay: unknown option --lgo; did you mean --log?'],
  ])('%j is refused', async (args, message) => {
    await expect(run(args, EVERYTHING)).rejects.toMatchObject({ name: 'ConfigError', message })
  })

  test('a folder is no log, and what is not packed cannot be unpacked', async () => {
    await expect(run(['--log', folder.path(), 'new.yml'], EVERYTHING)).rejects.toThrow(/is a folder, not a file$/)
    const file = await folder.write('x.gz', 'not packed')
    await expect(run(['--log', file, 'new.yml'], EVERYTHING)).rejects.toThrow(/x\.gz: cannot be read \(Z_DATA_ERROR\)$/)
  })
})

requires(SLOW)('long logs', () => {
  test('take little memory, however long they are', async () => {
    const list = listOf({ match: { account: 'user-*' }, actions: ['*'] })
    const padding = 'x'.repeat(800)
    function* lines(): Generator<string> {
      for (let index = 0; index < 90_000; index++) yield ownLine({ account: `user-${index}-${padding}` })
    }
    const batches = async function* (): AsyncGenerator<string[]> {
      let batch: string[] = []
      for (const line of lines()) {
        batch.push(line)
        if (batch.length < 500) continue
        yield await Promise.resolve(batch)
        batch = []
      }
    }
    const before = process.memoryUsage().heapUsed
    let most = 0
    const log = { name: 'x', size: undefined, lines: batches, bytesRead: () => 0 }
    const result = await replayLogs([log], list, () => (most = Math.max(most, process.memoryUsage().heapUsed)))
    expect(result).toMatchObject({ lines: 90_000, differing: 0 })
    expect((most - before) / 1024 / 1024).toBeLessThan(190)
  })
})
