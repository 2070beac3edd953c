// Passwords are compared by bcrypt, few at a time, and an unknown account costs as much as a wrong password.
import { describe, expect, test } from '@jest/globals'
import { hash } from '@node-rs/bcrypt'
import fc from 'fast-check'
import { createCosts, createPasswords, isBcryptHash } from '../../src/authn/passwords.ts'
import { Secret } from '../../src/lib/secret.ts'

const create = (concurrency = 1, queue = 10, hashes: string[] = []) => {
  const passwords = createPasswords({ concurrency, queue })
  passwords.expect(hashes)
  return passwords
}
const hashOf = (password: string): Promise<string> => hash(password, 4)

describe('a hash', () => {
  test.each(['$2a$', '$2b$', '$2y$'])(
    'with the prefix %s, as other programs write it, is understood',
    async (prefix) => {
      const own = (await hashOf('secret')).replace(/^\$2.\$/, prefix)
      expect(isBcryptHash(own)).toBe(true)
      await expect(create().verify(new Secret('secret'), own)).resolves.toBe(true)
      await expect(create().verify(new Secret('Secret'), own)).resolves.toBe(false)
    },
  )

  test('that another program made is understood', async () => {
    // Of the password "U*U": a test vector of the original implementation, https://www.openwall.com/crypt/
    const vector = '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW'
    await expect(create().verify(new Secret('U*U'), vector)).resolves.toBe(true)
    await expect(create().verify(new Secret('U*U*'), vector)).resolves.toBe(false)
  })

  const salted = `N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy`
  test.each([
    '',
    'secret',
    '$2b$04$',
    '$2b$04$short',
    `$2b$4$${salted}`,
    `$2b$99$${salted}`,
    `$2b$03$${salted}`,
    `$3b$04$${salted}`,
    `$2b$04$${salted}x`,
    `$2b$04$${salted.slice(0, -2)}!!`,
    `$2b$04$${salted}\n`,
    '$1$abc$def',
  ])('%j is none, and nothing is its password', async (text) => {
    expect(isBcryptHash(text)).toBe(false)
    // The pretended hash costs what real ones cost; a cheap one keeps this test quick.
    const passwords = create(1, 10, [await hashOf('x')])
    for (const password of [text, '', 'secret'])
      await expect(passwords.verify(new Secret(password), text)).resolves.toBe(false)
  })
})

describe('bcrypt looks at 72 bytes', () => {
  const long = 'é'.repeat(36)
  test.each([
    [long, true],
    [`${long}x`, true],
    [`${long}${'y'.repeat(1000)}`, true],
    [long.slice(0, -1), false],
    [`x${long.slice(1)}`, false],
  ])('%#', async (password, expected) => {
    await expect(create().verify(new Secret(password), await hashOf(long))).resolves.toBe(expected)
  })

  test('and does not stop at a NUL', async () => {
    await expect(create().verify(new Secret('ab\0d'), await hashOf('ab\0c'))).resolves.toBe(false)
    await expect(create().verify(new Secret('ab'), await hashOf('ab\0c'))).resolves.toBe(false)
  })
})

describe('the queue', () => {
  test('lets so many run, so many wait, and refuses the rest with a time to come back', async () => {
    const own = await hashOf('secret')
    const passwords = create(2, 3, [own])
    const attempts = Array.from({ length: 8 }, () => passwords.verify(new Secret('secret'), own))
    const settled = await Promise.allSettled(attempts)
    expect(settled.map(({ status }) => status)).toEqual([
      ...Array<string>(5).fill('fulfilled'),
      ...Array<string>(3).fill('rejected'),
    ])
    expect(settled[7]).toMatchObject({ reason: { name: 'BackendError', retryAfter: 1 } })
  })

  test('is empty again afterwards, also when comparisons failed', async () => {
    const own = await hashOf('secret')
    const passwords = create(1, 1, [own])
    for (let round = 0; round < 3; round++) {
      const results = await Promise.allSettled([
        passwords.verify(new Secret('x'), own),
        passwords.pretend(new Secret('x')),
      ])
      expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled'])
    }
  })

  test('holds pretended comparisons as well, so that unknown names are no way around it', async () => {
    const passwords = create(1, 0, [await hashOf('x')])
    const [first, second] = await Promise.allSettled([
      passwords.pretend(new Secret('x')),
      passwords.pretend(new Secret('x')),
    ])
    expect([first.status, second.status]).toEqual(['fulfilled', 'rejected'])
  })
})

test('whatever stands where a hash should, comparing ends in no', async () => {
  const passwords = create(2, 10, [await hashOf('x')])
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string().map((rest) => `$2b$04$${rest}`),
  )
  await fc.assert(
    fc.asyncProperty(text, fc.string({ unit: 'binary' }), async (stored, password) => {
      expect(await passwords.verify(new Secret(password), stored)).toBe(false)
    }),
    { numRuns: 200 },
  )
})

test('a comparison that nobody waits for any more is left out: the next one has its turn', async () => {
  const passwords = create(1, 10)
  const own = await hashOf('secret')
  const abandoned = passwords.verify(new Secret('secret'), own, AbortSignal.abort())
  await expect(abandoned).rejects.toThrow('the client went away')
  await expect(passwords.verify(new Secret('secret'), own)).resolves.toBe(true)
})

describe('what is pretended', () => {
  const hashes = (cost: string, count: number): string[] =>
    Array.from({ length: count }, (_, i) => `$2b$${cost}$${String(i).padStart(22, '.')}${'x'.repeat(31)}`)

  test('costs what most hashes cost, and 10 before there are any', () => {
    const costs = createCosts()
    expect(costs.usual()).toBe(10)
    hashes('12', 3).forEach(costs.learn)
    hashes('05', 2).forEach(costs.learn)
    expect(costs.usual()).toBe(12)
  })

  test('cannot be decided by trying one account again and again, or by reading the same users again', () => {
    const costs = createCosts()
    hashes('12', 3).forEach(costs.learn)
    for (let i = 0; i < 100; i++) hashes('04', 1).forEach(costs.learn)
    expect(costs.usual()).toBe(12)
  })
})
