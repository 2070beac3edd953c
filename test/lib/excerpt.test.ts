// A terminal is shown the line that a problem is about, and never a secret.
import { execFileSync } from 'node:child_process'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { dump } from 'js-yaml'
import { describeProblems, excerptOf } from '../../src/lib/excerpt.ts'
import { useFolder } from '../support/folder.ts'

const CANARY = 'hunter2'

/** The line as it is shown, without its number and mark. */
function shown(text: string, line: number): string {
  return (excerptOf(text.split('\n'), line, 1)[0] ?? '').replace(/^ *\d+ \| /, '')
}

const everyLine = (text: string): string[] => text.split('\n').map((_, index) => shown(text, index + 1))

describe('the line is shown', () => {
  test('with its number, and a mark under the column', () => {
    const lines = ['acl:', '  - match: {acount: alice}']
    expect(excerptOf(lines, 2, 13)).toEqual(
      ['    2 |   - match: {acount: alice}', '      |             ^'].map((one, index) =>
        index === 0 ? one : `      |${' '.repeat(13)}^`,
      ),
    )
  })

  test('without a mark where there is no column', () => {
    expect(excerptOf(['acl: x'], 1, undefined)).toEqual(['    1 | acl: x'])
  })

  test('with the mark below what follows a tab', () => {
    expect(excerptOf(['acl:\tx'], 1, 6)).toEqual(['    1 | acl:\tx', '      |     \t^'])
  })

  test('with control characters written out, and the mark where it belongs', () => {
    expect(excerptOf(['acl: \u001b[2J!'], 1, 10)).toEqual(['    1 | acl: \\u001b[2J!', `      | ${' '.repeat(14)}^`])
  })

  test('without comments, which may say what a value means', () => {
    expect(shown(`acl: [] # ${CANARY}`, 1)).toBe('acl: []')
    expect(shown(`# ${CANARY}`, 1)).toBe('')
    expect(shown('acl: [a#b]', 1)).toBe('acl: [a#b]')
  })

  test.each([1, 5, 60, 119, 150, 195, 200])('cut around column %i when it is long', (column) => {
    const line = `acl: ${Array.from({ length: 195 }, (_, index) => String(index % 10)).join('')}`
    const [first = '', second = ''] = excerptOf([line], 1, column)
    expect(first.length).toBeLessThanOrEqual(8 + 122)
    expect(first[second.indexOf('^')]).toBe(line[column - 1])
  })

  test.each([
    ['after the last line', ['acl: []'], 2, 1],
    ['on an empty line', ['', 'acl: []'], 1, 1],
    ['behind the end of the line', ['acl: []'], 1, 9],
    ['on a line that is too long to be looked at', [`acl: ${'x'.repeat(20_000)}`], 1, 1],
    ['below one', [`acl: [${'x,'.repeat(20_000)}`, '  y]'], 2, 1],
  ])('not %s', (_what, lines, line, column) => expect(excerptOf(lines, line, column)).toEqual([]))

  test('at its very end', () => expect(excerptOf(['acl: ['], 1, 7)).toEqual(['    1 | acl: [', '      |       ^']))
})

describe('what is harmless is shown as it stands', () => {
  test.each([
    'acl: [{match: {acount: alice, name: "a/*"}, actions: [pull]}]',
    "- match: { account: '/^(.+)@x$/', name: '${account:1}/*' } ",
    '  actions: pull, push',
    "{acl: [], syntax: '3'}",
    'server: {adr: ":1"}',
    'on_error: ignore',
    'tests: [{acount: alice}]',
  ])('%s', (line) => expect(shown(line, 1)).toBe(line.trimEnd()))

  test('below keys on other lines', () => {
    const text = 'server:\n  adr: :1\nacl:\n- match:\n    acount: alice\n  actions:\n  - pull\n  coment: a: b'
    expect(everyLine(text)).toEqual(text.split('\n'))
  })
})

