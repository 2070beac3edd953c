// The time limit on work that cannot be told to stop.
import { expect, test } from '@jest/globals'
import { BackendError } from '../../src/lib/errors.ts'
import { within } from '../../src/lib/within.ts'

const never = (): Promise<never> => new Promise(() => undefined)

test('what the work gives is given', async () => {
  await expect(within({ what: 'it', ms: 1000 }, () => Promise.resolve(7))).resolves.toBe(7)
})

test('work that takes too long is an outage that says how long', async () => {
  let letGo = 0
  const answer = within({ what: 'the directory', ms: 20, late: () => letGo++ }, never)
  await expect(answer).rejects.toEqual(new BackendError('the directory did not answer within 20 ms'))
  expect(letGo).toBe(1)
})

test('work that fails is an outage with its cause', async () => {
  const cause = new Error('broken')
  const answer = within({ what: 'it', ms: 1000 }, () => Promise.reject(cause))
  await expect(answer).rejects.toMatchObject({ name: 'BackendError', message: 'it failed', cause })
})

test('an outage stays the outage it is', async () => {
  const busy = new BackendError('busy', { retryAfter: 1 })
  await expect(within({ what: 'it', ms: 1000 }, () => Promise.reject(busy))).rejects.toBe(busy)
})

test('nobody waits for a client that went away, before or meanwhile', async () => {
  let begun = 0
  const work = (): Promise<never> => {
    begun++
    return never()
  }
  const gone = AbortSignal.abort()
  await expect(within({ what: 'it', ms: 1000, signal: gone }, work)).rejects.toBeInstanceOf(BackendError)
  expect(begun).toBe(0)
  const controller = new AbortController()
  const answer = within({ what: 'it', ms: 1000, signal: controller.signal }, work)
  controller.abort()
  await expect(answer).rejects.toThrow('the client went away')
})
