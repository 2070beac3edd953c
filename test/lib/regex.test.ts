// Regular expressions: what access lists rely on; test/real/go-match.test.ts compares with Go itself.
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { compileRegex, quoteRegex } from '../../src/lib/regex.ts'
import type { Regex } from '../../src/lib/regex.ts'

const compile = (source: string): Regex => {
  const compiled = compileRegex(source)
  if (compiled.outcome === 'invalid') throw new Error(compiled.reason)
  return compiled.regex
}

test('an expression is not anchored', () => {
  expect(compile('foo|bar').matches('xfooy')).toBe(true)
  expect(compile('^(foo|bar)$').matches('xfooy')).toBe(false)
})

test('groups are those of the leftmost match; one that took no part is empty', () => {
  expect(compile('(a)|(b)').groups('xb')).toEqual(['b', '', 'b'])
  expect(compile('(?P<team>[a-z]+)-').groups('ops-1')).toEqual(['ops-', 'ops'])
  expect(compile('a').groups('b')).toBeUndefined()
})

test.each([
  ['[a', 'missing closing ]: `[a`'],
  ['(', 'missing closing ): `(`'],
  ['(?=a)', 'invalid or unsupported Perl syntax: `(?=`'],
  ['a{1001}', 'invalid repeat count: `{1001}`'],
])('%j is refused with a reason', (source, reason) => {
  expect(compileRegex(source)).toEqual({ outcome: 'invalid', reason })
})

// Go takes it; re2js does not. A list that has it is refused at load, which is better than to guess.
test('two groups of one name are refused', () => {
  expect(compileRegex('(?P<n>a)|(?P<n>b)').outcome).toBe('invalid')
})

test('an expression that ruins a backtracking engine is decided at once', () => {
  expect(compile('^(a+)+$').matches(`${'a'.repeat(5_000)}!`)).toBe(false)
})

test('a quoted text matches itself and nothing else', () => {
  const text = fc.string({ unit: fc.constantFrom(...Array.from('ab\\.+*?()|[]{}^$/-é\n')) })
  fc.assert(
    fc.property(text, text, (one, other) => {
      const regex = compile(`^${quoteRegex(one)}$`)
      expect(regex.matches(one)).toBe(true)
      expect(regex.matches(other)).toBe(one === other)
    }),
  )
})
