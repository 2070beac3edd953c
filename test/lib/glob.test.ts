// Globs: a table of what Go's path.Match does; test/real/go-match.test.ts asks Go itself.
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { choiceOf, compileGlob, compileGlobWithGaps, parseGlob, quoteGlob } from '../../src/lib/glob.ts'
import { globMatches } from '../authz/acl/naive-match.ts'

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

describe('in syntax 2, two stars', () => {
  test.each([
    ['**', '', true],
    ['**', 'a/b/c', true],
    ['a/**', 'a/x/y', true],
    ['a/**', 'a/', true],
    ['a/**', 'a', false],
    ['a/**', 'ab/x', false],
    ['**/b', 'a/x/b', true],
    ['**/b', '/b', true],
    ['**/b', 'b', false],
    ['a/**/b', 'a//b', true],
    ['a/**/b', 'a/b', false],
    ['a***', 'a/b', true],
    ['a*', 'a/b', false],
    ['**/x*y', 'x/xay', true],
    ['**/x*y', 'a/xy/x/y/xzy', true],
    ['**/x*y', 'a/xy/x/y', false],
    ['a\\**', 'a*b/c', false],
    ['[**]', '*', true],
  ])('%j against %j: %s', (pattern, text, expected) => {
    expect(compileGlob(pattern, 2).matches(text)).toBe(expected)
  })

  test('are one star in syntax 1, and where they come from different parts', () => {
    expect(compileGlob('a**').matches('a/b')).toBe(false)
    expect(compileGlob(['a*', '*'], 2).matches('a/b')).toBe(false)
    expect(compileGlob(['a*', '', '*'], 2).matches('a/b')).toBe(false)
    expect(compileGlob(['a**', '*'], 2).matches('a/b')).toBe(true)
    expect(compileGlobWithGaps(['a*', '*'], 2)?.matches('a/b', [''])).toBe(false)
    expect(compileGlobWithGaps(['a**', ''], 2)?.matches('a/b/x', ['x'])).toBe(true)
  })

  test('are decided at once, however many there are', () => {
    expect(compileGlob('**a'.repeat(40) + '*b', 2).matches('a/'.repeat(2_000))).toBe(false)
  })
})

const piece = fc.constantFrom('a', 'b', '/', '*', '*', '**', '?', '[a/]', '[^b]', '\\*', '[', 'é')
const someGlob = fc.array(piece, { maxLength: 7 }).map((pieces) => pieces.join(''))
const someText = fc.string({ unit: fc.constantFrom(...Array.from('aab//*é')), maxLength: 9 })

test('globs of both syntaxes match as by trying everything', () => {
  fc.assert(
    fc.property(someGlob, someText, fc.constantFrom(1, 2), (pattern, text, syntax) => {
      const { matches, prefix, literal, malformed } = compileGlob(pattern, syntax)
      const expected = globMatches([pattern], text, syntax)
      expect(matches(text)).toBe(expected)
      if (expected) expect(text.startsWith(prefix)).toBe(true)
      if (literal !== undefined) expect(expected).toBe(text === literal)
      expect(parseGlob(pattern, syntax) === undefined).toBe(malformed)
    }),
    { numRuns: 10_000 },
  )
})

test('choices of values are decided as by trying every combination, or not at all', () => {
  const values = fc.array(fc.constantFrom('', 'a', 'b', 'ab', 'a/b', '*', 'é'), { maxLength: 3 })
  fc.assert(
    fc.property(
      someGlob,
      someGlob,
      someGlob,
      values,
      values,
      someText,
      fc.constantFrom(1, 2),
      (a, b, c, first, second, text, syntax) => {
        const gaps = compileGlobWithGaps([a, b, c], syntax)
        fc.pre(gaps !== undefined)
        const some = gaps.matchesSome(text, [choiceOf(first), choiceOf(second)])
        const expected = first.some((one) => second.some((other) => gaps.matches(text, [one, other])))
        if (some !== 'perhaps') expect(some).toBe(expected)
      },
    ),
    { numRuns: 10_000 },
  )
})

test('the items of a glob are its pieces in order', () => {
  expect(parseGlob('a\\*?[^x-z/]***é', 2)).toEqual([
    { kind: 'literal', bytes: 'a' },
    { kind: 'literal', bytes: '*' },
    { kind: 'any' },
    {
      kind: 'class',
      negated: true,
      ranges: [
        [120, 122],
        [47, 47],
      ],
    },
    { kind: 'doublestar' },
    { kind: 'literal', bytes: '\u00c3\u00a9' },
  ])
  expect(parseGlob('**')).toEqual([{ kind: 'star' }])
  expect(parseGlob('[')).toBeUndefined()
})
