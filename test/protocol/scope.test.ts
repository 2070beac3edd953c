// The scope grammar, matched as a whole: what docker_auth guessed at is refused here.
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { formatScope, parseScope } from '../../src/protocol/scope.ts'

describe('a scope', () => {
  test.each([
    ['repository:a/b:pull', { type: 'repository', name: 'a/b', actions: ['pull'] }],
    ['repository:a/b:push,pull', { type: 'repository', name: 'a/b', actions: ['pull', 'push'] }],
    ['repository:a/b:pull,pull', { type: 'repository', name: 'a/b', actions: ['pull'] }],
    ['repository:a/b:*', { type: 'repository', name: 'a/b', actions: ['*'] }],
    ['repository:a/b:pull,*', { type: 'repository', name: 'a/b', actions: ['*', 'pull'] }],
    ['repository:a/b:', { type: 'repository', name: 'a/b', actions: [] }],
    ['repository:a/b:,pull,', { type: 'repository', name: 'a/b', actions: ['pull'] }],
    ['registry:catalog:*', { type: 'registry', name: 'catalog', actions: ['*'] }],
    ['repository(plugin):a/b:pull', { type: 'repository', class: 'plugin', name: 'a/b', actions: ['pull'] }],
    ['repository:host:5000/a/b:pull', { type: 'repository', name: 'host:5000/a/b', actions: ['pull'] }],
    [
      'repository:h.example.com:443/a:push,pull',
      { type: 'repository', name: 'h.example.com:443/a', actions: ['pull', 'push'] },
    ],
    ['repository:Größe/ß:pull', { type: 'repository', name: 'Größe/ß', actions: ['pull'] }],
    ['x1:../%2e%2e:pull', { type: 'x1', name: '../%2e%2e', actions: ['pull'] }],
  ])('%s', (text, expected) => {
    expect(parseScope(text)).toEqual(expected)
  })
})

describe('no scope', () => {
  test.each([
    ['nothing', ''],
    ['a name alone', 'repository'],
    ['two parts', 'repository:a'],
    ['five parts', 'repository:a:b:c:pull'],
    ['no type', ':a:pull'],
    ['no name', 'repository::pull'],
    ['half a host', 'repository::5000/a:pull'],
    ['a host without a name', 'repository:host::pull'],
    ['a type in capitals', 'REPOsitory:a:pull'],
    ['a type with a hyphen', 'my-type:a:pull'],
    ['an empty class', 'repository():a:pull'],
    ['half a class', 'repository(plugin:a:pull'],
    ['an action in capitals', 'repository:a:Pull'],
    ['an action with a digit', 'repository:a:pull2'],
    ['a star inside an action', 'repository:a:pu*'],
    ['a space in the name', 'repository:a b:pull'],
    ['a tab in the name', 'repository:a\tb:pull'],
    ['a line break behind it', 'repository:a:pull\n'],
    ['a control character', 'repository:a\u0000:pull'],
    ['a C1 control character', 'repository:a\u0085:pull'],
    ['something before it', ' repository:a:pull'],
  ])('%s', (_what, text) => {
    expect(parseScope(text)).toBeUndefined()
  })

  test('nor is any of it slow to refuse', () => {
    expect(parseScope(`repository:${'a'.repeat(50_000)}:${'pull,'.repeat(10_000)}!`)).toBeUndefined()
  })
})

test('the wire form leaves the deprecated class out', () => {
  expect(formatScope({ type: 'repository', class: 'plugin', name: 'a', actions: ['pull', 'push'] })).toBe(
    'repository:a:pull,push',
  )
})

test('what is parsed, written and parsed again is the same', () => {
  const word = fc.stringMatching(/^[a-z0-9]{1,6}$/)
  const name = fc.stringMatching(/^[A-Za-z0-9._/-]{1,12}(:[0-9]{1,5}\/[a-z]{1,5})?$/)
  const actions = fc.array(fc.oneof(fc.stringMatching(/^[a-z]{0,6}$/), fc.constant('*')), {
    minLength: 1,
    maxLength: 4,
  })
  fc.assert(
    fc.property(word, fc.option(word), name, actions, (type, resourceClass, resource, asked) => {
      const text = `${type}${resourceClass === null ? '' : `(${resourceClass})`}:${resource}:${asked.join(',')}`
      const scope = parseScope(text)
      expect(scope).toMatchObject({ type, name: resource })
      expect(new Set(scope?.actions)).toEqual(new Set(asked.filter((action) => action !== '')))
      expect(parseScope(formatScope(scope!))).toEqual({ type, name: resource, actions: scope?.actions })
    }),
  )
})

test('arbitrary text is a scope or undefined, and a scope holds no control character', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (a, b) => {
      const scope = parseScope(`repository:${a}:${b}`)
      expect(/[\s\u0000-\u001f\u007f-\u009f]/.test(scope?.name ?? '')).toBe(false)
    }),
  )
})
