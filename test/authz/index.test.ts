// The chain of authorizers.
import { describe, expect, test } from '@jest/globals'
import { authzSections, createAuthorizer } from '../../src/authz/index.ts'
import type { Authorization, Authorizer } from '../../src/authz/index.ts'
import { request } from './request.ts'

const saying = (answer: Authorization, asked: string[] = [], name = 'one'): Authorizer => ({
  name,
  authorize: () => {
    asked.push(name)
    return Promise.resolve(answer)
  },
})
const granting = (...actions: string[]): Authorization => ({ outcome: 'decided', actions, rule: 'acl.yml:7' })

describe('the chain', () => {
  test('asks in order and stops at the first opinion', async () => {
    const asked: string[] = []
    const authorize = createAuthorizer([
      saying({ outcome: 'no-match' }, asked, 'first'),
      saying(granting('pull'), asked, 'second'),
      saying(granting('push'), asked, 'third'),
    ])
    expect(await authorize(request({ actions: ['pull', 'push'] }))).toEqual({ actions: ['pull'], rule: 'acl.yml:7' })
    expect(asked).toEqual(['first', 'second'])
  })

  test('a denial is an opinion', async () => {
    const authorize = createAuthorizer([saying(granting()), saying(granting('pull'))])
    expect(await authorize(request())).toEqual({ actions: [], rule: 'acl.yml:7' })
  })

  test('no opinion is a denial without a rule', async () => {
    expect(await createAuthorizer([saying({ outcome: 'no-match' })])(request())).toEqual({ actions: [] })
    expect(await createAuthorizer([])(request())).toEqual({ actions: [] })
  })

  test('no answer grants more than was asked', async () => {
    const authorize = createAuthorizer([saying(granting('*', 'delete', 'pull', 'push'))])
    expect(await authorize(request({ actions: ['pull'] }))).toMatchObject({ actions: ['pull'] })
    expect(await authorize(request({ actions: [] }))).toMatchObject({ actions: [] })
  })

  test('actions come in the order they were asked in, once each', async () => {
    const authorize = createAuthorizer([saying(granting('push', 'pull', 'push'))])
    expect(await authorize(request({ actions: ['pull', 'push'] }))).toMatchObject({ actions: ['pull', 'push'] })
  })

  test('an outage is not an opinion: it fails the request instead of asking on', async () => {
    const broken: Authorizer = { name: 'broken', authorize: () => Promise.reject(new Error('down')) }
    await expect(createAuthorizer([broken, saying(granting('pull'))])(request())).rejects.toThrow('down')
  })

  test('every back end gets the signal', async () => {
    const { signal } = new AbortController()
    const seen: unknown[] = []
    const authorize = createAuthorizer([
      { name: 'one', authorize: (_, given) => (seen.push(given), Promise.resolve({ outcome: 'no-match' })) },
    ])
    await authorize(request(), signal)
    expect(seen).toEqual([signal])
  })
})

test('back ends are asked in docker_auth’s order', () => {
  expect(authzSections).toEqual(['acl_mongo', 'acl_xorm', 'acl_sql', 'ext_authz', 'plugin_authz', 'casbin_authz'])
})

test('without an access list nobody may do anything', async () => {
  expect(await createAuthorizer([])(request())).toEqual({ actions: [] })
})
