// What two lists answer differently is found, shown by a request that is answered differently, and nothing else is.
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { diffLists } from '../../../../src/authz/acl/analysis/diff.ts'
import { lintList } from '../../../../src/authz/acl/analysis/lint.ts'
import type { AclEntryConfig, AclList, AuthorizationRequest } from '../../../../src/authz/index.ts'
import { requires, SLOW } from '../../../real/requires.ts'
import { listOf, NOW, PLAIN } from './lists.ts'

type Rules = Parameters<typeof listOf>[0]

const ACTIONS = ['*', 'delete', 'pull', 'push']

const granted = (list: AclList, request: AuthorizationRequest, at = NOW): readonly string[] => {
  const answer = list.acl.decide(request, at)
  return answer.outcome === 'decided' ? answer.actions : []
}

describe('differences', () => {
  test.each<[string, Rules, Rules, string[], boolean]>([
    ['nothing changed', [{ match: { name: 'a' } }], [{ match: { name: 'a' }, id: 'new', comment: 'x' }], [], true],
    [
      'an action more',
      [{ match: { name: 'a' } }],
      [{ match: { name: 'a' }, actions: ['pull', 'push'] }],
      ['+push'],
      true,
    ],
    ['a rule less', [{ match: { name: 'a/*' } }], [], ['-pull'], true],
    ['a denial is like no rule', [{ match: { name: 'a' }, actions: [] }], [], [], true],
    [
      'another order',
      [{ match: { name: 'a' }, actions: [] }, { match: { name: '*' } }],
      [{ match: { name: '*' } }, { match: { name: 'a' }, actions: [] }],
      ['+pull'],
      true,
    ],
    [
      'an order that does not matter',
      [{ match: { name: 'a' } }, { match: { name: 'b' } }],
      [{ match: { name: 'b' } }, { match: { name: 'a' } }],
      [],
      true,
    ],
    [
      'two globs for one',
      [{ match: { name: 'a*' } }],
      [{ match: { name: 'a' } }, { match: { name: 'a?*' } }],
      [],
      true,
    ],
    ['a label', [{ match: { labels: { team: 'web' } } }], [{ match: { labels: { team: 'w*' } } }], ['+pull'], true],
    ['two labels', [{ match: { requires_labels: { t: ['a', 'b'] } } }], [], ['-pull'], true],
    ['a network', [{ match: { ip: '10.0.0.0/8' } }], [{ match: { ip: '10.0.0.0/9' } }], ['-pull'], true],
    ['two halves', [{ match: { ip: '10.0.0.0/8' } }], [{ match: { ip: ['10.0.0.0/9', '10.128.0.0/9'] } }], [], true],
    ['a time', [{ match: { time: { after: '08:00' } } }], [{ match: { time: { after: '09:00' } } }], ['-pull'], false],
    [
      'an expression',
      [{ match: { name: '/^(a|b)/.+$/' } }],
      [{ match: { name: '/^(a|b|cc)/.+$/' } }],
      ['+pull'],
      false,
    ],
    [
      'a placeholder',
      [{ match: { name: '${account}/*' } }],
      [{ match: { name: '${account}/*' }, actions: ['push'] }],
      ['+push-pull'],
      false,
    ],
    ['a label in a placeholder', [{ match: { name: '${labels:team}/*' } }], [], ['-pull'], false],
    ['a simple expression', [{ match: { account: '/^a.+$/' } }], [{ match: { account: 'a?*' } }], ['-pull'], true],
  ])('%s', (_, old, next, changes, complete) => {
    const { differences, sampled } = diffLists(listOf(old), listOf(next, { file: 'new.yml' }), NOW)
    const said = differences.map(({ gains, loses }) =>
      [...gains.map((one) => `+${one}`), ...loses.map((one) => `-${one}`)].join(''),
    )
    expect([...new Set(said)].sort()).toEqual([...changes].sort())
    expect(sampled.length === 0).toBe(complete)
  })

  test('a difference names both rules and shows natural requests', () => {
    const old = listOf([{ id: 'team', match: { name: 'team/*' }, actions: ['pull', 'push'] }])
    const next = listOf([
      { match: { account: 'bob' }, actions: [] },
      { id: 'team', match: { name: 'team/*' }, actions: ['pull', 'push'] },
    ])
    const [difference, ...others] = diffLists(old, next, NOW).differences
    expect(others).toEqual([])
    expect(difference).toMatchObject({
      old: 'team',
      new: 'acl.yml:1',
      gains: [],
      loses: ['pull', 'push'],
      proved: true,
    })
    expect(difference?.examples[0]?.request).toMatchObject({
      identity: { account: 'bob' },
      resource: { name: 'team/app' },
    })
  })

  test.each<[string, Rules, Rules, string[]]>([
    [
      'of somebody, and of nobody where nobody gains',
      [],
      [{ match: { name: 'team/*' } }],
      ['alice asks for repository:team/app:pull', 'anonymous asks for repository:team/app:pull'],
    ],
    [
      'with the labels that it takes, and no others',
      [{ match: { labels: { team: 'web' } }, actions: [] }],
      [{ match: { labels: { team: 'web', role: 'lead' }, name: 'web/*' } }],
      ['alice (team=web, role=lead) asks for repository:web/app:pull'],
    ],
    [
      'from an address where rules name one',
      [],
      [{ match: { account: 'ci', ip: '10.0.0.0/8' } }],
      ['ci from 10.0.0.1 asks for repository:library/app:pull'],
    ],
    [
      'in a namespace of somebody with a name',
      [],
      [{ match: { account: '/.+/', name: '${account}/*' } }],
      ['alice asks for repository:alice/app:pull'],
    ],
    [
      'at a time where rules name one',
      [],
      [{ match: { account: 'ci', time: { after: '2027-01-01T00:00:00Z' } } }],
      ['ci asks for repository:library/app:pull at 2027-01-01T00:00:00.000Z'],
    ],
    [
      'for the catalog',
      [],
      [{ match: { account: 'ci', type: 'registry' }, actions: ['*'] }],
      ['ci asks for registry:catalog:*'],
    ],
  ])('examples are requests %s', (_, old, next, texts) => {
    const { differences } = diffLists(listOf(old), listOf(next), NOW)
    expect(differences.map(({ examples }) => examples.map(({ text }) => text))).toEqual([texts])
  })

  test('a literal star is a difference where nothing else is', () => {
    const [old, all] = [['delete', 'pull', 'push'], ['*']].map((actions) =>
      listOf([{ match: { account: 'ci', type: 'repository' }, actions }]),
    )
    expect(old && all && diffLists(old, all, NOW).differences.map(({ gains }) => gains)).toEqual([['*']])
  })

  test('rules far from what changed are not even tried', () => {
    const rule = { match: { name: 'a' } }
    const others = [{ match: { name: '/^(x|y)$/' } }, { match: { name: 'b/${labels:team}' } }]
    const { sampled } = diffLists(listOf([...others.slice(1), rule]), listOf(others.slice(1)), NOW)
    expect(sampled).toEqual([])
  })

  test('rules that change places make no difference where nothing matches both', () => {
    const rules = ['a', 'b', 'c', 'd'].map((name) => ({ match: { name } }))
    const [first, ...others] = rules
    expect(diffLists(listOf(rules), listOf([...others, ...(first === undefined ? [] : [first])]), NOW)).toEqual({
      differences: [],
      sampled: [],
    })
  })

  test('one rule among 10,000 is found in seconds', () => {
    const entries = Array.from({ length: 5_000 }, (_, index) => [
      { match: { labels: { team: `team${index}` }, name: `team${index}/*` } },
      { match: { account: `user${index}`, name: `user${index}/*` }, actions: ['*'] },
    ]).flat()
    const changed = entries.map((entry, index) => (index === 7_001 ? { ...entry, actions: ['pull'] } : entry))
    const { differences } = diffLists(listOf(entries), listOf(changed), NOW)
    expect(differences.map(({ old, loses }) => [old, loses])).toEqual([['acl.yml:7002', ['delete', 'push']]])
  }, 30_000)
})

