// What the lint finds, and what it leaves alone.
import { describe, expect, test } from '@jest/globals'
import { lintList } from '../../../../src/authz/acl/analysis/lint.ts'
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
      example: { text: 'bob asks for repository:team/app:pull', answer: 'all grants pull' },
    })
  })

  test.each([
    [['*'], ['*'], 'grants the same'],
    [['pull'], ['push', 'pull'], 'grants more: push,pull, not pull'],
    [['pull', 'push'], ['pull'], 'grants less: pull, not pull,push'],
    [['*'], ['pull'], 'grants less: pull, not everything'],
    [['pull'], ['*'], 'grants more: everything, not pull'],
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
  ['whoever trusts addresses', [{ match: { ip: '10.0.0.0/8' }, actions: ['*'] }], anonymous, []],
  ['all addresses', [{ match: { ip: '0.0.0.0/0' }, actions: ['*'] }], anonymous, ['1 anonymous']],
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
  ['the catalog', { name: '*', type: 'registry' }, 1, ['1 action']],
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
  [{ name: 'a', type: 'registry' }, ['push'], ['1 action']],
  [{ name: 'catalog', type: 'registry' }, ['*'], []],
  [{ name: 'catalog', type: 'registry' }, [], []],
])('%j grants %j', (match, actions, expected) => {
  expect(found([{ match, actions }])).toEqual(expected)
})

test.each<[string, string[]]>([
  ['repositry', ['1 type?']],
  ['repository(plugin)', ['1 type']],
  ['repository', []],
  ['registry', ['1 action']],
  ['re*', []],
])('the type %s', (type, expected) => {
  expect(found([{ match: { type } }])).toEqual(expected)
})

test.each([
  ['/bob/', '/^bob$/', 'not-bob-at-all'],
  ['/bob|eve/', '/^(?:bob|eve)$/', 'not-bob-at-all'],
  ['/(bob|eve)/', '/^(bob|eve)$/', 'not-bob-at-all'],
  ['/^bob/', '/^bob$/', 'bob-at-all'],
  ['/(?i)bob$/', '/(?i)^bob$/', 'not-bob'],
])('the account %s is not anchored', (account, fix, example) => {
  const [finding] = lintPlain([{ match: { account } }])
  expect(finding).toMatchObject({
    kind: 'unanchored',
    fix: `account: '${fix}'`,
    example: { request: { identity: { account: example } } },
  })
  expect(found([{ match: { account: fix } }])).toEqual([])
})

test('what is no placeholder', () => {
  expect(found([{ match: { name: '${acount}/*' } }])).toEqual(['1 placeholder'])
})

test.each<[string, Match, string, string]>([
  ['an account without its last slash', { account: '/^(a|b)$' }, "account: '/^(a|b)$/'", 'account'],
  ['an account without slashes', { account: '(.+)@x' }, "account: '/^(.+)@x$/'", 'account'],
  ['a name without slashes', { name: '^a/.+$' }, "name: '/^a/.+$/'", 'name'],
  ['a label', { labels: { team: 'web|ops$' } }, "team: '/web|ops$/'", 'labels.team'],
])('%s looks like an expression', (_, match, fix, where) => {
  const [finding, ...others] = lintPlain([{ match }])
  expect(others).toEqual([])
  expect(finding).toMatchObject({ kind: 'expression', proved: false, fix })
  expect(finding?.message).toContain(`match.${where} `)
})

test.each<[Match]>([
  [{ name: '${account}/*' }],
  [{ name: 'a.b/c-*' }],
  [{ name: '/^a/*b$/' }],
  [{ name: '/^a(/.*)*$/' }],
  [{ name: 'a/[^b]*' }],
  [{ name: '${labels:team}', account: 'a+b@c' }],
])('%j looks like what it is', (match) => {
  expect(found([{ match }])).toEqual([])
})

