// The order in which back ends are asked, and that an unknown account cannot be told from a wrong password by the work done.
import { describe, expect, test } from '@jest/globals'
import { createChain } from '../../src/authn/index.ts'
import type { Authentication, Authenticator, ChainOptions } from '../../src/authn/index.ts'
import type { Passwords } from '../../src/authn/passwords.ts'
import { createUsersAuthenticator } from '../../src/authn/users.ts'
import { BackendError } from '../../src/lib/errors.ts'
import { Secret } from '../../src/lib/secret.ts'
import { authnTools } from '../support/authn-tools.ts'
import { createRecorder } from '../support/recorder.ts'

const accepted: Authentication = {
  outcome: 'accepted',
  identity: { account: 'alice', labels: {}, labelsArePatterns: true },
}
const wrong: Authentication = { outcome: 'rejected', reason: 'wrong-password' }
const refused: Authentication = { outcome: 'rejected', reason: 'refused' }
const noMatch: Authentication = { outcome: 'no-match' }
const AS_DOCKER_AUTH: ChainOptions = { onWrongPassword: 'stop', onError: 'stop' }

/** Back ends that answer so, what the chain of them answers to alice, and who was asked. */
async function chainOf(
  answers: (Authentication | Error)[],
  { account = 'alice', password = 'x', ...options }: Partial<ChainOptions & { account: string; password: string }> = {},
) {
  const asked: string[] = []
  const recorder = createRecorder()
  const backends = answers.map((answer, index): Authenticator => ({
    name: `backend ${index}`,
    authenticate: () => {
      asked.push(`backend ${index}`)
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer)
    },
  }))
  const chain = createChain(
    backends,
    { ...AS_DOCKER_AUTH, ...options },
    () => {
      asked.push('pretend')
      return Promise.resolve()
    },
    recorder.log,
  )
  const answer = await chain({ account, password: new Secret(password) }).catch((error: unknown) => error)
  return { answer, asked, logged: recorder.lines }
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
    await expect(chainOf([accepted], { account: '', password: 'x' })).resolves.toEqual({
      answer: refused,
      asked: [],
      logged: [],
    })
  })

  test('nobody without a password is asked about, and costs no comparison', async () => {
    await expect(chainOf([noMatch], { account: '', password: '' })).resolves.toEqual({
      answer: noMatch,
      asked: ['backend 0'],
      logged: [],
    })
  })

  test('passes the signal of an aborted request on', async () => {
    const { signal } = new AbortController()
    const seen: unknown[] = []
    const backend: Authenticator = {
      name: 'b',
      authenticate: (_credentials, given) => (seen.push(given), Promise.resolve(noMatch)),
    }
    await createChain(
      [backend],
      AS_DOCKER_AUTH,
      () => Promise.resolve(),
      createRecorder().log,
    )({ account: 'a', password: new Secret('') }, signal)
    expect(seen).toEqual([signal])
  })
})

describe('where the configuration says so,', () => {
  const down = new BackendError('down')
  const late = new BackendError('down as well')
  const passing: Partial<ChainOptions> = { onWrongPassword: 'continue', onError: 'continue' }

  test.each<[string, Partial<ChainOptions>, (Authentication | Error)[], unknown, number]>([
    ['a wrong password passes on', { onWrongPassword: 'continue' }, [wrong, accepted], accepted, 2],
    ['a wrong password that nobody corrects stays one', { onWrongPassword: 'continue' }, [wrong, noMatch], wrong, 2],
    ['a refusal never passes on', passing, [refused, accepted], refused, 1],
    ['a refusal after a wrong password decides', passing, [wrong, refused, accepted], refused, 2],
    ['an outage passes on', { onError: 'continue' }, [down, accepted], accepted, 2],
    ['an outage is one when nobody then accepts', { onError: 'continue' }, [down, noMatch, late], down, 3],
    [
      'an outage is one even when another says wrong password',
      { onError: 'continue' },
      [down, wrong, accepted],
      down,
      2,
    ],
    ['an outage is one even when another refuses', passing, [down, refused], down, 2],
    ['an outage ends it when only wrong passwords pass on', { onWrongPassword: 'continue' }, [down, accepted], down, 1],
    ['a wrong password ends it when only outages pass on', { onError: 'continue' }, [wrong, accepted], wrong, 1],
  ])('%s', async (_what, options, answers, expected, count) => {
    const { answer, asked } = await chainOf(answers, options)
    expect(answer).toEqual(expected)
    expect(asked.filter((name) => name !== 'pretend')).toHaveLength(count)
  })

  test('an outage that is passed over is logged, with the back end', async () => {
    const { logged } = await chainOf([down, accepted], passing)
    expect(logged).toMatchObject([{ level: 'error', fields: { backend: 'backend 0', err: down } }])
  })

  test('nobody else is asked for a client that is gone', async () => {
    const asked: string[] = []
    const backend = (name: string): Authenticator => ({
      name,
      authenticate: () => (asked.push(name), Promise.reject(down)),
    })
    const chain = createChain(
      [backend('one'), backend('two')],
      { ...AS_DOCKER_AUTH, ...passing },
      () => Promise.resolve(),
      createRecorder().log,
    )
    await expect(chain({ account: 'a', password: new Secret('x') }, AbortSignal.abort())).rejects.toBe(down)
    expect(asked).toEqual(['one'])
  })
})

describe('the work done', () => {
  /** How many comparisons one attempt costs. */
  async function comparisons(account: string, password: string): Promise<number> {
    let count = 0
    const passwords: Passwords = {
      verify: () => (count++, Promise.resolve(password === 'secret')),
      pretend: () => (count++, Promise.resolve()),
      expect: () => undefined,
    }
    const users = createUsersAuthenticator(
      { '': {}, alice: { password: 'a hash' }, open: {} },
      authnTools({ passwords }),
    )
    const chain = createChain(
      [users],
      AS_DOCKER_AUTH,
      ({ password: given }) => passwords.pretend(given),
      createRecorder().log,
    )
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
