// What a back end is lent, for tests.
import { randomBytes } from 'node:crypto'
import { createPasswords, DEFAULT_CACHE } from '../../src/authn/index.ts'
import type { AuthnTools } from '../../src/authn/index.ts'
import { createRecorder } from './recorder.ts'

/** Tools of this process, but for what `changes` says; there is no record store unless it says so. */
export function authnTools(changes: Partial<AuthnTools> = {}): AuthnTools {
  return {
    passwords: createPasswords({ concurrency: 2, queue: 100 }),
    cache: DEFAULT_CACHE,
    now: Date.now,
    randomBytes,
    log: createRecorder().log,
    openStore: () => Promise.reject(new Error('this test has no record store')),
    ...changes,
  }
}
