// Which back ends do not answer: asked rarely, waited for briefly, named without a reason.
import { expect, test } from '@jest/globals'
import type { Authenticator } from '../src/authn/index.ts'
import { createDegraded } from '../src/degraded.ts'
import { BackendError } from '../src/lib/errors.ts'
import { createRecorder } from './support/recorder.ts'

function backend(name: string, check?: Authenticator['check']): Authenticator {
  return { name, authenticate: () => Promise.resolve({ outcome: 'no-match' }), ...(check && { check }) }
}

test('those that fail are named, those that answer or cannot be asked are not', async () => {
  const { log } = createRecorder()
  const degraded = createDegraded(
    [
      backend('users'),
      backend('ldap_auth', () => Promise.reject(new Error('down'))),
      backend('ext_auth', () => {
        throw new Error('down at once')
      }),
      backend('mongo_auth', () => Promise.resolve()),
    ],
    log,
  )
  await expect(degraded()).resolves.toEqual(['ext_auth', 'ldap_auth'])
})

test('they are asked again after five seconds only, and a change is logged once with its reason', async () => {
  const { log, lines } = createRecorder()
  let now = 0
  let asked = 0
  let down = true
  const degraded = createDegraded(
    [backend('ldap_auth', () => (asked++, down ? Promise.reject(new BackendError('refused')) : Promise.resolve()))],
    log,
    () => now,
  )
  const answers = [await degraded(), await degraded()]
  now = 6_000
  answers.push(await degraded())
  down = false
  now = 12_000
  answers.push(await degraded())
  expect(answers).toEqual([['ldap_auth'], ['ldap_auth'], ['ldap_auth'], []])
  expect(asked).toBe(3)
  expect(lines).toMatchObject([
    { level: 'error', fields: { backend: 'ldap_auth', err: { message: 'refused' } } },
    { level: 'info', fields: { backend: 'ldap_auth' } },
  ])
})

test('one that never answers is given up and told so, and no probe waits for it', async () => {
  let told: AbortSignal | undefined
  const hanging = backend('ldap_auth', (signal) => ((told = signal), new Promise(() => undefined)))
  const degraded = createDegraded(
    [hanging, backend('mongo_auth', () => Promise.reject(new Error('down')))],
    createRecorder().log,
  )
  await expect(degraded()).resolves.toEqual(['mongo_auth'])
  expect(told?.aborted).toBe(false)
  await new Promise((resolve) => told?.addEventListener('abort', resolve))
  await expect(degraded()).resolves.toEqual(['ldap_auth', 'mongo_auth'])
})
