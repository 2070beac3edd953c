// A provider is asked again when a record is due: once, and its answer decides.
import { describe, expect, test } from '@jest/globals'
import { hash } from '@node-rs/bcrypt'
import type { ProfileAnswer } from '../../src/authn/web/provider.ts'
import { BackendError } from '../../src/lib/errors.ts'
import { Secret } from '../../src/lib/secret.ts'
import { createRecorder } from '../support/recorder.ts'
import { ACCEPTED, createReplica, DAY, known, REFUSED, textOf, tokens, WRONG } from './web.ts'

/** A promise, and what settles it. */
function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void; reject: (error: Error) => void } {
  let resolve!: (value: T) => void
  let reject!: (error: Error) => void
  const promise = new Promise<T>((yes, no) => {
    resolve = yes
    reject = no
  })
  return { promise, resolve, reject }
}

/** bob signed in, and his record is due. */
async function due(options: Parameters<typeof createReplica>[0] = {}) {
  const replica = await createReplica(options)
  const password = await replica.signIn()
  replica.github.asked.length = 0
  replica.wait(1000)
  return { ...replica, password }
}

describe('a record that is due', () => {
  test('is confirmed by its provider, whose labels, tokens and time are kept', async () => {
    const { login, password, github, store } = await due()
    github.answer = known({ labels: { teams: ['blue'] }, tokens: tokens('second'), validUntil: 5000 })
    await expect(login('bob', password)).resolves.toMatchObject({ identity: { labels: { teams: ['blue'] } } })
    await expect(login('bob', password)).resolves.toMatchObject({ identity: { labels: { teams: ['blue'] } } })
    expect(github.asked).toEqual(['access-first again'])
    expect(JSON.parse(textOf(store, 't:bob'))).toMatchObject({
      access_token: 'access-second',
      refresh_token: 'refresh-second',
      valid_until: new Date(5000).toISOString(),
      docker_password_expires: new Date(90 * DAY).toISOString(),
    })
  })

  test('asks nobody about a wrong password', async () => {
    const { login, github } = await due()
    await expect(login('bob', 'wrong')).resolves.toEqual(WRONG)
    expect(github.asked).toEqual([])
  })

  test.each<[string, ProfileAnswer, string]>([
    ['left the organisation', { outcome: 'refused', reason: 'bob is not a member' }, 'bob is not a member'],
    ['took back the permission', { outcome: 'revoked' }, 'the provider does not accept its tokens any more'],
    ['is somebody else now', known({ account: 'mallory', validUntil: 9000 }), 'the account has another name now'],
    ['writes the name otherwise now', known({ account: 'Bob', validUntil: 9000 }), 'the account has another name now'],
  ])('of somebody who %s is refused each time, and stays as it is', async (_what, answer, reason) => {
    const { log, lines } = createRecorder()
    const { login, password, github, store } = await due({ tools: { log } })
    const before = textOf(store, 't:bob')
    github.answer = answer
    await expect(login('bob', password)).resolves.toEqual(REFUSED)
    await expect(login('bob', password)).resolves.toEqual(REFUSED)
    expect(textOf(store, 't:bob')).toBe(before)
    expect(lines[0]?.fields).toEqual({ provider: 'github', account: 'bob', reason })
  })

  test('of somebody who is welcome again logs in again', async () => {
    const { login, password, github } = await due()
    github.answer = { outcome: 'refused', reason: 'not a member' }
    await expect(login('bob', password)).resolves.toEqual(REFUSED)
    github.answer = known({ validUntil: 5000 })
    await expect(login('bob', password)).resolves.toEqual(ACCEPTED)
  })

  test('is an outage while its provider is one, and nothing is lost', async () => {
    const { login, password, github } = await due()
    github.answer = new BackendError('no answer')
    await expect(login('bob', password)).rejects.toBeInstanceOf(BackendError)
    github.answer = known({ validUntil: 5000 })
    await expect(login('bob', password)).resolves.toEqual(ACCEPTED)
  })

  test('is asked about once by ten pulls at a time', async () => {
    const { login, password, github } = await due()
    const { promise, resolve } = deferred<ProfileAnswer>()
    github.answer = () => promise
    const pulls = Promise.all(Array.from({ length: 10 }, () => login('bob', password)))
    setTimeout(() => resolve(known({ tokens: tokens('second'), validUntil: 5000 })), 50)
    expect(await pulls).toEqual(Array.from({ length: 10 }, () => ACCEPTED))
    expect(github.asked).toEqual(['access-first again'])
  })

  test('fails for all who wait when the answer does not come', async () => {
    // Every password is right at once, so that all ten wait for the answer before it comes.
    const passwords = { verify: () => Promise.resolve(true), pretend: () => Promise.resolve(), expect: () => undefined }
    const { login, password, github } = await due({ tools: { passwords } })
    const { promise, reject } = deferred<ProfileAnswer>()
    github.answer = () => promise
    const pulls = Promise.allSettled(Array.from({ length: 10 }, () => login('bob', password)))
    setImmediate(() => reject(new BackendError('no answer')))
    expect((await pulls).map(({ status }) => status)).toEqual(Array<string>(10).fill('rejected'))
    expect(github.asked).toHaveLength(1)
  })

  test('is asked about to the end although the client went away: a used refresh token must be followed by the next', async () => {
    const { web, password, github, store, login } = await due()
    const abort = new AbortController()
    const { promise, resolve } = deferred<ProfileAnswer>()
    github.answer = () => {
      abort.abort()
      setTimeout(() => resolve(known({ tokens: tokens('second'), validUntil: 5000 })), 10)
      return promise
    }
    await web
      .authenticate({ account: 'bob', password: new Secret(password) }, abort.signal)
      .catch((error: unknown) => error)
    await promise
    await expect(login('bob', password)).resolves.toEqual(ACCEPTED)
    expect(textOf(store, 't:bob')).toContain('refresh-second')
  })
})

