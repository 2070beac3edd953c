// What the lint finds, and what it leaves alone.
import { describe, expect, test } from '@jest/globals'
import { lintList } from '../../../../src/authz/index.ts'
import type { AclEntryConfig, AclSetting, Finding } from '../../../../src/authz/index.ts'
import { lint, listOf, NOW, PLAIN } from './lists.ts'

type Match = AclEntryConfig['match']
type Rules = Parameters<typeof listOf>[0]

const found = (rules: Rules, options: Parameters<typeof listOf>[1] = { setting: PLAIN }): string[] =>
  lint(rules, options).map(({ kind, rule, proved }) => `${rule.replace('acl.yml:', '')} ${kind}${proved ? '' : '?'}`)

const lintPlain = (rules: Rules): Finding[] => lint(rules, { setting: PLAIN })

describe('a rule that an earlier one covers', () => {
  test.each<[string, Match, Match]>([
    ['everything covers all', {}, { account: 'bob' }],
    ['a glob covers a literal', { name: 'team/*' }, { name: 'team/app' }],
    ['a glob covers a glob', { name: 'team/*' }, { name: 'team/web-?' }],
    ['a class covers a class', { name: '[a-z]*' }, { name: '[b-d]x' }],
    ['an expression covers a glob', { name: '/^team/.+$/' }, { name: 'team/*/x*' }],
    ['an expression covers an expression', { name: '/^team/.+$/' }, { name: '/^team/[a-z]+$/' }],
    ['an expression covers a literal', { account: '/^(bob|eve)$/' }, { account: 'bob' }],
    ['any expression covers itself', { account: '/^(bob|eve)$/' }, { account: '/^(bob|eve)$/', name: 'x' }],
    ['everything that is not empty', { name: '/.+/' }, {}],
    ['everything, said as an expression', { account: '/.*/' }, { account: 'bob' }],
    ['names have no line ends', { name: '/^.*$/' }, { name: 'a*' }],
    ['placeholders cover themselves', { name: '${account}/*' }, { name: '${account}/*', ip: '::1' }],
    ['labels in placeholders', { name: '${labels:team}/*' }, { name: '${labels:team}/*', account: 'bob' }],
    [
      'groups of the same expression',
      { account: '/^(.+)-x$/', name: '${account:1}' },
      { account: '/^(.+)-x$/', name: '${account:1}', type: 'repository' },
    ],
    ['placeholders that are known', { account: '/.+/', name: '${account}/*' }, { account: 'bob', name: 'bob/app' }],
    ['placeholders are some text', { name: 'u/*' }, { name: 'u/x-?', account: '${name}' }],
    ['placeholders lie within', { name: '/^u-.*$/' }, { name: 'u-${account}/x' }],
    ['a value of the label', { labels: { team: 'w*' } }, { labels: { team: 'web' } }],
    ['several labels', { labels: { team: '*' } }, { labels: { team: 'web', role: 'dev' } }],
    ['required labels', { requires_labels: { team: ['w*', '*b'] } }, { labels: { team: 'web' } }],
    ['a network', { ip: '10.0.0.0/8' }, { ip: ['10.1.2.3', '10.2.0.0/16'] }],
    ['a network of six', { ip: '2001:db8::/32' }, { ip: '2001:db8:1::/48' }],
    ['an address in both families', { ip: '::ffff:10.0.0.0/104' }, { ip: '10.1.2.3' }],
    ['a time, anyway', {}, { time: { after: '08:00' } }],
    ['the same time', { time: { days: ['mon'] } }, { time: { days: ['mon'] }, name: 'x' }],
  ])('%s', (_, first, second) => {
    expect(found([{ match: first }, { match: second }])).toContain('2 shadowed')
  })

  test.each<[string, Match, Match]>([
    ['a star does not cross slashes', { name: 'team/*' }, { name: 'team/**' + '/x' }],
    ['a literal covers nothing else', { name: 'team/app' }, { name: 'team/*' }],
    ['another account', { account: 'bob', name: '*' }, { account: 'eve', name: 'x' }],
    ['an expression with a line end', { account: '/^.*$/' }, {}],
    ['placeholders of another account', { account: '/.+/', name: '${account}/*' }, { account: 'bob', name: 'eve/app' }],
    [
      'placeholders of another expression',
      { account: '/^(.+)-x$/', name: '${account:1}' },
      { account: '/^(.)-x$/', name: '${account:1}' },
    ],
    ['a label nobody asks for', { labels: { team: '*' } }, { account: 'bob' }],
    ['another label', { labels: { team: 'web' } }, { labels: { role: 'web' } }],
    ['a label with a bracket', { name: '[ab]x' }, { name: '${labels:team}b]x' }],
    ['a smaller network', { ip: '10.1.0.0/16' }, { ip: '10.0.0.0/8' }],
    ['another family', { ip: '0.0.0.0/0' }, { ip: '::/0' }],
    ['every address', { ip: '0.0.0.0/0' }, {}],
    ['another time', { time: { days: ['mon'] } }, { time: { days: ['tue'] } }],
    ['a malformed rule', { name: '[' }, { name: '[' + 'a]' }],
  ])('not covered: %s', (_, first, second) => {
    expect(found([{ match: first }, { match: second }]).filter((one) => one.startsWith('2 shadowed'))).toEqual([])
  })

  test('expressions that are not simple are sampled, and it says so', () => {
    const rules = [{ match: { name: '/^(team|group)/.*$/' } }, { match: { name: 'team/*' } }]
    expect(found(rules)).toEqual(['2 shadowed?'])
  })

  test('an example is answered by the other rule, and the finding says what that one grants', () => {
    const [finding] = lintPlain([
      { id: 'all', match: { name: 'team/*' }, actions: ['pull', 'push'] },
      { match: { account: 'bob', name: 'team/app' }, actions: [] },
    ])
    expect(finding).toMatchObject({
      ...{ kind: 'shadowed', proved: true, file: 'acl.yml', line: 2, column: 1, rule: 'acl.yml:2' },
      message: 'never decides: all (acl.yml:1) matches every request that this rule matches',
      why: 'the first rule that matches decides, and all grants pull,push, which this rule was to deny',
      example: { text: 'bob from 192.0.2.1 asks for repository:team/app:pull', answer: 'all grants pull' },
    })
  })

  test.each([
    [['*'], ['*'], 'grants the same'],
    [['pull'], ['push', 'pull'], 'grants more: push,pull, not pull'],
    [['pull', 'push'], ['pull'], 'grants less: pull, not pull,push'],
    [['*'], ['pull'], 'grants less: pull, not *'],
    [['pull'], ['*'], 'grants more: *, not pull'],
    [['delete'], ['pull'], 'grants pull, not delete'],
    [[], [], 'denies as well'],
    [['pull'], [], 'grants less: nothing, not pull'],
  ])('%j behind %j %s', (own, other, said) => {
    const [finding] = lintPlain([
      { match: { name: 'a' }, actions: other },
      { match: { name: 'a', ip: '::1' }, actions: own },
    ])
    expect(finding?.why).toBe(`the first rule that matches decides, and acl.yml:1 ${said}`)
  })

  test('the same conditions again are a duplicate', () => {
    const rule = { match: { name: 'a/*', labels: { team: 'x' } } }
    expect(found([rule, { match: { name: 'b' } }, rule, rule])).toEqual(['3 duplicate', '4 duplicate'])
  })

  test('a malformed pattern never matches', () => {
    expect(found([{ match: { labels: { team: 'a[' } } }])).toEqual(['1 never'])
  })
})

