// A secret never prints, however it is looked at.
import { expect, test } from '@jest/globals'
import { format, inspect } from 'node:util'
import { Secret } from '../../src/lib/secret.ts'
import { createRecorder } from '../support/recorder.ts'

const secret = new Secret('hunter2')

test.each([
  ['a template', () => `${secret.toString()} ${String(secret)}`],
  ['JSON', () => JSON.stringify({ password: secret, list: [secret] })],
  ['inspection', () => inspect({ nested: { secret } }, { depth: 9, showHidden: true })],
  ['inspection without its own help', () => inspect(secret, { customInspect: false, showHidden: true })],
  ['format', () => format('%s %o %O %j', secret, secret, secret, secret)],
  ['its keys', () => JSON.stringify([Object.keys(secret), Object.getOwnPropertyNames(secret)])],
  ['an error that carries it', () => inspect(new Error('x', { cause: secret }))],
  ['a clone', () => inspect(structuredClone(secret))],
])('not in %s', (_where, look) => {
  expect(look()).not.toContain('hunter2')
})

test('it is handed out only when asked for', () => {
  expect(secret.reveal()).toBe('hunter2')
})

test('a log line that holds one by mistake does not hold its value', () => {
  const { log, lines } = createRecorder()
  log.info({ secret }, 'oops')
  expect(JSON.stringify(lines)).not.toContain('hunter2')
})
