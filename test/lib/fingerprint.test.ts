// Settings that mean the same have the same fingerprint, and secrets count.
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { fingerprint } from '../../src/lib/fingerprint.ts'
import { Secret } from '../../src/lib/secret.ts'

test('the order of keys and absent values do not matter', () => {
  expect(fingerprint({ a: 1, b: [{ c: 'x', d: undefined }] })).toBe(fingerprint({ b: [{ c: 'x' }], a: 1 }))
})

test.each([
  ['a secret', new Secret('one'), new Secret('two')],
  ['a secret and its text', new Secret('one'), 'one'],
  ['a number and its text', 1, '1'],
  ['lists that join alike', ['a', 'b'], ['a,b']],
  ['lists that join alike, quoted', ['a","b'], ['a', 'b']],
  ['nesting', [['a'], 'b'], ['a', ['b']]],
  ['an order of values', ['a', 'b'], ['b', 'a']],
  ['true and its text', true, 'true'],
  ['null and its text', null, 'null'],
  ['bytes', Buffer.from('a'), Buffer.from('b')],
])('%s make a difference', (_what, one, other) => {
  expect(fingerprint({ value: one })).not.toBe(fingerprint({ value: other }))
})

test('equal JSON and only that has equal fingerprints', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (one, other) => {
      expect(fingerprint(structuredClone(one))).toBe(fingerprint(one))
      const sorted = (value: unknown): unknown => JSON.parse(JSON.stringify(value, sortKeys))
      if (JSON.stringify(sorted(one)) !== JSON.stringify(sorted(other)))
        expect(fingerprint(one)).not.toBe(fingerprint(other))
    }),
  )
})

test.each([
  new Map([['a', 1]]),
  new Set(['a']),
  new URL('https://example.com'),
  new Date(0),
  /a/,
  () => 1,
  Symbol('a'),
])('%p is not plain data: two of its kind would look the same', (value) => {
  expect(() => fingerprint({ value })).toThrow(TypeError)
})

function sortKeys(_key: string, value: unknown): unknown {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort())
    : value
}
