// The three kinds of errors, and how a problem of the configuration is written.
import { expect, test } from '@jest/globals'
import { ApiError, BackendError, ConfigError, formatProblem } from '../../src/lib/errors.ts'

test.each([
  [{ message: 'm' }, 'm'],
  [{ message: 'm', file: 'f' }, 'f: m'],
  [{ message: 'm', file: 'f', line: 1, column: 2 }, 'f:1:2: m'],
  [{ message: 'm', file: 'f', line: 1, column: 2, path: 'a[0].b' }, 'f:1:2: a[0].b: m'],
  [{ message: 'm', file: 'f', path: '' }, 'f: m'],
  [{ message: 'm', path: 'a' }, 'a: m'],
])('%j is written %s', (problem, expected) => {
  expect(formatProblem(problem)).toBe(expected)
})

test('a ConfigError says all its problems, a line each', () => {
  const error = new ConfigError([{ message: 'one', file: 'f' }, { message: 'two' }])
  expect(error.message).toBe('f: one\ntwo')
  expect(new ConfigError('alone').problems).toEqual([{ message: 'alone' }])
})

test('an ApiError is named after its text, after its reason where it has one, and keeps its cause to itself', () => {
  const cause = new Error('ldap.internal:389 refused')
  const error = new ApiError(500, { text: 'Authentication failed' }, { cause })
  expect([error.message, error.status, error.headers, error.cause]).toEqual(['Authentication failed', 500, {}, cause])
  expect(new ApiError(400, { json: {} }).message).toBe('HTTP 400')
  expect(new ApiError(400, { json: {} }, { reason: 'because' }).message).toBe('because')
})

test('a BackendError is an outage, or only busy for some seconds', () => {
  expect(new BackendError('down').retryAfter).toBeUndefined()
  expect(new BackendError('busy', { retryAfter: 1 }).retryAfter).toBe(1)
})
