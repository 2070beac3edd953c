// What texts an expression matches have to begin with.
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { readAnchored } from '../../../src/authz/acl/anchored.ts'
import { compileRegex } from '../../../src/lib/regex.ts'

test.each([
  ['^ops\\/.+$', 'ops/', false],
  ['^ops$', 'ops', true],
  ['^a\\.b\\/$', 'a.b/', true],
  ['^$', '', true],
  ['^ops', 'ops', false],
  ['^ops?', 'op', false],
  ['^a\\.*', 'a', false],
  ['^\\\\a+', '\\', false],
  ['^ops{2}', 'op', false],
  ['^é*', '', false],
  ['^team-[\\w.-]+\\/(dev|prod)$', 'team-', false],
  ['^a(?:b|c)(?P<n>d|e)', 'a', false],
  ['^ops[|]', 'ops', false],
])('%s: %j, and nothing else: %s', (expression, prefix, exact) => {
  expect(readAnchored(expression)).toEqual({ prefix, exact })
})

describe('nothing is certain', () => {
  test.each([
    'ops',
    'ops$',
    '^ops|dev',
    '^ops$|^dev$',
    '^(ops)|dev',
    '(?i)^ops',
    '^ops(?i)x',
    '(?m)^ops$',
    '^ops[[:alpha:]]|x',
    '^ops[]|]|x',
    '^ops\\Q(\\E|x',
    '\\Aops',
    '(^ops)',
    '^*ops',
  ])('about %s', (expression) => {
    expect(readAnchored(expression)).toEqual({ prefix: '', exact: false })
  })
})

test('the promise holds', () => {
  const piece = fc.constantFrom(
    '^',
    '$',
    'a',
    'b',
    '|',
    '(',
    ')',
    '(?:',
    '(?i)',
    '[a|]',
    '[^b]',
    '[',
    ']',
    '?',
    '*',
    '{0}',
    '\\',
    '\\.',
    '\\w',
    '.',
  )
  const text = fc.string({ unit: fc.constantFrom('a', 'b', 'A', '|', '.', '\n'), maxLength: 4 })
  let certain = 0
  const property = fc.property(
    fc.array(piece, { maxLength: 7 }),
    fc.array(text, { minLength: 20 }),
    (pieces, texts) => {
      const expression = `^${pieces.join('')}`
      const compiled = compileRegex(expression)
      fc.pre(compiled.outcome === 'compiled')
      const { prefix, exact } = readAnchored(expression)
      if (prefix !== '') certain++
      for (const one of [...texts, prefix]) {
        const matches = compiled.regex.matches(one)
        if (matches) expect([expression, one, one.startsWith(prefix)]).toEqual([expression, one, true])
        if (exact) expect([expression, one, matches]).toEqual([expression, one, one === prefix])
      }
    },
  )
  fc.assert(property, { numRuns: 2_000 })
  expect(certain).toBeGreaterThan(100)
}, 60_000)
