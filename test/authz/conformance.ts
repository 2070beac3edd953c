// What every authorizer has to do, whatever holds its rules. Each implementation's test calls it.
import { describe, expect, test } from '@jest/globals'
import type { Authorizer } from '../../src/authz/index.ts'
import { BackendError } from '../../src/lib/errors.ts'
import { request } from './request.ts'

/** The rules the authorizer under test has to hold, in this order; everything else is unknown to it. */
export const CONFORMANCE_RULES = [
  { match: { account: 'root' }, actions: ['*'] },
  { match: { account: 'alice', name: 'alice/*' }, actions: ['pull', 'push'] },
  { match: { account: 'banned' }, actions: [] },
]

type Make = () => Authorizer | Promise<Authorizer>

/** What differs between implementations. */
export interface Expectation {
  /** It cannot say "no match": what it does not know it denies. */
  readonly neverPasses?: boolean
  /** The same one cut off from what it depends on, where it depends on anything. */
  readonly makeBroken?: Make
}

/** Registers the suite for one implementation; `make` gives an authorizer that holds CONFORMANCE_RULES. */
export function authorizerConformance(name: string, make: Make, expectation: Expectation = {}): void {
  const { neverPasses = false, makeBroken } = expectation
  const unknown = neverPasses ? [] : 'no-match'

  const ask = async (account: string, actions: readonly string[], name = 'alice/app'): Promise<unknown> => {
    const authorizer = await make()
    const { outcome, ...answer } = await authorizer.authorize(request({ account, name, actions }))
    await authorizer.close?.()
    return 'actions' in answer ? answer.actions : outcome
  }

  describe(`the ${name} authorizer`, () => {
    test('grants what was asked and is allowed', async () => {
      expect(await ask('alice', ['pull', 'push'])).toEqual(['pull', 'push'])
    })

    test('never grants more than was asked', async () => {
      expect(await ask('alice', ['pull'])).toEqual(['pull'])
      expect(await ask('alice', ['delete', 'pull'])).toEqual(['pull'])
      expect(await ask('alice', ['delete'])).toEqual([])
      expect(await ask('alice', [])).toEqual([])
      expect(await ask('root', ['pull'])).toEqual(['pull'])
    })

    test('grants everything asked where everything is allowed, the action "*" included', async () => {
      expect(await ask('root', ['*', 'delete', 'pull'])).toEqual(['*', 'delete', 'pull'])
    })

    test('takes "*" for an action like any other where single actions are allowed', async () => {
      expect(await ask('alice', ['*'])).toEqual([])
    })

    test('denies with an answer, not with an error', async () => {
      expect(await ask('banned', ['pull'])).toEqual([])
    })

    test('knows actions, accounts and names by their exact spelling', async () => {
      expect(await ask('alice', ['Pull', 'pull ', 'pull'])).toEqual(['pull'])
      expect(await ask('Alice', ['pull'])).toEqual(unknown)
      expect(await ask('alice', ['pull'], 'bob/alice/app')).toEqual(unknown)
    })

    test(`${neverPasses ? 'denies' : 'has no opinion'} where no rule matches`, async () => {
      expect(await ask('mallory', ['pull'])).toEqual(unknown)
      expect(await ask('', ['pull'])).toEqual(unknown)
      expect(await ask('alice', ['pull'], 'bob/app')).toEqual(unknown)
    })

    test('answers many at once as it answers each', async () => {
      const accounts = Array.from({ length: 30 }, (_, index) => ['root', 'alice', 'banned', 'mallory'][index % 4]!)
      const authorizer = await make()
      const answers = await Promise.all(
        accounts.map((account) => authorizer.authorize(request({ account, name: 'alice/app', actions: ['pull'] }))),
      )
      await authorizer.close?.()
      const granted = answers.map((answer) => (answer.outcome === 'decided' ? answer.actions.length : -1))
      const other = neverPasses ? 0 : -1
      expect(granted).toEqual(accounts.map((account) => ({ root: 1, alice: 1, banned: 0 })[account] ?? other))
    })

    test('closed while it is asked, and twice at once, it answers or fails as an outage, and closes', async () => {
      const authorizer = await make()
      const answers = Array.from({ length: 10 }, async () => {
        try {
          const answer = await authorizer.authorize(request({ account: 'root', name: 'alice/app' }))
          return answer.outcome === 'decided' && answer.actions.join() === 'pull'
        } catch (error) {
          return error instanceof BackendError
        }
      })
      await Promise.all([authorizer.close?.(), authorizer.close?.()])
      expect(await Promise.all(answers)).toEqual(answers.map(() => true))
      await authorizer.close?.()
    })

    if (makeBroken !== undefined) {
      test('an outage is an exception, for whoever asks and whoever checks', async () => {
        const broken = await makeBroken()
        await expect(broken.authorize(request({ account: 'root' }))).rejects.toBeInstanceOf(BackendError)
        await expect(broken.authorize(request({ account: 'banned' }))).rejects.toBeInstanceOf(BackendError)
        await expect(broken.check!(new AbortController().signal)).rejects.toBeInstanceOf(BackendError)
        await broken.close?.()
      })

      test('a check finds one that works', async () => {
        const authorizer = await make()
        await expect(Promise.resolve(authorizer.check?.(AbortSignal.timeout(20_000)))).resolves.toBeUndefined()
        await authorizer.close?.()
      })
    }
  })
}
