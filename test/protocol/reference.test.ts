// The grammar of repository names, tags and references.
import { describe, expect, test } from '@jest/globals'
import { isRepositoryName, isTag, parseReference } from '../../src/protocol/reference.ts'

describe('a repository name', () => {
  test.each(['a', '0', 'library/app', 'a.b', 'a_b', 'a__b', 'a-b', 'a---b', 'a/b/c/d', 'a'.repeat(255)])(
    'is %s',
    (text) => {
      expect(isRepositoryName(text)).toBe(true)
    },
  )

  test.each([
    '',
    'A',
    'a//b',
    '/a',
    'a/',
    '.',
    '..',
    'a/../b',
    'a..b',
    'a___b',
    '_a',
    'a_',
    '-a',
    'a.',
    'a b',
    'a\0',
    'é',
    'a\n',
    'a:b',
    'a'.repeat(256),
  ])('is not %j', (text) => {
    expect(isRepositoryName(text)).toBe(false)
  })

  test('is decided at once, however long', () => {
    expect(isRepositoryName(`${'a-'.repeat(100_000)}!`)).toBe(false)
  })
})

describe('a tag', () => {
  test.each(['latest', 'v1.0', '_', 'A', '0', 'a..b', 'a-', 'x'.repeat(128)])('is %s', (text) => {
    expect(isTag(text)).toBe(true)
  })

  test.each(['', '.', '..', '-a', '.a', 'a/b', 'a:b', 'a b', 'a\0', 'a\n', 'x'.repeat(129)])('is not %j', (text) => {
    expect(isTag(text)).toBe(false)
  })
})

describe('a reference', () => {
  test('is a tag or a digest', () => {
    const hex = 'ab'.repeat(32)
    expect(parseReference('latest')).toEqual({ kind: 'tag', tag: 'latest' })
    expect(parseReference(`sha256:${hex}`)).toEqual({ kind: 'digest', digest: { algorithm: 'sha256', hex } })
    // Distribution would store this as a tag.
    expect(parseReference('sha256:baddigeststring')).toBeUndefined()
  })
})