const anonymous: AclSetting = { ...PLAIN, anonymous: true }

test.each<[string, Rules, AclSetting | undefined, string[]]>([
  ['an account nobody has to have', [{ match: { name: 'a' }, actions: ['*'] }], anonymous, ['1 anonymous']],
  ['a star takes nobody, too', [{ match: { account: '*', name: 'a' }, actions: ['*'] }], anonymous, ['1 anonymous']],
  ['where no configuration says, softly', [{ match: { name: 'a' }, actions: ['delete'] }], undefined, ['1 anonymous?']],
  ['nobody comes in', [{ match: { name: 'a' }, actions: ['*'] }], PLAIN, []],
  ['pulling is fine', [{ match: { account: '*', name: 'a' } }], anonymous, []],
  ['somebody', [{ match: { account: '/.+/', name: 'a' }, actions: ['*'] }], anonymous, []],
  ['nobody has labels', [{ match: { name: '${labels:team}/*' }, actions: ['*'] }], anonymous, []],
  [
    'denied before',
    [
      { match: { account: '' }, actions: [] },
      { match: { name: 'a' }, actions: ['*'] },
    ],
    anonymous,
    [],
  ],
])('anonymous: %s', (_, rules, setting, expected) => {
  expect(found(rules, setting === undefined ? {} : { setting })).toEqual(expected)
})

test.each<[string, Match, boolean, string[]]>([
  ['the machine itself', { ip: '127.0.0.0/8' }, true, ['1 loopback']],
  ['one of several', { ip: ['10.0.0.0/8', '::1'] }, true, ['1 loopback']],
  ["Docker's bridge", { ip: '172.17.0.1' }, true, ['1 loopback']],
  ['no proxy', { ip: '127.0.0.1' }, false, []],
  ['another network', { ip: '10.0.0.0/8' }, true, []],
])('loopback: %s', (_, match, proxyHeader, expected) => {
  expect(found([{ match }], { setting: { ...PLAIN, proxyHeader } })).toEqual(expected)
})

