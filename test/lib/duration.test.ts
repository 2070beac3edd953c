// Durations are read exactly as Go reads them.
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { parseDuration } from '../../src/lib/duration.ts'

test.each([
  ['0', 0],
  ['-0', 0],
  ['300ms', 300],
  ['1h30m', 5_400_000],
  ['-1.5h', -5_400_000],
  ['+5s', 5000],
  ['1.s', 1000],
  ['.5s', 500],
  ['1us', 0.001],
  ['1µs', 0.001],
  ['1μs', 0.001],
  ['100ns', 0.0001],
  ['1m1m', 120_000],
])('%s is %d ms', (text, expected) => {
  expect(parseDuration(text)).toBeCloseTo(expected, 9)
})

test.each(['', '1', '10', 's', '1d', '1 s', '.s', '1h 30m', '--1s', '1S', 'Infinity', '1e3s'])(
  '"%s" is no duration',
  (text) => {
    expect(parseDuration(text)).toBeUndefined()
  },
)

test('parts add up, whatever they are', () => {
  fc.assert(
    fc.property(fc.nat(1000), fc.nat(1000), fc.nat(1000), (hours, minutes, ms) => {
      expect(parseDuration(`${hours}h${minutes}m${ms}ms`)).toBe(hours * 3_600_000 + minutes * 60_000 + ms)
    }),
  )
})
