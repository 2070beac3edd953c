// A table lines its columns up, whatever stands in it.
import { expect, test } from '@jest/globals'
import { formatTable } from '../../src/cli/acl/table.ts'

test('columns line up, and nothing trails', () => {
  const rows = [
    ['alice', 'pull,push', 'x'],
    ['b', '', ''],
  ]
  expect(formatTable(['WHO', 'MAY', 'WHY'], rows)).toBe('WHO    MAY        WHY\nalice  pull,push  x\nb\n')
})

test('a column that says nothing is left out', () => {
  expect(formatTable(['A', 'B', 'C'], [['1', '', '3'], ['1']])).toBe('A  C\n1  3\n1\n')
})

test('one long cell does not push the others aside', () => {
  const long = 'x'.repeat(60)
  expect(
    formatTable(
      ['A', 'B'],
      [
        ['1', '2'],
        [long, '3'],
      ],
    ),
  ).toBe(`A  B\n1  2\n${long}  3\n`)
})

test('characters that move a cursor are written out, and counted as they are', () => {
  expect(formatTable(['A', 'B'], [['\n', '2']])).toBe('A       B\n\\u000a  2\n')
})