test.each<[string, Match, 1 | 2, string[]]>([
  ['a star alone', { name: '*' }, 1, ['1 star']],
  ['a star alone, in syntax 2', { name: '*' }, 2, ['1 star']],
  ['the catalog', { name: '*', type: 'registry' }, 1, []],
  ['one level', { name: 'team/*' }, 1, []],
  ['two stars that are one', { name: 'team/**' }, 1, ['1 star']],
  ['two stars that are two', { name: 'team/**' }, 2, []],
  ['stars that are characters', { account: '\\**' }, 1, []],
])('stars: %s', (_, match, syntax, expected) => {
  expect(found([{ match }], { syntax, setting: PLAIN })).toEqual(expected)
})

test.each<[string, Match, readonly string[] | undefined, string[]]>([
  ['a label nobody gives', { labels: { tem: 'a' } }, ['team'], ['1 label']],
  ['a required one', { requires_labels: { tem: 'a' } }, ['team'], ['1 label']],
  ['in a placeholder', { name: '${labels:tem}/*' }, ['team'], ['1 label']],
  ['nobody gives any', { labels: { team: 'a' } }, [], ['1 label']],
  ['one that is given', { labels: { team: 'a' }, name: '${labels:team}' }, ['team'], []],
  ['anything is given', { labels: { team: 'a' } }, undefined, []],
])('labels: %s', (_, match, labels, expected) => {
  expect(found([{ match }], { setting: { ...PLAIN, labels } })).toEqual(expected)
})

test('a label that is nearly one says which', () => {
  const [finding] = lint([{ match: { labels: { tem: 'a' } } }], { setting: { ...PLAIN, labels: ['role', 'team'] } })
  expect(finding?.fix).toBe('did you mean "team"?')
})

test.each<[Match, readonly string[], string[]]>([
  [{ name: 'a' }, ['push'], ['1 push-without-pull']],
  [{ name: 'a' }, ['push', 'pull'], []],
  [{ name: 'a' }, ['*'], []],
  [{ name: 'a', type: 'registry' }, ['push'], []],
])('%j grants %j', (match, actions, expected) => {
  expect(found([{ match, actions }])).toEqual(expected)
})

test.each<[string, string[]]>([
  ['repositry', ['1 type?']],
  ['repository(plugin)', ['1 type']],
  ['repository', []],
  ['registry', []],
  ['re*', []],
])('the type %s', (type, expected) => {
  expect(found([{ match: { type } }])).toEqual(expected)
})

test.each([
  ['/bob/', '/^bob$/', 'not-bob-at-all'],
  ['/bob|eve/', '/^(?:bob|eve)$/', 'not-bob-at-all'],
  ['/^bob/', '/^bob$/', 'bob-at-all'],
  ['/(?i)bob$/', '/(?i)^bob$/', 'not-bob'],
])('the account %s is not anchored', (account, fix, example) => {
  const [finding] = lintPlain([{ match: { account } }])
  expect(finding).toMatchObject({ kind: 'unanchored', fix, example: { request: { identity: { account: example } } } })
})

test('what is no placeholder', () => {
  expect(found([{ match: { name: '${acount}/*' } }])).toEqual(['1 placeholder'])
})

test('every fix of an unanchored account compiles, and nothing is left to find', () => {
  const [finding] = lintPlain([{ match: { account: '/bob|eve/', name: 'x' } }])
  expect(found([{ match: { account: finding?.fix ?? '', name: 'x' } }])).toEqual([])
})

test('20,000 rules of teams and namespaces take seconds', () => {
  const entries = Array.from({ length: 10_000 }, (_, index) => [
    { match: { labels: { team: `team${index}` }, name: `team${index}/*` }, actions: ['pull', 'push'] },
    {
      match: { account: `user${index}`, name: index % 2 === 0 ? `user${index}/*` : `/^user${index}/.+$/` },
      actions: ['*'],
    },
  ]).flat()
  const list = listOf([...entries, { match: { account: 'user7', name: 'user7/app' } }], { setting: PLAIN })
  const { findings, complete } = lintList(list, NOW)
  expect(findings.map(({ rule, message }) => [rule, message])).toEqual([
    ['acl.yml:20001', 'never decides: acl.yml:16 matches every request that this rule matches'],
  ])
  expect(complete).toBe(true)
}, 20_000)

test('a list that is too long to compare says so', () => {
  const entries = Array.from({ length: 7_000 }, (_, index) => ({ match: { name: `*-${index}` } }))
  expect(lintList(listOf(entries, { setting: PLAIN }), NOW).complete).toBe(false)
})
