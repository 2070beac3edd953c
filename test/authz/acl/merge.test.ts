// Several chains of rules are walked as one.
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { firstOf } from '../../../src/authz/acl/merge.ts'

const chain = fc.array(fc.nat(200), { minLength: 1, maxLength: 8 })

// Each rule is in one chain only.
const chains = fc.array(chain, { maxLength: 6 }).map((all) => {
  const taken = new Set<number>()
  return all
    .map((rules) => rules.filter((rule) => !taken.has(rule) && taken.add(rule)).sort((one, other) => one - other))
    .filter((rules) => rules.length > 0)
})

test('every rule is tested in order, until one passes', () => {
  fc.assert(
    fc.property(chains, fc.nat(200), (all, wanted) => {
      const next = (rule: number): number => {
        const rules = all.find((one) => one.includes(rule)) ?? []
        return rules[rules.indexOf(rule) + 1] ?? -1
      }
      const tested: number[] = []
      const heads = all.flatMap(([head]) => head ?? [])
      const found = firstOf(heads, { next }, (rule) => {
        tested.push(rule)
        return rule >= wanted
      })
      const rules = all.flat().sort((one, other) => one - other)
      expect(found).toBe(rules.find((rule) => rule >= wanted) ?? -1)
      expect(tested).toEqual(rules.filter((rule) => rule <= (found === -1 ? Infinity : found)))
    }),
  )
})

test('a chain that is there twice is walked twice', () => {
  const tested: number[] = []
  const found = firstOf([3, 1, 3], { next: (rule) => (rule < 3 ? 4 : -1) }, (rule) => {
    tested.push(rule)
    return rule === 4
  })
  expect({ found, tested }).toEqual({ found: 4, tested: [1, 3, 3, 4] })
})
