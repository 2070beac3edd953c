// What an access list means: docker_auth's behaviours, one table for each.
import { describe, expect, test } from '@jest/globals'
import { decide, matches } from '../request.ts'

describe('a list', () => {
  const rules = [
    { match: { account: 'alice', name: 'secret' }, actions: [] },
    { match: { account: 'alice' }, actions: ['pull', 'push'] },
    { match: { account: '/.+/', type: 'registry', name: 'catalog' }, actions: ['*'] },
    { match: { account: '/.+/' }, actions: ['pull'] },
  ]

  test.each([
    ['the first rule that matches decides', { name: 'app', actions: ['pull', 'push'] }, ['pull', 'push'], 2],
    ['a denial stops the walk', { name: 'secret', actions: ['pull'] }, [], 1],
    ['a later rule is reached', { account: 'bob', actions: ['pull', 'push'] }, ['pull'], 4],
    ['only what was asked is granted', { name: 'app', actions: ['push'] }, ['push'], 2],
    ['what is not allowed is left out', { name: 'app', actions: ['delete', 'pull'] }, ['pull'], 2],
    ['"*" is an action like any other', { name: 'app', actions: ['*'] }, [], 2],
    [
      '["*"] grants what is asked, "*" too',
      { account: 'bob', type: 'registry', name: 'catalog', actions: ['*'] },
      ['*'],
      3,
    ],
  ])('%s', (_, asked, actions, line) => {
    expect(decide(rules, asked)).toEqual({ actions, rule: `acl.yml:${line}` })
  })

  test('has no opinion where nothing matches', () => {
    expect(decide(rules, { account: '' })).toBe('no-match')
    expect(decide([], {})).toBe('no-match')
  })

  test('grants an action that a rule names besides "*" only by name', () => {
    const both = [{ match: {}, actions: ['*', 'pull'] }]
    expect(decide(both, { actions: ['*', 'delete', 'pull'] })).toMatchObject({ actions: ['*', 'pull'] })
  })
})

test('an empty match matches every request', () => {
  expect(matches({}, { account: '', name: '', service: '', ip: '' })).toBe(true)
})

test('everything that is given has to match', () => {
  const match = {
    account: 'alice',
    type: 'repository',
    name: 'library/*',
    service: 'registry',
    ip: '192.0.2.0/24',
    labels: { team: 'ops' },
  }
  const asked = { labels: { team: ['ops'] } }
  expect(matches(match, asked)).toBe(true)
  for (const [key, value] of Object.entries({
    account: 'bob',
    type: 'registry',
    name: 'x',
    service: 'x',
    ip: '10.0.0.1',
    labels: {},
  })) {
    expect([key, matches(match, { ...asked, [key]: value })]).toEqual([key, false])
  }
})

describe('a pattern', () => {
  test.each([
    ['', '', true],
    ['', 'a', false],
    ['alice/*', 'alice/app', true],
    ['alice/*', 'alice/app/web', false],
    ['alice/*', 'alice', false],
    ['alice-*', 'alice-app', true],
    ['*', 'library/app', false],
    ['*/*', 'library/app', true],
    ['[ab]pp', 'app', true],
    ['[^ab]pp', 'app', false],
    ['a\\*', 'a*', true],
    ['[', '[', false],
    ['/app/', 'library/apple', true],
    ['/^app/', 'library/apple', false],
    ['/^library\\/(app|web)$/', 'library/web', true],
    ['/(?i)LIBRARY/', 'library/app', true],
    ['//', '//', true],
    ['//', 'a', false],
    ['/', '/', true],
    ['/a', '/a', true],
    ['/^€+$/', '€€', true],
  ])('%j against the name %j: %s', (name, asked, expected) => {
    expect(matches({ name }, { name: asked })).toBe(expected)
  })
})

describe('a placeholder', () => {
  test.each([
    ['${account}/*', { account: 'bob', name: 'bob/app' }, true],
    ['${account}/*', { account: 'bob', name: 'alice/app' }, false],
    ['${account}/*', { account: '', name: 'alice/app' }, false],
    ['*-${account}-[0-9]', { account: 'bob', name: 'app-bob-1' }, true],
    ['${type}/${service}', { name: 'repository/registry' }, true],
    ['${name}', { name: 'any/thing[' }, true],
    ['/^${account}\\/.+$/', { account: 'bob', name: 'bob/app' }, true],
    ['/^${account}\\/.+$/', { account: 'b.b', name: 'bob/app' }, false],
    ['/^${account}\\/.+$/', { account: 'b.b', name: 'b.b/app' }, true],
    ['/^(${account}|public)\\/.+$/', { account: 'bob', name: 'public/app' }, true],
    ['${unknown}', { name: '${unknown}' }, true],
    ['${Account}', { account: 'bob', name: 'bob' }, false],
    ['${account}', { account: '${name}', name: '${name}' }, true],
    ['${account}', { account: '${type}', name: 'repository' }, false],
  ])('in the name %j, asked %j: %s', (name, asked, expected) => {
    expect(matches({ name }, asked)).toBe(expected)
  })

  test.each([
    [{ account: '/^(.+)@(.+)$/', name: '${account:2}/${account:1}' }, { account: 'bob@ops', name: 'ops/bob' }, true],
    [{ account: '/^(.+)@(.+)$/', name: '${account:2}/${account:1}' }, { account: 'bob@ops', name: 'ops/alice' }, false],
    [{ account: '/b.b/', name: '${account:0}' }, { account: 'xbobx', name: 'bob' }, true],
    [{ account: '/^(a)?bob$/', name: 'x${account:1}x' }, { account: 'bob', name: 'xx' }, true],
    [{ account: '/^(.+)$/', name: '/^${account:1}$/' }, { account: 'b+', name: 'b+' }, true],
    [{ name: '/^(.+)-/', service: '${name:1}' }, { name: 'registry-app' }, true],
    [{ name: '/^(\\w+)\\/${name:1}$/' }, { name: 'app/app' }, false],
    [{ account: 'bob', name: '${account:1}' }, { account: 'bob', name: '${account:1}' }, true],
    [{ account: '/^bob$/', name: '${account:1}' }, { account: 'bob', name: '${account:1}' }, true],
    [{ account: '/^(b)ob$/', name: '${account:01}' }, { account: 'bob', name: '${account:01}' }, true],
    [{ account: '/^(b)ob$/', name: '/^${account:7}$/' }, { account: 'bob', name: '${account:7}' }, false],
  ])('for a group, %j, asked %j: %s', (match, asked, expected) => {
    expect(matches(match, asked)).toBe(expected)
  })
})