const piece = fc.constantFrom('a', 'b', '/', '*', '?', '[ab]', '[^a]')
const glob = fc
  .array(piece, { minLength: 1, maxLength: 3 })
  .map((pieces) => pieces.join(''))
  .filter((pattern) => !/^\/.+\/$/.test(pattern))
const maybe = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(arbitrary, { nil: undefined })
const simple: fc.Arbitrary<AclEntryConfig['match']> = fc.record({
  account: maybe(fc.constantFrom('a', 'b', '?', '*')),
  name: maybe(glob),
  ip: maybe(fc.constantFrom('10.0.0.0/8', '10.1.0.0/16')),
  labels: maybe(fc.record({ t: fc.constantFrom('a', 'b', '*') })),
})
const open = fc.constantFrom(
  '${account}/*',
  '${labels:t}/a',
  '${labels:t}b]/a',
  '/a|b/',
  '/^a.*$/',
  '/^[^/]+$/',
  '/.+/',
  '${labels:t}*',
)
const harder = fc.record({
  account: maybe(fc.constantFrom('a', 'b', '?', '*', '/^a/', '/.+/', '${name}')),
  name: maybe(fc.oneof(glob, open)),
  ip: maybe(fc.constantFrom('10.0.0.0/8', '10.1.0.0/16')),
  labels: maybe(fc.record({ t: fc.constantFrom('a', 'b', '*', '${account}', '/./') })),
})
const rulesOf = (match: fc.Arbitrary<AclEntryConfig['match']>): fc.Arbitrary<AclEntryConfig[]> =>
  fc.array(fc.record({ match, actions: fc.constantFrom(['pull'], ['pull', 'push'], [], ['*']) }), {
    minLength: 1,
    maxLength: 6,
  })

