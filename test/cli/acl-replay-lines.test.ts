// Lines of real logs are read whatever has wrapped them, and hostile ones do no harm.
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { parseLogLine } from '../../src/cli/acl/log-entry.ts'
import type { LogEntry, LoggedToken } from '../../src/cli/acl/log-token.ts'
import { dockerAuthLine, goMap, ownLine } from './acl-replay-logs.ts'
import type { DockerAuthScope } from './acl-replay-logs.ts'

function token(line: string): LoggedToken {
  const entry = parseLogLine(line)
  if (typeof entry === 'string') throw new Error(`${entry}: ${line}`)
  return entry
}

const APP: DockerAuthScope = {
  asked: '{repository  library/app [pull push]}',
  type: 'repository',
  name: 'library/app',
  actions: ['pull'],
}

describe('our own log', () => {
  test('says who asked for what and what was granted by which rule', () => {
    const line = ownLine({
      asked: 'repository:web/app:pull,push registry:catalog:* repository:host:5000/x:pull',
      granted: 'repository:web/app:pull registry:catalog:*',
      rules: 'teams admins none',
      labels: { team: ['web', 'ops'] },
      quoted_labels: true,
      outcome: 'partial',
    })
    expect(token(line)).toEqual({
      source: 'registry-auth',
      account: 'alice',
      labels: { team: ['web', 'ops'] },
      labelsArePatterns: false,
      labelsAreCertain: true,
      service: 'registry.example.com',
      ip: '192.0.2.1',
      time: Date.parse('2026-11-22T03:04:05.678Z'),
      scopes: [
        { asked: { type: 'repository', name: 'web/app', actions: ['pull', 'push'] }, granted: ['pull'], rule: 'teams' },
        { asked: { type: 'registry', name: 'catalog', actions: ['*'] }, granted: ['*'], rule: 'admins' },
        { asked: { type: 'repository', name: 'host:5000/x', actions: ['pull'] }, granted: [], rule: 'none' },
      ],
    })
  })

  test('a login asks for nothing', () => {
    expect(token(ownLine({ asked: '', granted: '', rules: '' })).scopes).toEqual([])
  })

  test('a scope that stands there twice is granted twice', () => {
    const line = ownLine({
      asked: 'repository:a:push repository:a:pull',
      granted: 'repository:a:pull',
      outcome: 'partial',
    })
    expect(token(line).scopes.map(({ granted }) => granted)).toEqual([[], ['pull']])
  })

  test('rules are left out where a space in a file name makes it unclear whose they are', () => {
    expect(token(ownLine({ rules: 'my rules.yml:3' })).scopes).toMatchObject([{ rule: undefined }])
  })

  test.each(['refused', 'outage'])('a request that was an end before the rules (%s) is undecided', (outcome) => {
    expect(parseLogLine(ownLine({ outcome, granted: undefined, rules: undefined }))).toBe('undecided')
  })

  test.each<[string, string]>([
    ['raw', ownLine()],
    ['Kubernetes', `2026-11-22T03:04:05.678901234Z stdout F ${ownLine()}`],
    ['the journal', `Nov 22 03:04:05 host registry-auth[815]: ${ownLine()}`],
    ['Compose', `auth-1  | ${ownLine()}`],
    ['Docker', JSON.stringify({ log: `${ownLine()}\n`, stream: 'stdout', time: '2026-11-22T03:04:05.678901234Z' })],
    ['carriage returns', `${ownLine()}\r`],
  ])('is read as %s keeps it', (_, line) => {
    expect(token(line)).toEqual(token(ownLine()))
  })
})

describe("docker_auth's log", () => {
  test('says who asked for what and what was granted', () => {
    const catalog = { asked: '{registry  catalog [*]}', type: 'registry', name: 'catalog', actions: [] }
    const line = dockerAuthLine({ scopes: [APP, catalog], labels: goMap({ group: ['dev'], project: [] }) })
    expect(token(line)).toEqual({
      source: 'docker_auth',
      account: 'alice',
      labels: { group: ['dev'], project: [] },
      labelsArePatterns: true,
      labelsAreCertain: true,
      service: 'registry.example.com',
      ip: '192.0.2.1',
      time: 1795316945000,
      scopes: [
        { asked: { type: 'repository', name: 'library/app', actions: ['pull', 'push'] }, granted: ['pull'] },
        { asked: { type: 'registry', name: 'catalog', actions: ['*'] }, granted: [] },
      ],
    })
  })

  test.each<[string, Parameters<typeof dockerAuthLine>[0], Partial<LoggedToken>]>([
    ['nobody', { account: '' }, { account: '' }],
    ['an account of the query', { account: 'bob', user: ':' }, { account: 'bob' }],
    ['an account with all that could mislead', { account: '{a:***@b [{x  y [z]}]} map[]: {"iss":' }, {}],
    ['IPv6', { address: '[2001:db8::1]:51234' }, { ip: '2001:db8::1' }],
    ['a proxied address', { address: '198.51.100.7' }, { ip: '198.51.100.7' }],
    ['a bare IPv6 address', { address: '2001:db8::7' }, { ip: '2001:db8::7' }],
    ['a version without labels', { labels: '' }, { labels: {} }],
    ['several services', { claims: { aud: ['one', 'two'] } }, { service: 'one' }],
    [
      'values that may be one',
      { labels: goMap({ group: ['domain users'] }) },
      { labels: { group: ['domain', 'users'] }, labelsAreCertain: false },
    ],
    [
      'brackets in values',
      { labels: goMap({ group: ['a[1]'], team: ['x'] }) },
      { labels: { group: ['a[1]'], team: ['x'] } },
    ],
    [
      'a name of labels that is a key of every object',
      { labels: goMap({ constructor: ['x'] }) },
      { labels: { constructor: ['x'] } },
    ],
  ])('reads %s', (_, parts, expected) => {
    const { account = 'alice' } = parts
    expect(token(dockerAuthLine({ ...parts, scopes: [APP] }))).toMatchObject({ account, ...expected })
  })

  test.each<[string, DockerAuthScope]>([
    ['without a class, in old versions', { ...APP, asked: '{repository library/app [pull push]}' }],
    ['with a class', { ...APP, asked: '{repository plugin library/app [pull push]}' }],
  ])('reads a scope %s', (_, scope) => {
    expect(token(dockerAuthLine({ scopes: [scope, APP] })).scopes).toMatchObject([
      { asked: { name: 'library/app', actions: ['pull', 'push'] }, granted: ['pull'] },
      { asked: { name: 'library/app', actions: ['pull', 'push'] }, granted: ['pull'] },
    ])
  })

  test('a scope without actions asks for nothing, however its grant is written', () => {
    const scope = { asked: '{repository  a []}', type: 'repository', name: 'a', actions: [''] }
    expect(token(dockerAuthLine({ scopes: [scope] })).scopes).toMatchObject([{ asked: { actions: [] }, granted: [] }])
  })

  test.each<[string, string]>([
    ['Kubernetes', `2026-11-22T03:04:05.678901234Z stderr F ${dockerAuthLine({ scopes: [APP] })}`],
    ['the journal', `Nov 22 03:04:05 host auth_server[1]: ${dockerAuthLine({ scopes: [APP] })}`],
    ['Docker', JSON.stringify({ log: `${dockerAuthLine({ scopes: [APP] })}\n`, stream: 'stderr', time: 'x' })],
  ])('is read as %s keeps it', (_, line) => {
    expect(token(line)).toEqual(token(dockerAuthLine({ scopes: [APP] })))
  })
})

