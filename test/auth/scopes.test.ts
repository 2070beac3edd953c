// What a token request may ask for, and that the token answers exactly that, in the order it was asked.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { ResourceActions } from '../../src/protocol/scope.ts'
import { ask, basic, form } from '../support/http.ts'
import type { Answer } from '../support/http.ts'
import { shown, startTokenServer } from '../support/token-server.ts'
import type { TokenServer } from '../support/token-server.ts'

let server: TokenServer
beforeAll(async () => {
  server = await startTokenServer()
})
afterAll(() => server.close())

const query = (...scopes: string[]): string => new URLSearchParams(scopes.map((scope) => ['scope', scope])).toString()
const asAlice = (...scopes: string[]): Promise<Answer> =>
  ask(server.place, `/auth?service=reg&${query(...scopes)}`, { headers: basic('alice', 'secret') })
const accessOf = (answer: Answer): readonly ResourceActions[] => shown(answer.json()['token']).grant.access

const repository = (name: string, ...actions: string[]): ResourceActions => ({ type: 'repository', name, actions })

describe('the access of a token', () => {
  test.each<[string, string[], ResourceActions[]]>([
    ['no scope', [], []],
    ['one', ['repository:a:pull'], [repository('a', 'pull')]],
    ['actions in another order', ['repository:a:push,pull'], [repository('a', 'pull', 'push')]],
    ['two parameters', ['repository:b:pull', 'repository:a:pull'], [repository('b', 'pull'), repository('a', 'pull')]],
    [
      'two in one parameter',
      ['repository:b:pull repository:a:pull'],
      [repository('b', 'pull'), repository('a', 'pull')],
    ],
    [
      'both at once',
      ['repository:c:pull repository:b:pull', 'repository:a:pull'],
      [repository('c', 'pull'), repository('b', 'pull'), repository('a', 'pull')],
    ],
    ['the same twice', ['repository:a:pull', 'repository:a:push'], [repository('a', 'pull'), repository('a', 'push')]],
    ['extra spaces', ['  repository:a:pull  '], [repository('a', 'pull')]],
    ['an empty parameter after the first', ['repository:a:pull', ''], [repository('a', 'pull')]],
    ['an empty parameter first', ['', 'repository:a:pull'], []],
    ['a host and port', ['repository:r.example.com:5000/a:pull'], [repository('r.example.com:5000/a', 'pull')]],
    ['a class', ['repository(plugin):a:pull'], [{ ...repository('a', 'pull'), class: 'plugin' }]],
    ['no action', ['repository:a:'], [repository('a')]],
    ['the catalog', ['registry:catalog:*'], [{ type: 'registry', name: 'catalog', actions: ['*'] }]],
    ['everything, as skopeo asks before a delete', ['repository:a:*'], [repository('a', '*')]],
  ])('for %s', async (_what, scopes, expected) => {
    const answer = await asAlice(...scopes)
    expect(answer.status).toBe(200)
    expect(accessOf(answer)).toEqual(expected)
  })

  test('holds what was denied as well, with no actions, and is no error', async () => {
    const answer = await ask(
      server.place,
      `/auth?service=reg&${query('repository:public/a:pull,push', 'repository:private:pull')}`,
    )
    expect(answer.status).toBe(200)
    expect(accessOf(answer)).toEqual([repository('public/a', 'pull'), repository('private')])
  })
})

describe('a star is an action name like any other', () => {
  const rules = [
    { match: { name: 'all' }, actions: ['*'] },
    { match: { name: 'named' }, actions: ['pull', '*'] },
    { match: { name: 'some' }, actions: ['pull', 'push'] },
  ]
  test.each([
    ['all', '*', ['*']],
    ['all', 'pull,*', ['*', 'pull']],
    ['all', 'anything', ['anything']],
    ['named', '*', ['*']],
    ['named', 'pull,push', ['pull']],
    ['some', '*', []],
    ['some', 'pull,*', ['pull']],
  ])('%s asked for %s grants %j', async (name, actions, expected) => {
    const own = await startTokenServer({ rules })
    const answer = await ask(own.place, `/auth?${query(`repository:${name}:${actions}`)}`)
    await own.close()
    expect(accessOf(answer)).toEqual([{ type: 'repository', name, actions: expected }])
  })
})

describe('a scope that is none is refused', () => {
  test.each([
    ['two parts', 'repository:a'],
    ['five parts', 'repository:a:b:c:pull'],
    ['a type in capitals', 'REPOsitory:a:pull'],
    ['a type with a hyphen', 'my-type:a:pull'],
    ['an action in capitals', 'repository:a:PULL'],
    ['a line break', 'repository:a:pull\n'],
    ['one good and one bad', 'repository:a:pull nonsense'],
  ])('%s', async (_what, scope) => {
    const answer = await asAlice(scope)
    expect(answer.status).toBe(400)
    expect(answer.headers['content-type']).toBe('text/plain; charset=utf-8')
    expect(answer.body).toMatch(/^Bad request: invalid scope: "[^\n]*"\n$/)
  })

  test('and said back shortened', async () => {
    expect((await asAlice('x'.repeat(5000))).body).toBe(`Bad request: invalid scope: "${'x'.repeat(200)}"\n`)
  })

  test.each([
    [100, 200],
    [101, 400],
  ])('%i scopes are answered %i', async (count, status) => {
    expect((await asAlice(Array(count).fill('repository:a:pull').join(' '))).status).toBe(status)
  })
})

describe('the form of a POST', () => {
  test('is asked before the query, and both count', async () => {
    const answer = await ask(
      server.place,
      `/auth?${query('repository:public/b:pull')}`,
      form([
        ['scope', 'repository:public/a:pull'],
        ['service', 'reg'],
      ]),
    )
    expect(accessOf(answer)).toEqual([repository('public/a', 'pull'), repository('public/b', 'pull')])
  })

  test('may repeat scope', async () => {
    const answer = await ask(
      server.place,
      '/auth',
      form([
        ['scope', 'repository:public/a:pull'],
        ['scope', 'repository:public/b:pull'],
      ]),
    )
    expect(accessOf(answer)).toEqual([repository('public/a', 'pull'), repository('public/b', 'pull')])
  })

  test('is answered with the scopes that were granted', async () => {
    const scopes = 'repository:public/a:pull,push repository:private:pull registry:catalog:*'
    const answer = await ask(server.place, '/auth', form([['scope', scopes]]))
    expect(answer.json()['scope']).toBe('repository:public/a:pull registry:catalog:*')
  })
})