describe('labels of a rule', () => {
  const labels = { team: ['ops', 'dev'], empty: [], site: ['x/y'] }

  test.each([
    [{ team: 'dev' }, true],
    [{ team: 'd*' }, true],
    [{ team: '/^(ops|qa)$/' }, true],
    [{ team: 'qa' }, false],
    [{ team: '*', site: '*' }, false],
    [{ team: '*', site: '*/*' }, true],
    [{ empty: '*' }, false],
    [{ missing: '*' }, false],
    [{ constructor: '*' }, false],
    [{ team: '${account}' }, true],
    [{ team: '/^${account}$/' }, true],
    [{ team: '${name:1}' }, true],
    [{ team: '${labels:team}' }, false],
  ])('%j match a user of teams ops and dev: %s', (wanted, expected) => {
    const match = { name: '/^(.+)\\//', labels: wanted }
    expect(matches(match, { account: 'dev', name: 'ops/app', labels })).toBe(expected)
  })

  test('leave label placeholders as they are written', () => {
    expect(matches({ labels: { team: '${labels:team}' } }, { labels: { team: ['${labels:team}'] } })).toBe(true)
  })
})

describe('a label placeholder', () => {
  const labels = {
    team: ['ops', 'dev'],
    role: ['admin', 'user'],
    wild: ['test/*', '/x.*/'],
    odd: ['[', '(', '\\'],
    none: [],
  }

  test.each([
    ['${labels:team}/*', 'dev/app', true],
    ['${labels:team}/*', 'qa/app', false],
    ['${labels:team}/${labels:role}', 'dev/admin', true],
    ['${labels:team}/${labels:role}', 'ops/user', true],
    ['${labels:team}/${labels:role}', 'ops/ops', false],
    ['${labels:team}/${labels:team}', 'dev/dev', true],
    ['${labels:team}/${labels:team}', 'dev/ops', false],
    ['/^${labels:team}-(${labels:role}|any)$/', 'dev-user', true],
    ['/^${labels:team}-(${labels:role}|any)$/', 'dev-any', true],
    ['/^${labels:team}-(${labels:role}|any)$/', 'any-any', false],
    ['${labels:wild}', 'test/app', true],
    ['${labels:wild}', 'test/app/web', false],
    ['x${labels:wild}', 'xtest/app', true],
    ['/^${labels:wild}app$/', 'test///app', true],
    ['${labels:odd}', '[', false],
    ['/${labels:odd}/', '(', false],
    ['${labels:odd}]', '[]', false],
    ['${labels:odd}', '${labels:odd}', true],
    ['${labels:none}', '', false],
    ['${labels:none}/${labels:team}', '/dev', false],
    ['/^(a|${labels:none})$/', 'a', true],
    ['${labels:missing}', '${labels:missing}', true],
    ['${labels:missing}-${labels:team}', '${labels:missing}-dev', true],
    ['${labels:constructor}', 'x', false],
    ['${labels:team}/${account}', 'dev/alice', true],
  ])('in the name %j against %j: %s', (name, asked, expected) => {
    expect(matches({ name }, { name: asked, labels })).toBe(expected)
  })

  test('works in every field of a rule', () => {
    const pattern = 'x-${labels:team}'
    for (const field of ['account', 'type', 'name', 'service'] as const) {
      expect(matches({ [field]: pattern }, { [field]: 'x-dev', labels })).toBe(true)
      expect(matches({ [field]: pattern }, { [field]: 'x-qa', labels })).toBe(false)
    }
  })

  test('may have one value in one field and another in the next', () => {
    expect(
      matches({ name: '${labels:team}', service: '${labels:team}' }, { name: 'ops', service: 'dev', labels }),
    ).toBe(true)
  })
})

describe('the address', () => {
  test.each([
    ['192.0.2.1', '192.0.2.1', true],
    ['192.0.2.0/24', '192.0.2.77', true],
    ['192.0.2.0/24', '::ffff:192.0.2.77', true],
    ['fe80::/10', 'fe80::1%eth0', true],
    ['2001:db8::1', '2001:DB8:0::1', true],
    ['0.0.0.0/0', '', false],
    ['::/0', '', false],
    ['0.0.0.0/0', 'unknown', false],
  ])('%s of a rule against %j: %s', (ip, asked, expected) => {
    expect(matches({ ip }, { ip: asked })).toBe(expected)
  })
})