test('an expression that repeats a slash', () => {
  const [finding] = lintPlain([{ match: { name: '/^mirror/*$/' } }])
  expect(finding).toMatchObject({
    kind: 'expression',
    fix: "name: '/^mirror/[^/]+$/' for one level, name: '/^mirror/.+$/' for all levels",
  })
})

test.each<[Match, string | undefined]>([
  [{ name: '/team/*' }, "name: 'team/*'"],
  [{ name: 'team/app:latest' }, "name: 'team/app'"],
  [{ name: 'Team/${account}-X/*' }, "name: 'team/${account}-x/*'"],
  [{ name: 'team/*' }, undefined],
  [{ name: 'host:5000/app' }, undefined],
  [{ name: '[A-Z]*', type: 'repository' }, undefined],
  [{ name: 'Catalog', type: 'registry' }, undefined],
])('%j is the name of no repository: %s', (match, fix) => {
  const found = lintPlain([{ match, actions: ['*'] }]).map((one) => [one.kind, one.fix])
  expect(found).toEqual(fix === undefined ? [] : [['name', fix]])
})

test.each([
  ['psuh', 'push'],
  ['Pull', 'pull'],
  ['wave', undefined],
])('the action %s', (action, meant) => {
  const [finding] = lintPlain([{ match: { name: 'a' }, actions: ['pull', action] }])
  expect(finding && [finding.kind, finding.fix]).toEqual(meant && ['action', `did you mean "${meant}"?`])
})

test.each<[string, Match, 1 | 2]>([
  ['in a name', { name: 'a.b/**' }, 1],
  ['with a class and a question mark', { name: '[^a-c]?/**/x' }, 1],
  ['with a placeholder', { name: '${account}/**' }, 1],
  ['in a required label', { requires_labels: { team: ['x', 'a/**'] } }, 1],
])('two stars %s: the fix, pasted, is an expression that matches the same', (_, match, syntax) => {
  const [finding, ...others] = lintPlain([{ match }])
  expect(others).toEqual([])
  const [, pattern = ''] = /'(.+)', or syntax: 2/.exec(finding?.fix ?? '') ?? []
  const [key, values] = Object.entries(match)[0] ?? []
  const fixed = key === 'name' ? { name: pattern } : { requires_labels: { team: ['x', pattern] } }
  const [crossing, expression] = [
    listOf([{ match }], { syntax: 2 }),
    listOf([{ match: fixed }], { syntax, setting: PLAIN }),
  ]
  expect(values).toBeDefined()
  for (const text of ['a.b/c/d', 'a.b/', 'axb/c', 'dd/e/f/x', 'bd/e/x', 'd/e/x', 'bob/a/b', 'bob', 'a/b/c', 'a']) {
    const request = {
      identity: { account: 'bob', labels: { team: ['x', text] }, labelsArePatterns: true },
      resource: { type: 'repository', name: text, actions: ['pull'] },
      service: '',
      ip: '',
    }
    expect([text, expression.acl.decide(request, NOW).outcome]).toEqual([
      text,
      crossing.acl.decide(request, NOW).outcome,
    ])
  }
  expect(lintList(expression, NOW).findings).toEqual([])
})

test('two stars beside a label are left to syntax 2', () => {
  const [finding] = lintPlain([{ match: { name: '${labels:team}/**' } }])
  expect(finding?.fix).toBe('syntax: 2 at the top of a file of rules')
})

test.each<[string, Match]>([
  ['a required label', { requires_labels: { team: ['x', 'a['] } }],
  ['beside a label', { name: 'a[${labels:team}' }],
])('a malformed pattern: %s', (_, match) => {
  const [finding, ...others] = lintPlain([{ match }])
  expect(others).toEqual([])
  expect(finding).toMatchObject({ kind: 'never', fix: 'close the bracket, or put a backslash before the character' })
})