describe('a value that could be a secret is not shown', () => {
  test.each([
    ['a password', `password: ${CANARY}`, 'password: •••'],
    ['one in quotes', `password: "${CANARY} # {x"`, 'password: •••'],
    ['one that looks like keys', `password: a: ${CANARY}, b: ${CANARY}`, 'password: •••'],
    ['a key that is mistyped', `pasword: ${CANARY}`, 'pasword: •••'],
    [
      'in brackets',
      `alice: {password: "${CANARY}", labels: {a: [${CANARY}]}}`,
      'alice: {password: •••, labels: {a: [•••]}}',
    ],
    ['in a list', `- ${CANARY}`, '- •••'],
    ['in JSON', `{"users":{"alice":{"password":"${CANARY}"}}}`, '{"users":{"alice":{"password":•••}}}'],
    ['without its closing quote', `client_secret: "${CANARY}`, 'client_secret: •••'],
    ['behind an anchor', `uri: &here mongodb://x:${CANARY}@db`, 'uri: •••'],
    ['behind garbage', `pasword: "x" y: ${CANARY}`, 'pasword: ••• •••'],
    ['a block scalar', `secret: |- ${CANARY}`, 'secret: •••'],
    ['a key below one that holds a secret', `password: {${CANARY}: x}`, 'password: {•••: •••}'],
    ['a secret where none belongs', `acl: [{match: {password: ${CANARY}}}]`, 'acl: [{match: {password: •••}}]'],
    ['another section in the brackets of a harmless one', `{acl: [], pasword: ${CANARY}}`, '{acl: [], pasword: •••}'],
    ['a line of its own', CANARY, '•••'],
    ['an explicit key', `? ${CANARY}`, '•••'],
    ['the value of one', `: ${CANARY}`, '•••'],
    ['behind the mark of a document', `--- {password: ${CANARY}}`, '--- {password: •••'],
    ['PEM', `-----BEGIN PRIVATE KEY----- ${CANARY}`, '•••'],
  ])('%s', (_what, line, expected) => expect(shown(line, 1)).toBe(expected))

  test.each([
    ['a block scalar', `users:\n  alice:\n    password: |\n      ${CANARY}\n      ${CANARY}: x`],
    ['one under a mistyped key', `pasword: >-\n  acl:\n    ${CANARY}`],
    ['a value on the next line', `password:\n  ${CANARY}`],
    ['a key on the next line that is none', `client_secret:\n  ${CANARY}: x`],
    ['a list right below its key', `args:\n- --token\n- ${CANARY}`],
    ['a list further in', `ext_auth:\n  args: [x,\n    ${CANARY}]`],
    ['brackets over several lines', `users: {\n  alice: {pasword:\n    ${CANARY}}\n}`],
    ['brackets that begin with a harmless key', `{acl: [], pasword:\n   ${CANARY}}`],
    ['quotes over several lines', `pasword: "a\n  acl: ${CANARY}\n  ${CANARY}"`],
    ['quotes in brackets over several lines', `{pasword: "a\n  acl: ${CANARY}\n  ${CANARY}"}`],
    [
      'PEM',
      `acl:\n  comment: |\n    -----BEGIN PRIVATE KEY-----\n    ${CANARY}\n    ${CANARY}\n    -----END PRIVATE KEY-----`,
    ],
    ['PEM that is not indented', `-----BEGIN X-----\nacl: ${CANARY}\n-----END X-----`],
    ['a secret of the registry', `registry:\n  http:\n    secrt: ${CANARY}`],
    ['Windows line ends', `users:\r\n  alice:\r\n    password: ${CANARY}\r`],
    ['tabs', `users:\n\talice:\n\t\tpasword:\t${CANARY}`],
  ])('%s', (_what, text) => expect(everyLine(text).join('\n')).not.toContain(CANARY))

  const secret = fc.constantFrom(
    CANARY,
    `${CANARY}: x`,
    `a\n${CANARY}: b\n\nmatch: ${CANARY}`,
    `acl: ${CANARY}`,
    `"${CANARY}", '`,
    `# ${CANARY}`,
    `- ${CANARY}\n- acl: {match: ${CANARY}}`,
    `x `.repeat(60) + `acl: ${CANARY}`,
  )
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof({ maxDepth: 4 }, secret, fc.array(tie('tree'), { maxLength: 3 }), tie('map')),
    map: fc.dictionary(
      fc.constantFrom('password', 'pasword', 'alice', 'acl', 'match', 'uri', 'comment', 'a b'),
      tie('tree'),
    ),
  }))
  const section = fc.constantFrom('users', 'ext_auth', 'mongo_auth', 'pasword', 'token', 'registry', 'a: b')

  test('however a configuration is laid out, only what is below harmless sections is ever shown', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(section, tree), { minLength: 1, maxLength: 4 }),
        fc.record({
          flowLevel: fc.constantFrom(-1, 0, 1, 2, 3),
          indent: fc.constantFrom(2, 1, 4),
          lineWidth: fc.constantFrom(-1, 20, 80),
          seqNoIndent: fc.boolean(),
          seqInlineFirst: fc.boolean(),
          quoteStyle: fc.constantFrom('single', 'double'),
          forceQuotes: fc.boolean(),
        }),
        (sections, layout) => {
          const text = dump({ acl: [], ...Object.fromEntries(sections), server: {} }, layout)
          expect(everyLine(text).join('\n')).not.toContain(CANARY)
        },
      ),
      { numRuns: 1500 },
    )
  })
})

describe('problems', () => {
  const folder = useFolder()
  const problem = (file: string) => ({ message: 'is wrong', file, line: 2, column: 3 })

  test('are one line each where nobody looks at a terminal', async () => {
    const file = await folder.write('a.yml', 'acl:\n  - x\n')
    await expect(describeProblems([problem(file)], false)).resolves.toEqual([`${file}:2:3: is wrong`])
  })

  test('show their line on a terminal', async () => {
    const file = await folder.write('a.yml', 'acl:\r\n  - x\r\n')
    await expect(describeProblems([problem(file), { message: 'and this' }], true)).resolves.toEqual([
      `${file}:2:3: is wrong\n    2 |   - x\n      |   ^`,
      'and this',
    ])
  })

  test('are themselves where the file is gone, is another now, or is a pipe', async () => {
    const other = await folder.write('other.yml', 'acl: []')
    const pipe = folder.path('pipe')
    execFileSync('mkfifo', [pipe])
    for (const file of [folder.path('gone.yml'), other, pipe, folder.path()])
      await expect(describeProblems([problem(file)], true)).resolves.toEqual([`${file}:2:3: is wrong`])
  })
})
