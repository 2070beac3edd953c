// What every provider does when its server misbehaves.
import { inspect } from 'node:util'
import { expect } from '@jest/globals'
import { BackendError } from '../../../src/lib/errors.ts'
import { describeError } from '../../../src/lib/logger.ts'
import type { Handler } from './server.ts'
import { silence } from './server.ts'

// What the service does, and how.
const failing: Readonly<Record<string, Handler>> = {
  fails: () => ({ status: 500, json: { error: 'canary-in-the-body' } }),
  'limits us': () => ({ status: 429, json: {} }),
  redirects: () => ({ status: 302, headers: { location: 'http://127.0.0.1:1/' }, text: '' }),
  'answers no JSON': () => ({ text: '<p>canary-in-the-body</p>' }),
  'answers another shape': () => ({ json: [{ canary: 'canary-in-the-body' }] }),
  'answers null': () => ({ json: null }),
  'answers too much': () => ({ json: { login: 'x'.repeat(1024 * 1024) } }),
  'never answers': silence,
}

/** Answers that are an outage wherever a 200 with a documented body is expected. */
export const MALFUNCTIONS: readonly (readonly [string, Handler])[] = Object.entries(failing)

/** The message of the outage that this ends with; neither it nor anything the log makes of it holds a secret or an answer's body. */
export async function outageOf(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    (value) => expect(value).toBe('an outage'),
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(BackendError)
  expect(inspect(error, { depth: 20, showHidden: true })).not.toContain('canary')
  expect(inspect(describeError(error), { depth: 20 })).not.toContain('canary')
  return (error as BackendError).message
}
