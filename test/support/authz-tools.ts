// What a process lends to its authorizers, for tests.
import { randomBytes } from 'node:crypto'
import type { AuthzTools } from '../../src/authz/index.ts'

/** Tools with the real clock, and a log that goes nowhere unless one is given. */
export function authzTools(tools: Partial<AuthzTools> = {}): AuthzTools {
  const silent = (): void => undefined
  return { now: Date.now, randomBytes, log: { info: silent, warn: silent, error: silent }, ...tools }
}
