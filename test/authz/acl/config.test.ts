// Which access lists load, and what is said about those that do not.
import { describe, expect, test } from '@jest/globals'
import { AclConfig, compileAcl } from '../../../src/authz/index.ts'
import type { AclEntryConfig, CompiledAcl } from '../../../src/authz/index.ts'

const complaints = (value: unknown): string[] =>
  (AclConfig.safeParse(value).error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`)

describe('a list in the configuration', () => {
  test('takes every documented key', () => {
    const labels = { teams: 'ops-*' }
    const match = { account: 'a', type: 't', name: 'n', ip: '::1', service: 's', labels }
    const rules = [{ match, actions: ['pull'], comment: 'c' }]
    expect(AclConfig.parse(rules)).toEqual(rules)
  })

  test('may be empty, and so may match and actions', () => {
    expect(complaints([])).toEqual([])
    expect(complaints([{ match: {}, actions: [] }])).toEqual([])
  })

  test.each([
    [
      'A1: a misspelt match key',
      { match: { acount: 'a' }, actions: [] },
      '0.match: unknown key "acount"; did you mean "account"?',
    ],
    ['A1: team', { match: { team: 'a' }, actions: [] }, '0.match: unknown key "team": use labels: {teams: …}'],
    [
      'a misspelt key of a rule',
      { match: {}, action: [], actions: [] },
      '0: unknown key "action"; did you mean "actions"?',
    ],
    ['D1: no match', { actions: [] }, '0.match: is missing; match: {} matches every request'],
    ['D1: no actions', { match: {} }, '0.actions: is missing; actions: [] denies, ["*"] grants all'],
    ['actions that are no list', { match: {}, actions: '*' }, '0.actions: must be a list'],
    ['match that is no map', { match: 'alice', actions: [] }, '0.match: must be a map of keys and values'],
    ['a list for a pattern', { match: { name: ['a'] }, actions: [] }, '0.match.name: must be a single value'],
    [
      'a list for a label',
      { match: { labels: { teams: ['a'] } }, actions: [] },
      '0.match.labels.teams: must be a single value',
    ],
    [
      'labels that are no map',
      { match: { labels: 'a' }, actions: [] },
      '0.match.labels: must be a map of label names and patterns',
    ],
    [
      'a label that would be lost',
      { match: { labels: JSON.parse('{"__proto__": "a"}') as unknown }, actions: [] },
      '0.match.labels: "__proto__" cannot be a key',
    ],
    [
      'a match key that would be lost',
      { match: JSON.parse('{"__proto__": "a"}') as unknown, actions: [] },
      '0.match: unknown key "__proto__"; known keys are account, type, name, ip, service, labels, requires_labels, time',
    ],
  ])('%s is an error', (_, rule, message) => {
    expect(complaints([rule])).toEqual([message])
  })

  test.each([
    [{ requires_labels: {} }, 'requires_labels: must not be empty'],
    [{ requires_labels: { team: [] } }, 'requires_labels.team: must not be empty'],
    [{ ip: [] }, 'ip: must not be empty'],
    [{ time: { days: [] } }, 'time.days: must not be empty'],
    [{ time: { after: '24:00' } }, 'time.after: must be earlier: no day has anything after it'],
    [{ time: { after: '2027-01-01', before: '2026-01-01' } }, 'time: never comes: after has to be earlier than before'],
    [{ time: { after: '2026-01-01', before: '2026-01-01' } }, 'time: never comes: after has to be earlier than before'],
  ])('a condition of ours that everybody or nobody passes is an error: %j', (match, message) => {
    expect(complaints([{ match, actions: ['*'] }])).toEqual([`0.match.${message}`])
  })

  test.each(['2026-02-31', '2026-02-29T10:00:00Z', '2026-04-31T10:00', '2026-00-10'])(
    'a day that no calendar has is an error: %s',
    (before) => {
      expect(complaints([{ match: { time: { before } }, actions: [] }])).toEqual([
        expect.stringMatching(/^0\.match\.time\.before: must be a time of day/),
      ])
    },
  )

  test.each([
    { after: '2028-02-29' },
    { before: '24:00' },
    { after: '22:00', before: '06:00' },
    { after: '2026-01-01', before: '06:00' },
  ])('a time that comes is none: %j', (time) => {
    expect(complaints([{ match: { time }, actions: [] }])).toEqual([])
  })

  test('that is no list is an error', () => {
    expect(complaints({})).toEqual([': must be a list of rules'])
  })
})

describe('compiling a list', () => {
  const compile = (...matches: AclEntryConfig['match'][]): CompiledAcl =>
    compileAcl(matches.map((match) => ({ entry: { match, actions: [] }, position: 'acl.yml:1' })))

  test.each([
    [
      'an invalid expression',
      { name: '/[a/' },
      ['match', 'name'],
      /^is not a valid regular expression: missing closing \]/,
    ],
    [
      'an invalid expression around placeholders',
      { name: '/^${account}(/' },
      ['match', 'name'],
      /^is not a valid regular/,
    ],
    [
      'an invalid expression for a label',
      { labels: { teams: '/(/' } },
      ['match', 'labels', 'teams'],
      /^is not a valid regular/,
    ],
    [
      'look-ahead, which RE2 does not know',
      { account: '/^(?!root).*$/' },
      ['match', 'account'],
      /^is not a valid regular/,
    ],
    [
      'a backslash before a placeholder',
      { name: 'a\\${account}' },
      ['match', 'name'],
      /^has a backslash before a placeholder/,
    ],
    ['an address that is none', { ip: '10.0.0' }, ['match', 'ip'], /^is neither an IP address nor a network/],
    ['a prefix that is too long', { ip: '10.0.0.0/33' }, ['match', 'ip'], /^is neither an IP address nor a network/],
  ])('%s is a problem, and there is no list to use', (_, match, path, message) => {
    const { acl, problems } = compile({}, match)
    expect(acl).toBeUndefined()
    expect(problems).toEqual([{ index: 1, path, message: expect.stringMatching(message) as unknown }])
  })

  test('all problems are reported at once', () => {
    expect(
      compile({ name: '/(/', ip: 'x' }, {}, { type: '/[/' }).problems.map(({ index, path }) => [index, ...path]),
    ).toEqual([
      [0, 'match', 'name'],
      [0, 'match', 'ip'],
      [2, 'match', 'type'],
    ])
  })

  test.each([[{ name: '[a' }], [{ name: 'a\\' }], [{ name: '${account}[' }], [{ labels: { teams: '[]' } }]])(
    'a malformed glob is a warning: %j',
    (match) => {
      const { acl, problems, warnings } = compile(match)
      expect(acl).toBeDefined()
      expect(problems).toEqual([])
      expect(warnings.map(({ message }) => message)).toEqual(['is a malformed pattern: this rule never matches'])
    },
  )

  test.each([
    ['/admin/', 1],
    ['/^(alice|bob)/', 1],
    ['/@example\\.com$/', 1],
    ['/^bob\\$/', 1],
    ['/^(alice|bob)$/', 0],
    ['/(?i)^bob$/', 0],
    ['/\\Abob\\z/', 0],
    ['admin', 0],
  ])('A15: the account %s is warned about %d times for not being anchored', (account, count) => {
    const { acl, warnings } = compile({ account })
    expect(acl).toBeDefined()
    expect(warnings.map(({ path }) => path)).toEqual(Array(count).fill(['match', 'account']))
  })

  test('an escaped backslash may stand before a placeholder', () => {
    expect(compile({ name: 'a\\\\${account}', account: '/^a\\\\${name}$/' }).problems).toEqual([])
  })

  test('other fields need not be anchored', () => {
    expect(compile({ name: '/app/', service: '/reg/' }).warnings).toEqual([])
  })

  test.each(['${label:team}/*', '/^${foo}$/', '${labels}/*'])(
    'what only looks like a placeholder, in %s, is warned about',
    (name) => {
      expect(compile({ name }).warnings.map(({ message }) => message)).toEqual([
        expect.stringMatching(/^\$\{.*\} is no placeholder and stands for itself$/),
      ])
    },
  )
})
