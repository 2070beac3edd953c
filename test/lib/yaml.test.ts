// YAML is read as docker_auth reads it, and nothing in it fails in an unforeseen way.
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { ConfigError } from '../../src/lib/errors.ts'
import { parseYaml } from '../../src/lib/yaml.ts'

const valueOf = (text: string): unknown => parseYaml(text, 'f.yml').value

/** What is said about a text that is no document. */
function complaint(text: string): string {
  try {
    parseYaml(text, 'f.yml')
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
  throw new Error('this was accepted')
}

describe('every scalar is its source text', () => {
  test.each(['0xc014', '24', 'no', 'yes', '1e3', '2001-01-01', '.inf', '007', '1_000', '-0', 'True', '<<x', '='])(
    '%s',
    (text) => {
      expect(valueOf(`key: ${text}`)).toEqual({ key: text })
    },
  )

  test.each([
    ["'it''s'", "it's"],
    ['"a\\tb\\u00e9"', 'a\tb\u00e9'],
    ['|\n  two\n  lines\n', 'two\nlines\n'],
    ['>-\n  one\n  line\n', 'one line'],
    ['"null"', 'null'],
    ["'~'", '~'],
    ['""', ''],
    ['!!str null', 'null'],
    ['!!str', ''],
    ['! 5', '5'],
    ['!!int 5', '5'],
    ['a # comment', 'a'],
  ])('%s is %j', (text, expected) => {
    expect(valueOf(`key: ${text}`)).toEqual({ key: expected })
  })
})

describe('null is absent', () => {
  test.each(['', '~', 'null', 'Null', 'NULL', '!!null x'])('as "%s"', (text) => {
    expect(valueOf(`key: ${text}\nother: x`)).toEqual({ other: 'x' })
  })

  test.each(['', '# only a comment\n', '---\n', '~', '...\n'])('also as the whole document "%s"', (text) => {
    expect(valueOf(text)).toBeNull()
  })
})

describe('what stands twice', () => {
  test('counts as it stands last, and is told with its place', () => {
    const { value, duplicates } = parseYaml('a: 1\nb:\n  c: 2\n  c: 3\na: 4\n', 'f.yml')
    expect(value).toEqual({ a: '4', b: { c: '3' } })
    expect(duplicates).toEqual([
      { path: ['b', 'c'], position: { line: 4, column: 3 } },
      { path: ['a'], position: { line: 5, column: 1 } },
    ])
  })

  test('is nothing to tell when it stands in two maps', () => {
    expect(parseYaml('- a: 1\n- a: 1\n', 'f.yml').duplicates).toEqual([])
  })
})

describe('anchors and merges', () => {
  test.each([
    ['an alias', 'a: &x [1, 2]\nb: *x', { a: ['1', '2'], b: ['1', '2'] }],
    ['a merge', 'a: &x {p: 1, q: 2}\nb: {<<: *x, q: 3}', { a: { p: '1', q: '2' }, b: { p: '1', q: '3' } }],
    [
      'a merge of several',
      'a: &x {p: 1}\nb: &y {p: 2, q: 2}\nc: {<<: [*x, *y]}',
      { a: { p: '1' }, b: { p: '2', q: '2' }, c: { p: '1', q: '2' } },
    ],
    ['a quoted <<', "'<<': x", { '<<': 'x' }],
  ])('%s', (_what, text, expected) => {
    expect(valueOf(text)).toEqual(expected)
  })
})

describe('refused with line and column', () => {
  test.each([
    ['a: [1, 2', 'f.yml:1:9: unexpected end of the stream within a flow collection'],
    ['a: *nobody', 'f.yml:1:5: this alias names no anchor above it; a value that begins with * needs quotes'],
    ['a: &x [*x]', 'f.yml:1:9: this alias names no anchor above it; a value that begins with * needs quotes'],
    ['? [a]\n: b', 'f.yml:1:1: a key must be a single value'],
    ['a: !secret x', 'f.yml:1:4: this tag is not supported; a value that begins with ! needs quotes'],
    ['a: {<<: 5}', 'f.yml:1:9: a merge key (<<) takes a map or a list of maps'],
    ['a: b\n---\nc: d', 'f.yml:3:1: a second YAML document begins here; only one is read'],
    ['a: b\n---\n"c"', 'f.yml:3:1: a second YAML document begins here; only one is read'],
    ['a: b\n---\n', 'f.yml:3:1: a second YAML document begins here; only one is read'],
  ])('%j', (text, expected) => {
    expect(complaint(text)).toBe(expected)
  })

  test('what aliases would blow up to more than a hundred thousand values', () => {
    const level = (name: string, item: string): string => `${name}: &${name} [${Array(100).fill(item).join(',')}]\n`
    expect(complaint(level('a', 'x') + level('b', '*a') + level('c', '*b'))).toMatch(/^f.yml:3:\d+: aliases repeat/)
  })

  test('what aliases repeat within reason is taken', () => {
    const text = `a: &a [${Array(100).fill('x').join(',')}]\nb: [${Array(100).fill('*a').join(',')}]`
    expect(valueOf(text)).toMatchObject({ b: Array(100).fill(Array(100).fill('x')) })
  })
})

describe('every value knows where it stands', () => {
  const { locate } = parseYaml('server:\n  addr: x\nacl:\n  - match: {name: y}\n  - [1]\n  -\n', 'f.yml')
  test.each([
    [['server'], 1, 1],
    [['server', 'addr'], 2, 3],
    [['acl', 0, 'match', 'name'], 4, 13],
    [['acl', 1, 0], 5, 6],
    [['acl', 1, 7], 5, 5],
    [['server', 'nothing', 'below'], 1, 1],
    [['acl', 2], 3, 1],
    [[], 1, 1],
  ])('%j at %i:%i', (path, line, column) => {
    expect(locate(path)).toEqual({ line, column })
  })

  test('behind a byte order mark and line ends of every kind', () => {
    expect(parseYaml('\ufeffa: 1\r\nb: 2\r\n', 'f.yml').locate(['b'])).toEqual({ line: 2, column: 1 })
  })
})

test('arbitrary text is a document or a ConfigError', () => {
  const syntax = fc
    .array(fc.constantFrom(...Array.from('-:?,[]{}&*#!|>\'"%@`~ \n\tab01.<=')), { maxLength: 40 })
    .map((parts) => parts.join(''))
  const property = fc.property(fc.oneof(fc.string(), fc.string({ unit: 'binary' }), syntax), (text) => {
    try {
      const { line, column } = parseYaml(text, 'f').locate([])
      return line > 0 && column > 0
    } catch (error) {
      return error instanceof ConfigError
    }
  })
  fc.assert(property, { numRuns: 2000 })
})

test('strings come back as they were written', () => {
  const printable = fc.string({ unit: fc.constantFrom(...Array.from('aZ09 :#-{}[]"\\\'\u00e9\n\t')) })
  fc.assert(
    fc.property(fc.dictionary(printable, printable), (map) => {
      fc.pre(!Object.hasOwn(map, '__proto__'))
      expect(valueOf(JSON.stringify(map))).toEqual(map)
    }),
  )
})