describe('what is no token line', () => {
  test.each<[string, LogEntry, string]>([
    ['nothing', 'other', ''],
    ['another line of ours', 'other', '{"level":"info","time":"2026-11-22T03:04:05.678Z","msg":"ready"}'],
    [
      'another line of docker_auth',
      'other',
      'W1122 03:04:05.678901 1 server.go:303] {bob:***@192.0.2.1:1 []} did not match any authn rule',
    ],
    ['a message that speaks of one', 'other', '{"msg":"what is \\"msg\\":\\"token\\"?"}'],
    ['a line of another program', 'other', '{"log":"{\\"log\\":\\"x New token for {\\"}"}'],
    ['NULs', 'other', '\0\0\0\0'],
  ])('%s is %s', (_, expected, line) => {
    expect(parseLogLine(line)).toBe(expected)
  })

  test.each<[string, string]>([
    ['half a line', ownLine().slice(0, -20) + '"msg":"token"'],
    ['half a line of docker_auth', dockerAuthLine({ scopes: [APP] }).slice(0, -30)],
    ['no outcome', ownLine({ outcome: undefined })],
    ['no account', ownLine({ account: undefined })],
    ['no service', ownLine({ service: 7 })],
    ['no time', ownLine({ time: 'yesterday' })],
    ['no scopes', ownLine({ asked: 5 })],
    ['damaged scopes', ownLine({ asked: 'repository' })],
    ['damaged labels', ownLine({ labels: { team: 'web' } })],
    ['a list of labels', ownLine({ labels: ['web'] })],
    ['brackets without end', `{"msg":"token","x":${'['.repeat(500_000)}`],
    ['brackets in brackets', `{"a":${'['.repeat(100_000)}${']'.repeat(100_000)},"msg":"token"}`],
    ['claims of somebody else', dockerAuthLine({ scopes: [APP], claims: { sub: 'mallory' } })],
    [
      'claims about something else',
      dockerAuthLine({ scopes: [APP], claims: { access: [{ type: 'repository', name: 'x', actions: [] }] } }),
    ],
    ['claims without access', dockerAuthLine({ claims: { access: null } })],
    ['a time that is none', dockerAuthLine({ claims: { iat: 1e300 } })],
    ['labels that are none', dockerAuthLine({ labels: ' map[group]' })],
    ['no labels where some stood', dockerAuthLine({ labels: ' nil' })],
    ['brackets in labels', dockerAuthLine({ labels: ` map[${'a:[] '.repeat(1000)}${']'.repeat(100_000)}x` })],
  ])('%s cannot be read', (_, line) => {
    expect(parseLogLine(line)).toBe('unreadable')
  })
})

test('whatever is in a line, reading it never throws', () => {
  const piece = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 20 }),
    fc.constantFrom(
      'New token for {',
      '"msg":"token"',
      ': {"iss":',
      '{"log":"',
      'map[',
      ']}',
      '***@',
      ownLine(),
      dockerAuthLine({ scopes: [APP] }),
    ),
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
      parseLogLine(pieces.join(''))
    }),
    { numRuns: 2000 },
  )
})

test('whatever an account and its labels are called, their line of docker_auth says the same again', () => {
  const word = fc.string({ unit: fc.constantFrom(...Array.from('ab{}[]:@*,"\\/é')), maxLength: 8 })
  const value = fc.stringMatching(/^[a-z/=,.]{1,8}$/)
  const name = fc.stringMatching(/^[a-z]{1,6}$/)
  fc.assert(
    fc.property(
      word,
      fc.dictionary(name, fc.array(value, { maxLength: 3 }), { noNullPrototype: true }),
      (account, labels) => {
        const read = token(dockerAuthLine({ account, labels: goMap(labels), scopes: [APP] }))
        expect(read.account).toBe(account)
        expect(read.labels).toEqual(labels)
      },
    ),
  )
})
