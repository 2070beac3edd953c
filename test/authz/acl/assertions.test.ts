// A test of an access list holds, or says in one sentence why it does not.
import { describe, expect, test } from '@jest/globals'
import { AclTestConfig, compileAcl, failureOf, requestOf } from '../../../src/authz/index.ts'

const { acl } = compileAcl(
  [
    { id: 'closed', match: { name: 'closed/*' }, actions: [] },
    { id: 'teams', match: { name: '${labels:team}/*' }, actions: ['pull', 'push'] },
    { match: { ip: '10.0.0.0/8' }, actions: ['pull'] },
  ].map((entry, index) => ({ entry, position: `rules.yml:${index + 1}` })),
)

const failure = (said: object): string | undefined => {
  const whole = { account: 'alice', scope: 'repository:web/app:pull,push', expect: [], ...said }
  return failureOf(AclTestConfig.parse(whole), acl!, 0)
}
const web = { labels: { team: 'web' } }

describe('a test holds', () => {
  test.each([
    ['where exactly the expected actions are granted', { ...web, expect: ['push', 'pull'] }],
    ['whatever the order, and also when one stands twice', { ...web, expect: ['push', 'pull', 'push'] }],
    ['where nothing is expected and no rule matches', {}],
    ['where nothing is expected and a rule denies', { scope: 'repository:closed/app:pull', rule: 'closed' }],
    ['where the rule that it names decides', { ...web, expect: ['pull', 'push'], rule: 'teams' }],
    ['where a rule without an id is named by its place', { ip: '10.0.0.7', expect: ['pull'], rule: 'rules.yml:3' }],
  ])('%s', (_, said) => {
    expect(failure(said)).toBeUndefined()
  })
})

describe('a test does not hold', () => {
  test.each([
    [
      'where less is granted',
      { ip: '10.0.0.7', expect: ['pull', 'push'] },
      'alice from 10.0.0.7 asks for repository:web/app:pull,push: expected pull,push, got pull by rule rules.yml:3',
    ],
    [
      'where more is granted',
      { labels: { team: ['ops', 'web'], group: 'dev' }, expect: ['pull'] },
      'alice (team=ops, team=web, group=dev) asks for repository:web/app:pull,push: expected pull, got pull,push by rule teams',
    ],
    [
      'where no rule matches',
      { account: '', service: 'hub', at: '2026-11-23T08:30:00Z', expect: ['pull'] },
      'anonymous asks for repository:web/app:pull,push on hub at 2026-11-23T08:30:00Z: expected pull, got nothing, because no rule matches',
    ],
    [
      'where a rule denies',
      { scope: 'repository:closed/app:pull', expect: ['pull'] },
      'alice asks for repository:closed/app:pull: expected pull, got nothing by rule closed',
    ],
    [
      'where another rule decides',
      { ...web, expect: ['pull', 'push'], rule: 'closed' },
      'alice (team=web) asks for repository:web/app:pull,push: expected pull,push by rule closed, got pull,push by rule teams',
    ],
    [
      'where a rule was to deny and none matches',
      { rule: 'closed' },
      'alice asks for repository:web/app:pull,push: expected nothing by rule closed, got nothing, because no rule matches',
    ],
    [
      'where it expects what it does not ask for',
      { ...web, expect: ['*'] },
      'alice (team=web) asks for repository:web/app:pull,push: expected * (* is not asked for), got pull,push by rule teams',
    ],
    [
      'and its comment is repeated',
      { expect: ['pull'], comment: 'everybody pulls' },
      'alice asks for repository:web/app:pull,push: expected pull, got nothing, because no rule matches (everybody pulls)',
    ],
  ])('%s', (_, said, expected) => {
    expect(failure(said)).toBe(expected)
  })
})

test('the labels of a directory are literal text in rules', () => {
  const said = { account: 'alice', labels: { team: '*' }, scope: 'repository:ops/app:pull', expect: [] }
  expect(failure({ ...said, quoted_labels: 'true' })).toBeUndefined()
  expect(failure(said)).toContain('got pull by rule teams')
  expect(requestOf(AclTestConfig.parse({ ...said, quoted_labels: 'true' })).identity.labelsArePatterns).toBe(false)
})

describe('a test that would hold whatever the rules say is refused', () => {
  test.each([
    ['from an address that is none', { ip: '10.0.0.300' }, 'must be an IP address such as 10.0.0.7'],
    ['from a network', { ip: '10.0.0.0/8' }, 'must be an IP address such as 10.0.0.7'],
    ['for no action', { scope: 'repository:web/app:' }, 'must be a scope such as repository:app/web:pull,push'],
  ])('%s', (_, said, message) => {
    const whole = { account: 'alice', scope: 'repository:web/app:pull', expect: [], ...said }
    expect(AclTestConfig.safeParse(whole).error?.issues.map((issue) => issue.message)).toEqual([message])
  })
})
