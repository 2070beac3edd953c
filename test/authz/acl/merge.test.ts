// Several lists of rules are walked as one.
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { firstOf } from '../../../src/authz/acl/merge.ts'

const rule = (number: number) => ({ number, name: String(number), position: '', conditions: [], actions: [] })
const numbers = fc.uniqueArray(fc.nat(60), { minLength: 1, maxLength: 8 }).map((list) => list.sort((a, b) => a - b))

test('every rule is tested in order, until one passes', () => {
  fc.assert(
    fc.property(fc.array(numbers, { maxLength: 6 }), fc.nat(60), (lists, wanted) => {
      const tested: number[] = []
      const found = firstOf(
        lists.map((list) => list.map(rule)),
        ({ number }) => {
          tested.push(number)
          return number >= wanted
        },
      )
      const all = [...new Set(lists.flat())].sort((a, b) => a - b)
      expect(found?.number).toBe(all.find((number) => number >= wanted))
      expect([...new Set(tested)]).toEqual(all.filter((number) => number <= (found?.number ?? Infinity)))
      expect(tested).toEqual([...tested].sort((a, b) => a - b))
    }),
  )
})
