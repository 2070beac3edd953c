// What lists can say beyond docker_auth's: `**`, lists of addresses, required labels, times; and which labels they compare.
import { describe, expect, test } from '@jest/globals'
import { compileAcl } from '../../../src/authz/index.ts'
import type { AclEntryConfig } from '../../../src/authz/index.ts'
import { matches, request } from '../request.ts'

type Match = AclEntryConfig['match']

const compile = (match: Match, syntax?: 1 | 2) =>
  compileAcl([{ entry: { match, actions: ['*'] }, position: 'acl.yml:1', ...(syntax === undefined ? {} : { syntax }) }])

describe('in a list with syntax 2', () => {
  const labels = { team: ['ops/web', 'dev'], wild: ['**', '*'] }

  test.each<[Match, string, boolean]>([
    [{ name: 'ops/**' }, 'ops/web/app', true],
    [{ name: 'ops/**' }, 'ops', false],
    [{ name: 'ops/*' }, 'ops/web/app', false],
    [{ name: '**/app' }, 'ops/web/app', true],
    [{ name: '${labels:team}/**' }, 'dev/a/b', true],
    [{ name: '${labels:team}/**' }, 'ops/web/a/b', true],
    [{ name: '${labels:team}/**' }, 'ops/a/b', false],
    [{ name: '**/${labels:team}/**/${labels:team}' }, 'x/dev/y/z/dev', true],
    [{ name: '**/${labels:team}/**/${labels:team}' }, 'x/dev/y/z/ops/web', false],
    [{ name: 'x/${labels:wild}' }, 'x/a/b', true],
    [{ name: 'x*${account}*' }, 'x/b', false],
    [{ labels: { team: 'o**b' } }, 'any', true],
    [{ requires_labels: { team: ['**web', 'd*'] } }, 'any', true],
  ])('%j and the name %s: %s', (match, name, expected) => {
    const asked = request({ account: '', name, labels })
    expect(compile(match, 2).acl?.decide(asked, 0).outcome === 'decided').toBe(expected)
  })

  test('only there do two stars cross slashes', () => {
    expect(matches({ name: 'ops/**' }, { name: 'ops/app' })).toBe(true)
    expect(matches({ name: 'ops/**' }, { name: 'ops/web/app' })).toBe(false)
    expect(matches({ labels: { team: 'o**b' } }, { labels })).toBe(false)
  })
})

describe('a list of addresses', () => {
  const ip = ['10.0.0.0/8', '192.0.2.1', '2001:db8::/32']

  test.each([
    ['10.200.0.1', true],
    ['::ffff:10.0.0.1', true],
    ['192.0.2.1', true],
    ['2001:db8::7', true],
    ['192.0.2.2', false],
    ['', false],
  ])('matches %j: %s', (asked, expected) => {
    expect(matches({ ip }, { ip: asked })).toBe(expected)
  })

  test('that is empty matches nobody', () => {
    expect(matches({ ip: [] }, {})).toBe(false)
  })

  test('is complained about address by address', () => {
    const problems = (match: Match) => compile(match).problems.map(({ path }) => path)
    expect(problems({ ip: ['10.0.0.0/8', 'x', '::1', '1.2.3.4/33'] })).toEqual([
      ['match', 'ip', 1],
      ['match', 'ip', 3],
    ])
    expect(problems({ ip: 'x' })).toEqual([['match', 'ip']])
  })
})