describe('a rule that leaves out the type', () => {
  test.each<[string, Match, string[]]>([
    ['and is about repositories by its name', { account: 'bob', name: 'a/b' }, ['2 shadowed']],
    ['and may be about the catalog', { account: 'bob' }, []],
    ['and is about the catalog', { name: 'catalog' }, []],
  ])('%s', (_, match, expected) => {
    const rules = [{ match: { type: 'repository', account: '/.+/', name: match.name === 'a/b' ? 'a/*' : '/.+/' } }]
    expect(found([...rules, { match }])).toEqual(expected)
  })
})

describe('a denial in vain', () => {
  const base = { id: 'base', match: { account: '/.+/', type: 'repository', name: 'base/*' } }
  const nothing = { match: {}, actions: [] }

  test('says who is granted what it denies, and where it belongs', () => {
    const admins = { id: 'admins', match: { account: 'carol' }, actions: ['*'] }
    const [finding, ...others] = lintPlain([admins, base, { match: { account: 'bob' }, actions: [] }, nothing])
    expect(others).toEqual([])
    expect(finding).toMatchObject({
      ...{ kind: 'denial', line: 3, by: 'base' },
      example: { text: 'bob asks for repository:base/app:pull', answer: 'base grants pull' },
      fix: 'move it before base, or remove it',
    })
  })

  test.each<[string, Rules]>([
    ['that stands first', [{ match: { account: 'bob' }, actions: [] }, base]],
    ['of the rest for one', [{ match: { account: 'bob', name: 'b/*' } }, { match: { account: 'bob' }, actions: [] }]],
    ['with a rule behind it', [base, { match: { account: 'bob' }, actions: [] }, { match: { account: '/.+/' } }]],
    ['behind an exception', [{ match: { account: 'eve' } }, { match: { name: 's/*' }, actions: [] }, nothing]],
    [
      'behind an exception for some',
      [{ match: { labels: { t: 'a' } } }, { match: { name: 's/*' }, actions: [] }, nothing],
    ],
    ['of all that is left', [base, nothing]],
    ['of nobody', [base, { match: { account: '' }, actions: [] }]],
  ])('is none %s', (_, rules) => {
    expect(found(rules)).toEqual([])
  })
})

test('a list in which everything is meant', () => {
  const somebody = '/.+/'
  const rules: Rules = [
    { match: { ip: '127.0.0.0/8' }, actions: ['*'] },
    { match: { ip: ['::1', '172.17.0.1'] }, actions: ['*'] },
    { match: { account: 'root' }, actions: ['*'] },
    { match: { account: 'ci', ip: '10.0.0.0/8' }, actions: ['*'] },
    { match: { account: 'ci' }, actions: [] },
    { match: { account: 'tester', name: 'try-*' }, actions: ['*'] },
    { match: { account: 'tester' }, actions: [] },
    { match: { account: '/^(.+)@example\\.com$/', name: '${account:1}/*' }, actions: [] },
    { match: { account: somebody, name: '${account}/*' }, actions: ['*'] },
    { match: { labels: { group: 'vip' }, name: 'vip/*' }, actions: ['push', 'pull'] },
    { match: { labels: { group: '/^(apprentice|dev)$/' }, type: 'repository' }, actions: ['pull', 'push'] },
    { match: { requires_labels: { team: ['web', 'lead'] }, name: 'web/*' }, actions: ['pull', 'push', 'delete'] },
    { match: { labels: { team: 'web' }, name: 'web/*' }, actions: ['pull', 'push'] },
    { match: { name: '${labels:project}/*' }, actions: ['pull', 'push'] },
    { match: { name: '${labels:project}-${labels:tier}/*' }, actions: ['pull', 'push'] },
    { match: { labels: { project: '${name}' } } },
    { match: { account: somebody, service: 'registry', type: 'registry', name: 'catalog' }, actions: ['*'] },
    { match: { name: 'secret/*' }, actions: [] },
    { match: { account: somebody } },
    { match: { account: '', name: 'hello' } },
    { match: { name: 'public/*' } },
    { match: { account: '' }, actions: [] },
    { match: {}, actions: [] },
  ]
  expect(found(rules, { setting: { ...anonymous, labels: ['group', 'team', 'project', 'tier'] } })).toEqual([])
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
