// The order in which back ends are asked, and that an unknown account cannot be told from a wrong password by the work done.
import { describe, expect, test } from '@jest/globals'
import { authnWarnings, createAuthenticator, createChain } from '../../src/authn/index.ts'
import type { Authentication, Authenticator } from '../../src/authn/index.ts'
import type { Passwords } from '../../src/authn/passwords.ts'
import { createUsersAuthenticator } from '../../src/authn/users.ts'
import { BackendError } from '../../src/lib/errors.ts'
import { Secret } from '../../src/lib/secret.ts'

const accepted: Authentication = {
  outcome: 'accepted',
  identity: { account: 'alice', labels: {}, labelsArePatterns: true },
}
const wrong: Authentication = { outcome: 'rejected', reason: 'wrong-password' }
const refused: Authentication = { outcome: 'rejected', reason: 'refused' }
const noMatch: Authentication = { outcome: 'no-match' }

/** Back ends that answer so, what the chain of them answers to alice, and who was asked. */
async function chainOf(answers: (Authentication | Error)[], account = 'alice', password = 'x') {
  const asked: string[] = []
  const backends = answers.map((answer, index): Authenticator => ({
    name: `backend ${index}`,
    authenticate: () => {
      asked.push(`backend ${index}`)
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer)
    },
  }))
  const chain = createChain(backends, () => {
    asked.push('pretend')
    return Promise.resolve()
  })
  const answer = await chain({ account, password: new Secret(password) }).catch((error: unknown) => error)
  return { answer, asked }
}

describe('the chain', () => {
  test.each<[string, (Authentication | Error)[], unknown, string[]]>([
    ['the first opinion decides: accepted', [accepted, wrong], accepted, ['backend 0']],
    ['the first opinion decides: wrong password', [wrong, accepted], wrong, ['backend 0']],
    ['the first opinion decides: refused', [refused, accepted], refused, ['backend 0']],
    ['no match passes on', [noMatch, noMatch, accepted], accepted, ['backend 0', 'backend 1', 'backend 2']],
    [
      'no opinion is no match, after the work of a wrong password',
      [noMatch, noMatch],
      noMatch,
      ['backend 0', 'backend 1', 'pretend'],
    ],
    ['nobody to ask is no match', [], noMatch, ['pretend']],
    [
      'an outage ends it',
      [noMatch, new BackendError('down'), accepted],
      new BackendError('down'),
      ['backend 0', 'backend 1'],
    ],
  ])('%s', async (_what, answers, expected, order) => {
    const { answer, asked } = await chainOf(answers)
    expect(answer).toEqual(expected)
    expect(asked).toEqual(order)
  })

  test('nobody with a password is refused before anybody is asked', async () => {
    await expect(chainOf([accepted], '', 'x')).resolves.toEqual({ answer: refused, asked: [] })
  })

  test('nobody without a password is asked about, and costs no comparison', async () => {
    await expect(chainOf([noMatch], '', '')).resolves.toEqual({ answer: noMatch, asked: ['backend 0'] })
  })

  test('passes the signal of an aborted request on', async () => {
    const { signal } = new AbortController()
    const seen: unknown[] = []
    const backend: Authenticator = {
      name: 'b',
      authenticate: (_credentials, given) => (seen.push(given), Promise.resolve(noMatch)),
    }
    await createChain([backend], () => Promise.resolve())({ account: 'a', password: new Secret('') }, signal)
    expect(seen).toEqual([signal])
  })
})

describe('the work done', () => {
  /** How many comparisons one attempt costs. */
  async function comparisons(account: string, password: string): Promise<number> {
    let count = 0
    const passwords: Passwords = {
      verify: () => (count++, Promise.resolve(password === 'secret')),
      pretend: () => (count++, Promise.resolve()),
    }
    const users = createUsersAuthenticator({ '': {}, alice: { password: 'a hash' }, open: {} }, passwords)
    const chain = createChain([users], ({ password: given }) => passwords.pretend(given))
    await chain({ account, password: new Secret(password) })
    return count
  }

  test.each([
    ['the right password', 'alice', 'secret', 1],
    ['a wrong password', 'alice', 'wrong', 1],
    ['an unknown account', 'mallory', 'wrong', 1],
    ['an unknown account without a password', 'mallory', '', 1],
    ['an account that needs no password', 'open', 'x', 0],
    ['nobody', '', '', 0],
  ])('for %s is %i comparisons', async (_what, account, password, expected) => {
    expect(await comparisons(account, password)).toBe(expected)
  })
})

test('a configuration without users knows nobody', async () => {
  await expect(createAuthenticator({}, 1)({ account: '', password: new Secret('') })).resolves.toEqual(noMatch)
})

test('passwords that are no hashes or missing are warned about, by the path of their key', () => {
  expect(
    authnWarnings({ users: { a: { password: 'plain' }, b: {}, c: { password: `$2b$10$${'a'.repeat(53)}` } } }),
  ).toEqual([
    { path: ['users', 'a', 'password'], message: 'is not a bcrypt hash: nobody can log in with it' },
    { path: ['users', 'b'], message: 'has no password: any password is accepted' },
  ])
})
