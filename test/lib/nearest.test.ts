// What was probably meant is said only when it is near enough.
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { nearest } from '../../src/lib/nearest.ts'

const KNOWN = ['account', 'actions', 'match', 'name', 'ip']

test.each([
  ['acount', 'account'],
  ['accuont', 'account'],
  ['Account', 'account'],
  ['action', 'actions'],
  ['mach', 'match'],
  ['nam', 'name'],
  ['pi', undefined],
  ['xyzzy', undefined],
  ['', undefined],
])('%s means %s', (word, expected) => {
  expect(nearest(word, KNOWN)).toBe(expected)
})

test('a word that is known is its own nearest, and of equals the first counts', () => {
  fc.assert(fc.property(fc.constantFrom(...KNOWN), (word) => expect(nearest(word, KNOWN)).toBe(word)))
  expect(nearest('ab', ['aa', 'bb'])).toBe('aa')
})
