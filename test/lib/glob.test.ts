// Globs: a table of what Go's path.Match does; test/real/go-match.test.ts asks Go itself.
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { compileGlob, compileGlobWithGaps, quoteGlob } from '../../src/lib/glob.ts'

describe('a glob', () => {
  test.each([
    ['', '', true],
    ['', 'a', false],
    ['abc', 'abc', true],
    ['abc', 'abcd', false],
    ['*', '', true],
    ['*', 'abc', true],
    ['*', 'a/b', false],
    ['*/*', 'a/b', true],
    ['a*c', 'abbc', true],
    ['a*c', 'ab/c', false],
    ['a*b*c', 'aXbYbZc', true],
    ['*.tar', '.tar.tar', true],
    ['?', 'a', true],
    ['?', '/', false],
    ['?', '€', true],
    ['[a-c]x', 'bx', true],
    ['[^a-c]x', 'bx', false],
    ['[^a-c]x', 'dx', true],
    ['a[/]b', 'a/b', true],
    ['a[^x]b', 'a/b', true],
    ['[\\]\\-]', ']', true],
    ['[*]', '*', true],
    ['[*]', 'a', false],
    ['[]', ']', false],
    ['\\*', '*', true],
    ['\\*', 'a', false],
    ['\\a', 'a', true],
    ['{a,b}', 'a', false],
    ['{a,b}', '{a,b}', true],
    ['[α-ω]*', 'λόγος', true],
  ])('%j against %j: %s', (pattern, text, expected) => {
    expect(compileGlob(pattern).matches(text)).toBe(expected)
  })

  test.each([
    ['*??', '€', true],
    ['*????', '€', false],
    ['*?*?', '€', false],
    ['*[^a]', '€', true],
    ['*\u00ac', '€', false],
  ])('reads bytes as Go does where a star ends inside a character: %j against %j: %s', (pattern, text, expected) => {
    expect(compileGlob(pattern).matches(text)).toBe(expected)
  })

  test.each(['[', '[a', '[]a]', '[^]', '[-a]', '[a-]', '[x-]y', '\\', 'a\\', '[\\', 'a*[', '[a]['])(
    '%j is malformed and matches nothing, not even itself',
    (pattern) => {
      const glob = compileGlob(pattern)
      expect(glob.malformed).toBe(true)
      expect(['', 'a', pattern].filter((text) => glob.matches(text))).toEqual([])
    },
  )

  test.each([
    ['library/alpine', 'library/alpine'],
    ['a\\*\\b', 'a*b'],
    ['é€', 'é€'],
    ['', ''],
    ['a*', undefined],
    ['a?', undefined],
    ['[a]', undefined],
  ])('%j is the literal %j', (pattern, literal) => {
    expect(compileGlob(pattern).literal).toBe(literal)
  })
})

test('a quoted text matches itself and nothing else', () => {
  const text = fc.string({ unit: fc.constantFrom(...Array.from('ab/*?[]\\^-é€')) })
  fc.assert(
    fc.property(text, text, (one, other) => {
      const glob = compileGlob(quoteGlob(one))
      expect(glob.matches(one)).toBe(true)
      expect(glob.matches(other)).toBe(one === other)
    }),
  )
})

describe('a gap', () => {
  test.each([
    [['', '/*'], ['alice'], 'alice/app', true],
    [['', '/*'], ['alice'], 'bob/app', false],
    [['', '/*'], ['*'], 'bob/app', false],
    [['', '/*'], ['*'], '*/app', true],
    [['*', '*'], ['b'], 'abc', true],
    [['*', '*'], [''], 'abc', true],
    [['*', ''], [''], 'a/b', false],
    [['', '', '!'], ['é', '€'], 'é€!', true],
  ])('in %j filled with %j stands for that text in %j: %s', (texts, fillings, name, expected) => {
    expect(compileGlobWithGaps(texts)?.matches(name, fillings)).toBe(expected)
  })

  test.each([[['[', ']']], [['[a', 'b]']], [['\\', '']], [['', '[']]])('cannot stand in %j', (texts) => {
    expect(compileGlobWithGaps(texts)).toBeUndefined()
  })
})
