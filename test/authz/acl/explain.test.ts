// What an access list says about its decisions.
import { describe, expect, test } from '@jest/globals'
import { compileAcl } from '../../../src/authz/index.ts'
import type {
  AclEntryConfig,
  AuthorizationRequest,
  FailedCondition,
  RuleTrace,
  Trace,
} from '../../../src/authz/index.ts'
import { request } from '../request.ts'

const MONDAY_NOON = new Date('2026-11-23T12:00').getTime()

function explain(rules: readonly AclEntryConfig[], asked: AuthorizationRequest): Trace | undefined {
  const { acl } = compileAcl(rules.map((entry, index) => ({ entry, position: `acl.yml:${index + 1}` })))
  if (acl === undefined) return undefined
  const looked: RuleTrace[] = []
  const tracing = acl.trace(asked, MONDAY_NOON)
  for (let step = tracing.next(); ; step = tracing.next()) {
    if (step.done === true) return { rules: looked, decision: step.value }
    looked.push(step.value)
  }
}

/** What is said about the only rule of a list. */
function failed(match: AclEntryConfig['match'], asked: Parameters<typeof request>[0]): readonly FailedCondition[] {
  return explain([{ match, actions: ['*'] }], request(asked))?.rules[0]?.failed ?? []
}

test('every rule up to the one that decides is listed, with what it grants', () => {
  const rules = [
    { match: { account: 'bob' }, actions: ['*'] },
    { id: 'all-pull', match: { account: '/.+/' }, actions: ['pull'] },
    { match: {}, actions: ['*'] },
  ]
  expect(explain(rules, request({ actions: ['pull', 'push'] }))).toEqual({
    decision: { outcome: 'decided', actions: ['pull'], rule: 'all-pull' },
    rules: [
      {
        ...{ rule: 'acl.yml:1', position: 'acl.yml:1', matched: false, actions: [] },
        failed: [{ condition: 'account', pattern: 'bob', value: 'alice' }],
      },
      { rule: 'all-pull', position: 'acl.yml:2', matched: true, failed: [], actions: ['pull'] },
    ],
  })
})

test('where no rule matches, all are listed', () => {
  const trace = explain([{ match: { name: 'x' }, actions: [] }], request())
  expect(trace?.decision).toEqual({ outcome: 'no-match' })
  expect(trace?.rules.map(({ matched }) => matched)).toEqual([false])
})

test('all conditions that fail are named in the order of the documentation', () => {
  const match = {
    ...{ time: { after: '18:00', days: ['sat' as const] }, ip: ['10.0.0.0/8', '::1'] },
    ...{ requires_labels: { role: ['a', 'dev'] }, labels: { team: 'ops' } },
    ...{ service: 's', name: '/^x/', type: 'registry', account: 'bob' },
  }
  const labels = { team: ['dev', 'web'], role: ['dev'] }
  expect(failed(match, { labels })).toEqual([
    { condition: 'account', pattern: 'bob', value: 'alice' },
    { condition: 'type', pattern: 'registry', value: 'repository' },
    { condition: 'name', pattern: '/^x/', value: 'library/app' },
    { condition: 'service', pattern: 's', value: 'registry' },
    { condition: 'labels.team', pattern: 'ops', value: 'dev, web' },
    { condition: 'requires_labels.role', pattern: 'a', value: 'dev' },
    { condition: 'ip', pattern: '10.0.0.0/8, ::1', value: '192.0.2.1' },
    { condition: 'time', pattern: 'after 18:00 on sat', value: 'mon 2026-11-23 12:00' },
  ])
})

describe('a condition that fails', () => {
  const many = Array.from({ length: 12 }, (_, index) => `g${index}`)

  test.each<[AclEntryConfig['match'], Parameters<typeof request>[0], object]>([
    [{ name: '${account}/*' }, {}, { pattern: '${account}/*', filled: 'alice/*', value: 'library/app' }],
    [{ name: '/^${account}-${what}$/' }, {}, { filled: '/^alice-${what}$/' }],
    [{ name: '${labels:team}/x' }, { labels: { team: ['a', 'b'] } }, { filled: '{a, b}/x' }],
    [{ name: '${labels:team}/x' }, { labels: { team: [] } }, { filled: '{}/x' }],
    [{ name: '${labels:team}/x' }, {}, { filled: '${labels:team}/x' }],
    [
      { name: '${labels:team}/x' },
      { labels: { team: many } },
      { filled: `{${many.slice(0, 10).join(', ')} and 2 more}/x` },
    ],
    [{ labels: { team: '${account}' } }, {}, { filled: 'alice', value: '(no label team)' }],
    [{ labels: { team: '*' } }, { labels: { team: [] } }, { value: '(label team without a value)' }],
    [{ labels: { constructor: '*' } }, {}, { value: '(no label constructor)' }],
    [{ ip: '10.0.0.1' }, { ip: '' }, { pattern: '10.0.0.1', value: '(no address)' }],
    [{ time: { before: '2020-01-01' } }, {}, { pattern: 'before 2020-01-01', value: 'mon 2026-11-23 12:00' }],
  ])('of %j, asked %j, is told as %j', (match, asked, expected) => {
    expect(failed(match, asked)).toEqual([expect.objectContaining(expected)])
  })
})

test('too many label combinations are told for what they are', () => {
  const many = Array.from({ length: 500 }, (_, index) => `${index.toString(36)}*`)
  const rules = [
    { match: { name: '${labels:a}?${labels:b}?${labels:c}!' }, actions: ['*'] },
    { match: {}, actions: ['*'] },
  ]
  const trace = explain(rules, request({ labels: { a: many, b: many, c: many }, name: many.join('') }))
  expect(trace?.decision).toEqual({ outcome: 'decided', actions: [], rule: 'acl.yml:1' })
  expect(trace?.rules).toEqual([
    {
      ...{ rule: 'acl.yml:1', position: 'acl.yml:1', matched: false, actions: [] },
      failed: [
        {
          condition: 'name',
          pattern: '${labels:a}?${labels:b}?${labels:c}!',
          value: '(the label values have too many combinations to tell: denied)',
        },
      ],
    },
  ])
})
