// The grammar of digests.
import { describe, expect, test } from '@jest/globals'
import { formatDigest, parseDigest } from '../../src/protocol/digest.ts'

const hex64 = 'a1'.repeat(32)
const hex128 = 'a1'.repeat(64)

describe('a digest', () => {
  test.each([`sha256:${hex64}`, `sha512:${hex128}`])('is %s', (text) => {
    expect(formatDigest(parseDigest(text)!)).toBe(text)
  })

  test.each([
    '',
    'sha256:',
    hex64,
    `sha256:${hex64.slice(1)}`,
    `sha256:${hex64}0`,
    `sha256:${hex128}`,
    `sha512:${hex64}`,
    `sha256:${hex64.toUpperCase()}`,
    `SHA256:${hex64}`,
    `md5:${hex64}`,
    `sha384:${'a'.repeat(96)}`,
    `sha256:${hex64}\n`,
    ` sha256:${hex64}`,
    `sha256:${'../'.repeat(21)}a`,
    `sha256:${hex64.slice(2)}..`,
    `__proto__:${hex64}`,
  ])('is not %j', (text) => {
    expect(parseDigest(text)).toBeUndefined()
  })
})
