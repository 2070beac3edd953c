// docker_auth's defects that concern access lists, by their number in the facts. A1 and D1 (rules that must not load) are in config.test.ts.
import { describe, expect, test } from '@jest/globals'
import { decide, matches } from '../request.ts'

describe('A12: what a pattern is does not depend on what is filled in', () => {
  test.each([
    ['${account}', '/a/', 'xax', false],
    ['${account}', '/a/', '/a/', true],
    ['${account}', '/.*/', 'anything', false],
    ['/${account}', '.*/', 'anything', false],
  ])('the name %j for the account %j against %j: %s', (name, account, asked, expected) => {
    expect(matches({ name }, { account, name: asked })).toBe(expected)
  })

  test('a label with slashes is no expression either', () => {
    const labels = { path: ['/.*/'] }
    expect(matches({ name: '${labels:path}' }, { name: 'anything', labels })).toBe(false)
    expect(matches({ name: '${labels:path}' }, { name: '/.x/', labels })).toBe(true)
  })
})

describe('an expression of which nothing is left matches nothing', () => {
  const asked = { account: '', name: 'bob/app', labels: { none: [''] } }

  test.each([
    [{ name: '/${account}/' }],
    [{ name: '/${account}${labels:none}/' }],
    [{ name: '/${labels:none}/' }],
    [{ account: '/^(x?)$/', name: '/${account:1}/' }],
    [{ labels: { none: '/${account}/' } }],
  ])('%j', (match) => {
    for (const labelsArePatterns of [true, false]) expect(matches(match, { ...asked, labelsArePatterns })).toBe(false)
  })
})

describe('A13: captured groups are quoted for the kind of pattern they go into', () => {
  const account = '/^(.+)@test\\.com$/'

  test.each([
    ['${account:1}/*', '*@test.com', 'alice/app', false],
    ['${account:1}/*', '*@test.com', '*/app', true],
    ['${account:1}/*', '[a-z]@test.com', 'b/app', false],
    ['${account:1}/*', 'a\\@test.com', 'a\\/app', true],
    ['/^${account:1}\\/.*$/', '.*@test.com', 'alice/app', false],
    ['/^${account:1}\\/.*$/', 'a|b@test.com', 'b/app', false],
    ['/^${account:1}\\/.*$/', 'bob@test.com', 'bob/app', true],
  ])('the name %j for %j against %j: %s', (name, asked, path, expected) => {
    expect(matches({ account, name }, { account: asked, name: path })).toBe(expected)
  })

  test.each(['*', '?', '[a-z]', '[^x]', '\\*', '.*', '(', '|'])('the account %j is never a wildcard', (asked) => {
    for (const name of ['${account}/app', '/^${account}\\/app$/', '[${account}]ob/app']) {
      expect([name, matches({ name }, { account: asked, name: 'bob/app' })]).toEqual([name, false])
    }
  })
})

describe('A14: labels are patterns where the admin wrote them and text where they come from elsewhere', () => {
  const labels = { project: ['test/*', 'a|b', '.*', 'cn=x,ou=(y)'] }

  test.each([
    ['${labels:project}', 'test/app', true, true],
    ['${labels:project}', 'test/app', false, false],
    ['${labels:project}', 'test/*', false, true],
    ['/^(${labels:project})$/', 'b', true, true],
    ['/^(${labels:project})$/', 'b', false, false],
    ['/^${labels:project}$/', 'anything', true, true],
    ['/^${labels:project}$/', 'anything', false, false],
    ['/^${labels:project}$/', 'cn=x,ou=(y)', true, true],
    ['/^cn-${labels:project}$/', 'cn-cn=x,ou=(y)', false, true],
  ])('the name %j against %j, labels are patterns: %s → %s', (name, asked, labelsArePatterns, expected) => {
    expect(matches({ name }, { name: asked, labels, labelsArePatterns })).toBe(expected)
  })
})

test('A15: an expression stays unanchored, and a star stays within its segment', () => {
  expect(matches({ account: '/(foo|bar)/' }, { account: 'xfooy' })).toBe(true)
  expect(matches({ name: '*' }, { name: 'library/app' })).toBe(false)
})

describe('D14: label combinations do not explode', () => {
  const many = Array.from({ length: 500 }, (_, index) => index.toString(36))
  const labels = { a: many, b: many, c: many }
  const rules = (name: string) => [
    { match: { name }, actions: ['pull'] },
    { match: {}, actions: ['push'] },
  ]
  const asked = { labels, actions: ['pull', 'push'] }

  test.each(['${labels:a}/${labels:b}/${labels:c}', '/^(${labels:a})\\/(?:x|dv|y)\\/${labels:c}$/'])(
    '%s is decided where the name tells the values apart',
    (name) => {
      expect(decide(rules(name), { ...asked, name: '2k/dv/7' })).toEqual({ actions: ['pull'], rule: 'acl.yml:1' })
      expect(decide(rules(name), { ...asked, name: '2k/--/7' })).toEqual({ actions: ['push'], rule: 'acl.yml:2' })
    },
  )

  test('a name that holds every value is decided all the same', () => {
    const name = '*${labels:a}*${labels:b}*${labels:c}!'
    const everything = { ...asked, labelsArePatterns: false }
    expect(decide(rules(name), { ...everything, name: many.join('') })).toEqual({
      actions: ['push'],
      rule: 'acl.yml:2',
    })
    expect(decide(rules(name), { ...everything, name: `${many.join('')}!` })).toMatchObject({ rule: 'acl.yml:1' })
  })

  test.each([
    ['/(${labels:a}|x)?${labels:b}${labels:c}!/', false],
    ['${labels:a}?${labels:b}?${labels:c}!', true],
  ])('%s with a name that holds every value is denied, not passed on to the next rule', (name, labelsArePatterns) => {
    const a = labelsArePatterns ? many.map((value) => `${value}*`) : many
    const everything = { ...asked, labels: { ...labels, a }, labelsArePatterns, name: many.join('') }
    expect(decide(rules(name), everything)).toEqual({ actions: [], rule: 'acl.yml:1' })
  })
})