describe('required labels', () => {
  const labels = { team: ['ops', 'dev'], role: ['admin'], none: [] }

  test.each<[NonNullable<Match['requires_labels']>, boolean]>([
    [{ team: 'ops' }, true],
    [{ team: ['ops', 'dev'] }, true],
    [{ team: ['ops', 'qa'] }, false],
    [{ team: ['o*', '/^d/'], role: 'admin' }, true],
    [{ team: ['ops'], role: 'user' }, false],
    [{ none: '*' }, false],
    [{ missing: '*' }, false],
    [{ constructor: '*' }, false],
    [{ role: '${account}' }, true],
    [{ team: ['${name:1}', '/^${name:1}$/'] }, true],
    [{ team: '${labels:team}' }, false],
    [{ missing: [] }, true],
  ])('%j of an admin of ops and dev: %s', (wanted, expected) => {
    const match = { name: '/^(.+)\\//', requires_labels: wanted }
    expect(matches(match, { account: 'admin', name: 'ops/app', labels })).toBe(expected)
  })

  test('are complained about pattern by pattern', () => {
    const { problems } = compile({ requires_labels: { team: ['a', '/(/'], role: '/[/' } })
    expect(problems.map(({ path }) => path)).toEqual([
      ['match', 'requires_labels', 'team', 1],
      ['match', 'requires_labels', 'role'],
    ])
  })
})

test('a rule with a time holds at that time only', () => {
  const { acl } = compile({ time: { after: '08:00', before: '18:00', days: ['mon'] } })
  const outcome = (at: string) => acl?.decide(request(), new Date(at).getTime()).outcome
  expect(outcome('2026-11-23T08:00')).toBe('decided')
  expect(outcome('2026-11-23T17:59')).toBe('decided')
  expect(outcome('2026-11-23T18:00')).toBe('no-match')
  expect(outcome('2026-11-24T12:00')).toBe('no-match')
})

test('a list knows the labels that it compares', () => {
  const match = {
    name: '${labels:project}/${account}',
    account: '/^${labels:who}$/',
    labels: { team: '*' },
    requires_labels: { role: ['a', 'b'] },
  }
  expect([...(compile(match).acl?.labels ?? [])].sort()).toEqual(['project', 'role', 'team', 'who'])
})

describe('a long list is decided as a short one', () => {
  // Each of these is looked up in another way.
  const rules: { match: Match; actions: string[] }[] = Array.from({ length: 40 }, (_, index) => [
    { match: { account: `user${index}`, name: `user${index}/*` }, actions: ['*'] },
    { match: { name: `lib/image-${index}` }, actions: [`n${index}`] },
    { match: { name: `group${index}/**`, labels: { team: `t${index}` } }, actions: [`g${index}`] },
    { match: { name: `p${'x'.repeat(index)}-*` }, actions: [`p${index}`] },
    { match: { name: `${'d/'.repeat(index)}x/*` }, actions: [`d${index}`] },
    { match: { labels: { team: `t${index}`, role: 'dev' }, type: 'registry' }, actions: [`l${index}`] },
    { match: { requires_labels: { role: ['dev', `r${index}`] } }, actions: [`r${index}`] },
  ]).flat()
  const last = { match: { account: '/^z$/' }, actions: ['last'] }
  const sourced = [...rules, last].map((entry, index) => ({ entry, position: String(index), syntax: 2 as const }))
  const { acl } = compileAcl(sourced)

  const deep = 'd/'.repeat(39)
  test.each([
    ['user30', 'user30/app', {}, 30 * 7],
    ['user30', 'user31/app', {}, undefined],
    ['alice', 'lib/image-33', {}, 33 * 7 + 1],
    ['alice', 'lib/image-33x', {}, undefined],
    ['alice', 'group20/a/b', { team: ['x', 't20'] }, 20 * 7 + 2],
    ['alice', 'group20/a/b', { team: ['t21'] }, undefined],
    ['alice', `p${'x'.repeat(35)}-1`, {}, 35 * 7 + 3],
    ['alice', `${deep}x/app`, {}, 39 * 7 + 4],
    ['alice', `${deep}y/app`, {}, undefined],
    ['alice', 'any', { role: ['dev', 'r25'] }, 25 * 7 + 6],
    ['user30', 'user30/app', { role: ['dev', 'r25'] }, 25 * 7 + 6],
    ['user25', 'user25/app', { role: ['dev', 'r25'] }, 25 * 7],
    ['z', '', {}, 40 * 7],
  ])('for %s, %s and %j by rule %s', (account, name, labels, number) => {
    const answer = acl?.decide(request({ account, name, labels }), 0)
    expect(answer).toMatchObject(number === undefined ? { outcome: 'no-match' } : { rule: String(number) })
  })
})
