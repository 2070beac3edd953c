// The steps of a pattern read exactly the texts that the pattern matches, and representatives leave no way of belonging out.
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { stepsOfGlob } from '../../../../src/authz/acl/analysis/glob-steps.ts'
import { representatives } from '../../../../src/authz/acl/analysis/machine.ts'
import { stepsOfRegex } from '../../../../src/authz/acl/analysis/regex-steps.ts'
import { ANYTHING, stepsOfText } from '../../../../src/authz/acl/analysis/steps.ts'
import type { Language } from '../../../../src/authz/acl/analysis/steps.ts'
import { compileGlob } from '../../../../src/lib/glob.ts'
import { compileRegex } from '../../../../src/lib/regex.ts'

const reads = (language: Language, text: string): boolean =>
  representatives([language], stepsOfText(text), 1_000).texts.some(({ members }) => members.length === 1)

const pieces = (...words: string[]): fc.Arbitrary<string> =>
  fc.array(fc.constantFrom(...words), { maxLength: 6 }).map((chosen) => chosen.join(''))

const text = pieces('a', 'b', 'c', '/', '-', '€', 'é', '\n', '9', '_', '\ufffd', '😀')
const glob = pieces(
  'a',
  'b',
  '/',
  '*',
  '*',
  '**',
  '?',
  '?',
  '[ab]',
  '[^a]',
  '[^/a]',
  '[b-é]',
  '€',
  '\\*',
  '[',
  '\ufffd',
  '[\ufffd]',
)
const regex = pieces(
  ...[
    'a',
    'b',
    '/',
    '\\/',
    '.',
    '.*',
    '.+',
    'a*',
    'b+',
    '[ab]',
    '[^/]+',
    '[a-z0-9._-]*',
    '[^a]',
    '\\d',
    '\\w+',
    '[\\w-]',
    '€',
    '^',
    '$',
    '|',
    '(a)',
    '?',
  ],
)

test('what is exact about a glob reads what the glob matches', () => {
  let exact = 0
  const property = fc.property(glob, fc.constantFrom(1 as const, 2 as const), text, (pattern, syntax, subject) => {
    const steps = stepsOfGlob(pattern, syntax)
    const { matches, malformed } = compileGlob(pattern, syntax)
    expect(steps === undefined).toBe(malformed)
    if (steps === undefined) return
    if (steps.exact) exact++
    if (steps.exact) expect(reads(steps.steps, subject)).toBe(matches(subject))
    else if (matches(subject)) expect(reads(steps.steps, subject)).toBe(true)
  })
  fc.assert(property, { numRuns: 5_000 })
  expect(exact).toBeGreaterThan(1_000)
})

test('the steps of an expression read what the expression matches', () => {
  let simple = 0
  const anchored = fc
    .tuple(fc.boolean(), regex, fc.boolean())
    .map(([start, body, end]) => `${start ? '^' : ''}${body}${end ? '$' : ''}`)
  const property = fc.property(anchored, text, (source, subject) => {
    const steps = stepsOfRegex(source)
    if (steps === undefined) return
    const compiled = compileRegex(source)
    expect(compiled.outcome).toBe('compiled')
    simple++
    if (compiled.outcome === 'compiled') expect(reads(steps, subject)).toBe(compiled.regex.matches(subject))
  })
  fc.assert(property, { numRuns: 5_000 })
  expect(simple).toBeGreaterThan(700)
})

test('every text belongs as one of the representatives does', () => {
  const property = fc.property(fc.array(glob, { minLength: 1, maxLength: 4 }), text, (patterns, subject) => {
    const languages = patterns.flatMap((pattern) => stepsOfGlob(pattern, 1)?.steps ?? [])
    const listed = patterns.flatMap((pattern) => {
      const steps = stepsOfGlob(pattern, 1)
      return steps === undefined ? [] : [steps.steps]
    })
    fc.pre(languages.length > 0)
    const { texts, complete } = representatives(listed, ANYTHING, 50_000)
    expect(complete).toBe(true)
    const own = listed.flatMap((language, index) => (reads(language, subject) ? index : []))
    expect(texts.map(({ members }) => members.join())).toContain(own.join())
    for (const { text: found, members } of texts)
      expect(members).toEqual(listed.flatMap((language, index) => (reads(language, found) ? index : [])))
  })
  fc.assert(property, { numRuns: 400 })
})

test.each([['(?i)a'], ['a|b'], ['(a)'], ['a{2}'], ['a??'], ['a*?'], ['[[:alpha:]]'], ['\\bx'], ['a^b'], ['a$b']])(
  '%s is left to samples',
  (source) => {
    expect(stepsOfRegex(source)).toBeUndefined()
  },
)

test('a preferred text stands for its kind', () => {
  const language = [...stepsOfText('a'), ...ANYTHING]
  expect(representatives([language], ANYTHING, 100, ['app']).texts).toEqual([
    { text: 'app', members: [0] },
    { text: '', members: [] },
  ])
})

test('too many states are too many', () => {
  const languages = 'abcdefgh'.split('').map((letter) => [...ANYTHING, ...stepsOfText(letter), ...ANYTHING])
  expect(representatives(languages, ANYTHING, 100).complete).toBe(false)
})
