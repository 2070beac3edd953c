// Successes are remembered for a while, by who presented what, and by nothing that can be confused with it.
import { expect, test } from '@jest/globals'
import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { createCredentialCache, CredentialCacheConfig } from '../../src/authn/credential-cache.ts'

const create = (config = { ttl: 60_000, size: 100 }) => createCredentialCache<true>(config, randomBytes(32))

test('no two lists of parts are taken for each other', () => {
  const part = fc.string({
    unit: fc.constantFrom('a', ':', '1', '2', '\0', '\ud800', '\udc00', '\ufffd'),
    maxLength: 4,
  })
  const parts = fc.array(part, { minLength: 1, maxLength: 4 })
  fc.assert(
    fc.property(parts, parts, (one, other) => {
      const cache = create()
      cache.set(one, true)
      expect(cache.get(one)).toBe(true)
      expect(cache.get(other)).toBe(JSON.stringify(one) === JSON.stringify(other) ? true : undefined)
    }),
    { numRuns: 2000 },
  )
})

test('half a character is not another one that cannot be written in UTF-8 either', () => {
  const cache = create()
  cache.set(['\ud800'], true)
  expect([cache.get(['\ud801']), cache.get(['\ufffd'])]).toEqual([undefined, undefined])
})

test('it never holds more than its size, and forgets what was not used for longest', () => {
  const cache = create({ ttl: 60_000, size: 2 })
  cache.set(['a'], true)
  cache.set(['b'], true)
  cache.get(['a'])
  cache.set(['c'], true)
  expect([cache.get(['a']), cache.get(['b']), cache.get(['c'])]).toEqual([true, undefined, true])
})

test('an entry ends at its time however often it is used', async () => {
  const cache = create({ ttl: 40, size: 10 })
  cache.set(['a'], true)
  const deadline = Date.now() + 5000
  while (cache.get(['a']) === true && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 5))
  expect(cache.get(['a'])).toBeUndefined()
})

test('a time of 0s remembers nothing', () => {
  const cache = create({ ttl: 0, size: 10 })
  cache.set(['a'], true)
  expect(cache.get(['a'])).toBeUndefined()
})

test('what is remembered in one cache is unknown to another', () => {
  const [one, other] = [create(), create()]
  one.set(['a'], true)
  expect(other.get(['a'])).toBeUndefined()
})

test.each([
  [{}, { ttl: 60_000, size: 10_000 }],
  [{ ttl: '5m' }, { ttl: 300_000, size: 10_000 }],
  [
    { ttl: '0', size: '1' },
    { ttl: 0, size: 1 },
  ],
])('the section %j means %j', (section, meaning) => {
  expect(CredentialCacheConfig.parse(section)).toEqual(meaning)
})

test.each([
  [{ ttl: '25h' }, 'must be 0s, or between 1ms and 24h, with its unit: 60s'],
  [{ ttl: '-1s' }, 'must be 0s, or between 1ms and 24h, with its unit: 60s'],
  [{ ttl: '60' }, 'must be 0s, or between 1ms and 24h, with its unit: 60s'],
  [{ size: '0' }, 'must be between 1 and 10000000'],
  [{ ttl: 'soon' }, 'must be a duration such as 10s or 1h30m, not "soon"'],
  [{ tll: '1s' }, 'unknown key "tll"; did you mean "ttl"?'],
])('the section %j is refused: %s', (section, message) => {
  expect(CredentialCacheConfig.safeParse(section).error?.issues[0]?.message).toBe(message)
})
