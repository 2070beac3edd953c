// Rules are found at the places to which they were added.
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { createPlaces, stepAll } from '../../../src/authz/acl/places.ts'

function rulesAt(places: ReturnType<typeof createPlaces>, place: number): number[] {
  const rules: number[] = []
  for (let rule = places.first(place); rule !== -1; rule = places.next(rule)) rules.push(rule)
  return rules
}

test('a place has the rules that were added to it, in order, whatever else there is', () => {
  const place = fc.oneof(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), fc.integer({ min: -2, max: 20 }))
  fc.assert(
    fc.property(fc.array(place, { maxLength: 300 }), place, (added, other) => {
      const places = createPlaces()
      for (const [rule, at] of added.entries()) places.add(at, rule)
      for (const at of [...new Set(added), other]) {
        const expected = added.flatMap((one, rule) => (one === at ? rule : []))
        expect(rulesAt(places, at)).toEqual(expected)
        expect(places.count(at)).toBe(expected.length)
      }
    }),
  )
})

test('rules may be missing', () => {
  const places = createPlaces()
  places.add(1, 3)
  places.add(2, 7)
  places.add(1, 9)
  expect([rulesAt(places, 1), rulesAt(places, 2), rulesAt(places, 3)]).toEqual([[3, 9], [7], []])
})

test('100,000 names lead to as many places, but for a few', () => {
  const names = Array.from({ length: 100_000 }, (_, n) => `team-${n}/app`)
  expect(new Set(names.map((name) => stepAll(0, name))).size).toBeGreaterThan(99_990)
})

test('a text leads to a place by way of the places of its beginnings', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (one, other) => {
      expect(stepAll(stepAll(7, one), other)).toBe(stepAll(7, one + other))
    }),
  )
})
