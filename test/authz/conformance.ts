// What every authorizer has to do, whatever holds its rules. Each implementation's test calls it.
import { describe, expect, test } from '@jest/globals'
import type { AuthorizationRequest, Authorizer } from '../../src/authz/index.ts'
import { request } from './request.ts'

/** The rules the authorizer under test has to hold, in this order; everything else is unknown to it. */
export const CONFORMANCE_RULES = [
  { match: { account: 'root' }, actions: ['*'] },
  { match: { account: 'alice', name: 'alice/*' }, actions: ['pull', 'push'] },
  { match: { account: 'banned' }, actions: [] },
]

/** Registers the suite for one implementation; `make` gives an authorizer that holds CONFORMANCE_RULES. */
export function authorizerConformance(name: string, make: () => Authorizer | Promise<Authorizer>): void {
  const ask = async (
    account: string,
    actions: readonly string[],
    rest: Partial<AuthorizationRequest> = {},
  ): Promise<unknown> => {
    const authorizer = await make()
    const { outcome, ...answer } = await authorizer.authorize(request({ account, name: 'alice/app', actions, ...rest }))
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

    test('has no opinion where no rule matches', async () => {
      expect(await ask('mallory', ['pull'])).toBe('no-match')
      expect(await ask('', ['pull'])).toBe('no-match')
    })

    test('answers many at once as it answers each', async () => {
      const accounts = Array.from({ length: 30 }, (_, index) => ['root', 'alice', 'banned', 'mallory'][index % 4]!)
      const authorizer = await make()
      const answers = await Promise.all(
        accounts.map((account) => authorizer.authorize(request({ account, name: 'alice/app', actions: ['pull'] }))),
      )
      await authorizer.close?.()
      const granted = answers.map((answer) => (answer.outcome === 'decided' ? answer.actions.length : -1))
      expect(granted).toEqual(accounts.map((account) => ({ root: 1, alice: 1, banned: 0 })[account] ?? -1))
    })
  })
}