describe('while a provider is asked', () => {
  test('a password that is replaced stays replaced, and keeps the new tokens', async () => {
    const { web, login, password, github, store } = await due()
    const { promise, resolve } = deferred<ProfileAnswer>()
    github.answer = () => promise
    const late = login('bob', password)
    while (github.asked.length === 0) await new Promise((next) => setTimeout(next, 1))
    const issued = await web.replace('github', 'bob')
    resolve(known({ tokens: tokens('second'), validUntil: 5000 }))
    await expect(late).resolves.toEqual(REFUSED)
    await expect(login('bob', issued!.password.reveal())).resolves.toEqual(ACCEPTED)
    expect(textOf(store, 't:bob')).toContain('refresh-second')
  })

  test('a password that is revoked stays revoked', async () => {
    const { web, login, password, github, store } = await due()
    const { promise, resolve } = deferred<ProfileAnswer>()
    github.answer = () => promise
    const late = login('bob', password)
    while (github.asked.length === 0) await new Promise((next) => setTimeout(next, 1))
    await web.revoke('github', 'bob')
    resolve(known({ tokens: tokens('second'), validUntil: 5000 }))
    await expect(late).resolves.toEqual(REFUSED)
    expect(store.data.size).toBe(0)
  })

  test('a new sign-in is newer than the answer', async () => {
    const { login, password, github, store, web } = await due()
    const { promise, resolve } = deferred<ProfileAnswer>()
    github.answer = () => promise
    const late = login('bob', password)
    while (github.asked.length === 0) await new Promise((next) => setTimeout(next, 1))
    github.answer = known({ tokens: tokens('new sign-in'), validUntil: 9000 })
    const signedIn = await web.signedIn('github', tokens('x'))
    resolve(known({ tokens: tokens('second'), validUntil: 5000 }))
    await expect(late).resolves.toEqual(REFUSED)
    const newest = signedIn.outcome === 'stored' ? signedIn.issued.password.reveal() : ''
    await expect(login('bob', newest)).resolves.toEqual(ACCEPTED)
    expect(textOf(store, 't:bob')).toContain('refresh-new sign-in')
  })
})

describe('two replicas, and a refresh token that is good for one use', () => {
  /** A provider's side of the rotation: the second use of a token is refused. */
  function rotation(): (given: { refreshToken?: unknown }) => Promise<ProfileAnswer> {
    let round = 0
    let current = 'refresh-first'
    return async ({ refreshToken }) => {
      await Promise.resolve()
      if ((refreshToken as { reveal(): string }).reveal() !== current) return { outcome: 'revoked' }
      round++
      current = `refresh-${round}`
      return known({ tokens: tokens(String(round)), validUntil: 5000 + round })
    }
  }

  test('the one that comes late waits for the other’s word', async () => {
    const one = await due()
    const other = await createReplica({ store: one.store })
    other.wait(1000)
    const exchange = rotation()
    const asked = deferred<undefined>()
    const answered = deferred<undefined>()
    one.github.answer = async (given) => {
      asked.resolve(undefined)
      await answered.promise
      return exchange(given)
    }
    other.github.answer = exchange
    const first = one.login('bob', one.password)
    await asked.promise
    const late = other.login('bob', one.password)
    while (one.store.asked.filter((what) => what.startsWith('claim')).length < 2)
      await new Promise((next) => setTimeout(next, 1))
    answered.resolve(undefined)
    expect(await Promise.all([first, late])).toEqual([ACCEPTED, ACCEPTED])
    expect(other.github.asked).toEqual([])
    expect(textOf(one.store, 't:bob')).toContain('refresh-1')
  })

  test('the one that comes late asks itself when the other got no answer', async () => {
    const one = await due()
    const other = await createReplica({ store: one.store })
    other.wait(1000)
    const asked = deferred<undefined>()
    const answered = deferred<ProfileAnswer>()
    one.github.answer = () => {
      asked.resolve(undefined)
      return answered.promise
    }
    other.github.answer = rotation()
    const first = one.login('bob', one.password)
    await asked.promise
    const late = other.login('bob', one.password)
    while (one.store.asked.filter((what) => what.startsWith('claim')).length < 2)
      await new Promise((next) => setTimeout(next, 1))
    answered.reject(new BackendError('no answer'))
    await expect(first).rejects.toBeInstanceOf(BackendError)
    await expect(late).resolves.toEqual(ACCEPTED)
  })
})

test('a record of docker_auth gets its provider and an end at its first confirmation', async () => {
  const { store, login, github } = await createReplica({ choice: { lifetime: DAY } })
  const theirs = {
    token_type: 'bearer',
    access_token: 'theirs',
    valid_until: '1969-12-31T23:59:59.123456789+00:00',
    docker_password: await hash('from docker_auth', 4),
    labels: null,
  }
  store.data.set('t:bob', Buffer.from(JSON.stringify(theirs)))
  github.answer = known({ validUntil: 5000 })
  await expect(login('bob', 'from docker_auth')).resolves.toEqual(ACCEPTED)
  expect(github.asked).toEqual(['theirs again'])
  expect(JSON.parse(textOf(store, 't:bob'))).toMatchObject({
    access_token: 'access-first',
    docker_password: theirs.docker_password,
    docker_password_expires: new Date(DAY).toISOString(),
    provider: 'github',
  })
})