const request: fc.Arbitrary<AuthorizationRequest> = fc.record({
  identity: fc.record({
    account: fc.constantFrom('', 'a', 'b', 'ab', 'c'),
    labels: fc.constantFrom<Record<string, string[]>>(
      {},
      { t: ['a'] },
      { t: ['b'] },
      { t: ['a', 'b'] },
      { t: ['c'] },
      { t: ['[a'] },
      { t: ['*', '\\'] },
    ),
    labelsArePatterns: fc.boolean(),
  }),
  resource: fc.record({
    type: fc.constant('repository'),
    name: fc
      .array(fc.constantFrom('a', 'b', 'c', '/', 'é'), { minLength: 1, maxLength: 4 })
      .map((pieces) => pieces.join('')),
    actions: fc.constant(ACTIONS),
  }),
  service: fc.constant('registry'),
  ip: fc.constantFrom('', '10.1.2.3', '10.2.3.4', '192.0.2.1'),
})
const requests = fc.noShrink(fc.array(request, { minLength: 200, maxLength: 200 }))

function neverDecide(numRuns: number): void {
  let proved = 0
  const property = fc.property(rulesOf(harder), requests, (entries, asked) => {
    const list = listOf(entries, { setting: PLAIN })
    const dead = lintList(list, NOW).findings.filter(
      (one) => one.proved && ['shadowed', 'duplicate', 'never'].includes(one.kind),
    )
    proved += dead.length
    const names = dead.map(({ rule }) => rule)
    for (const one of asked) {
      const answer = list.acl.decide(one, NOW)
      if (answer.outcome === 'decided') expect(names).not.toContain(answer.rule)
    }
  })
  fc.assert(property, { numRuns })
  expect(proved).toBeGreaterThan(numRuns / 15)
}

function findDifferences(numRuns: number): void {
  let differing = 0
  const property = fc.property(rulesOf(simple), rulesOf(simple), requests, (first, second, asked) => {
    const [old, next] = [listOf(first), listOf(second)]
    const { differences, sampled } = diffLists(old, next, NOW)
    for (const { examples, gains, loses } of differences) {
      expect(examples.length).toBeGreaterThan(0)
      for (const { request: one, at } of examples) {
        const [before, after] = [granted(old, one, at), granted(next, one, at)]
        expect(one.resource.actions).toEqual([...gains, ...loses].sort())
        expect(after.filter((action) => !before.includes(action))).toEqual(gains)
        expect(before.filter((action) => !after.includes(action))).toEqual(loses)
      }
    }
    const other = asked.find((one) => granted(old, one).join() !== granted(next, one).join())
    if (other === undefined) return
    differing++
    if (sampled.length === 0) {
      const [before, after] = [old, next].map((list) => list.acl.decide(other, NOW))
      const pair = [before, after].map((answer) => (answer?.outcome === 'decided' ? answer.rule : undefined))
      expect(differences.map((one) => [one.old, one.new])).toContainEqual(pair)
    } else expect(differences).not.toEqual([])
  })
  fc.assert(property, { numRuns })
  expect(differing).toBeGreaterThan(numRuns / 3)
}

const COVERED = 'no request is decided by a rule that was proved to be covered'
const FOUND =
  'between lists of literals and globs, a difference is found whenever there is one, and every example is one'

test(COVERED, () => {
  neverDecide(150)
})

test(FOUND, () => {
  findDifferences(60)
})

requires(SLOW)('at length', () => {
  test(
    COVERED,
    () => {
      neverDecide(1_500)
    },
    60_000,
  )

  test(
    FOUND,
    () => {
      findDifferences(300)
    },
    60_000,
  )
})
