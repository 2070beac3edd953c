// Properties of access lists, on generated rules and requests.
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { compileAcl } from '../../../src/authz/index.ts'
import type { Acl, AclEntryConfig, AuthorizationRequest } from '../../../src/authz/index.ts'
import { naivelyMatches } from './naive.ts'

// Few words and every character that means something somewhere, so that rules and requests meet and injections are tried.
const word = fc.constantFrom('a', 'b', 'ab', 'dev', '/', '-', '.', 'é')
const trick = fc.constantFrom('*', '?', '[', ']', '\\', '^', '$', '(', ')', '|', '+', '{2}', '.*', '[a-b]', '${name}')
const texts = (piece: fc.Arbitrary<string>, max: number): fc.Arbitrary<string> =>
  fc.array(piece, { maxLength: max }).map((pieces) => pieces.join(''))
const value = texts(fc.oneof({ weight: 6, arbitrary: word }, { weight: 1, arbitrary: trick }), 4)

const placeholder = fc.constantFrom(
  ...['${account}', '${type}', '${name}', '${service}', '${labels:team}', '${labels:team}', '${labels:role}'],
  ...[
    '${labels:none}',
    '${labels:no|ne}',
    '${account:0}',
    '${account:1}',
    '${name:1}',
    '${name:2}',
    '${name:01}',
    '${what}',
  ],
)
const globPiece = fc.oneof(
  { weight: 4, arbitrary: word },
  { weight: 4, arbitrary: placeholder },
  { weight: 2, arbitrary: fc.constantFrom('*', '?', '[a-c]', '[^/]') },
  { weight: 1, arbitrary: fc.constantFrom('[', ']', '\\', '\\*', '^') },
)
const regexPiece = fc.oneof(
  { weight: 4, arbitrary: word },
  { weight: 5, arbitrary: placeholder },
  { weight: 3, arbitrary: fc.constantFrom('.*', '.+', '(', ')', '(?:', '(?P<n>', '(a|b)', '(.*)', '[^/]+', '\\d') },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      '|',
      '?',
      '*',
      '+',
      '{2}',
      '{0,1}',
      '(?i)',
      '(?m)',
      '[',
      ']',
      '^',
      '$',
      '\\',
      '[^]',
      '??',
    ),
  },
)
const regex = fc
  .tuple(fc.boolean(), texts(regexPiece, 6), fc.boolean())
  .map(([start, body, end]) => `/${start ? '^' : ''}${body}${end ? '$' : ''}/`)
const pattern = fc.oneof(texts(globPiece, 5), regex)

const sometimes = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary })

const entry: fc.Arbitrary<AclEntryConfig> = fc.record({
  match: fc.record({
    account: sometimes(pattern),
    type: sometimes(fc.constantFrom('repository', 'reg*', '${labels:role}')),
    name: pattern,
    service: sometimes(fc.constantFrom('*', '${service}')),
    ip: sometimes(fc.constantFrom('10.0.0.0/8', '::1', '192.0.2.1')),
    labels: sometimes(
      fc.dictionary(fc.constantFrom('team', 'role', 'none'), pattern, { maxKeys: 2, noNullPrototype: true }),
    ),
  }),
  actions: fc.subarray(['*', 'pull', 'push', 'delete']),
})

const labels = fc.dictionary(fc.constantFrom('team', 'role', 'no|ne'), fc.array(value, { maxLength: 3 }), {
  noNullPrototype: true,
})
const request: fc.Arbitrary<AuthorizationRequest> = fc.record({
  identity: fc.record({ account: value, labels, labelsArePatterns: fc.boolean() }),
  resource: fc.record({
    type: fc.constantFrom('repository', 'registry'),
    name: value,
    actions: fc.subarray(['*', 'pull', 'push']),
  }),
  service: fc.constantFrom('registry', 'other'),
  ip: fc.constantFrom('', '10.1.2.3', '::ffff:10.1.2.3', '::1', '192.0.2.1', '192.0.2.2'),
})

// A name the rule could have been written for: placeholders give way to values, and much that is special is left out.
const realized = (written: string, { identity, service }: AuthorizationRequest, dice: number): string =>
  written
    .replace(/^\/|\/$|[\^$](?!\{)|\(\?:|\(\?P<n>|[()|+?]/g, '')
    .replace(/\$\{labels:([^}]*)\}/g, (source, label: string) => identity.labels[label]?.at(dice % 3) ?? source)
    .replaceAll('${account}', identity.account)
    .replaceAll('${service}', service)
    .replace(/\.?\*|\[a-c\]/g, 'b')

const question = fc.tuple(entry, request, fc.nat(11)).map(([rule, asked, dice]) => {
  if (dice < 3) return { rule, asked }
  const name = realized(rule.match.name ?? '', asked, dice)
  const account = realized(rule.match.account ?? asked.identity.account, asked, dice)
  return { rule, asked: { ...asked, identity: { ...asked.identity, account }, resource: { ...asked.resource, name } } }
})

const compile = (...entries: AclEntryConfig[]): Acl | undefined =>
  compileAcl(entries.map((one, index) => ({ entry: one, position: `acl.yml:${index}` }))).acl

test('a rule matches exactly when trying everything finds a match', () => {
  let matched = 0
  const property = fc.property(question, ({ rule, asked }) => {
    const acl = compile(rule)
    fc.pre(acl !== undefined)
    const expected = naivelyMatches(rule, 1, asked, 0)
    if (expected) matched++
    expect(acl.decide(asked, 0).outcome).toBe(expected ? 'decided' : 'no-match')
  })
  fc.assert(property, { numRuns: 4_000 })
  expect(matched).toBeGreaterThan(300)
}, 60_000)
