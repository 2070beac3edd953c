// What a reload or a stop closes: not before the last request that uses it is answered, and whatever closing it does.
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { startApp } from '../src/app.ts'
import type { App } from '../src/app.ts'
import { freePort } from './real/children.ts'
import { configText, load, writePairs } from './support/config.ts'
import { useFolder } from './support/folder.ts'
import { ask, basic } from './support/http.ts'
import type { Answer } from './support/http.ts'
import { createRecorder } from './support/recorder.ts'
import type { Recorder } from './support/recorder.ts'

/** What the module of these tests shares with them. */
interface Shared {
  authenticate: () => Promise<object>
  close: () => Promise<void>
}
const shared: Shared = Object.assign(globalThis, { authenticate: () => noMatch(), close: () => Promise.resolve() })
const noMatch = (): Promise<object> => Promise.resolve({ outcome: 'no-match' })
const MODULE = `export const authenticator = {
  authenticate: () => globalThis.authenticate(),
  close: () => globalThis.close(),
}`

const folder = useFolder()
let app: App | undefined
let recorder: Recorder
let port: number
beforeEach(async () => {
  await writePairs(folder)
  await folder.write('module.mjs', MODULE)
  recorder = createRecorder()
  port = await freePort()
  Object.assign(shared, { authenticate: noMatch, close: () => Promise.resolve() })
})
afterEach(async () => {
  await app?.stop()
  app = undefined
})

/** A configuration whose module gets this much time, so that another time is another back end. */
const config = async (timeout: string, changes: Record<string, string> = {}) =>
  load(
    folder,
    configText(folder, {
      server: `{addr: "127.0.0.1:${port}"}`,
      plugin_authn: `{module: ${folder.path('module.mjs')}, timeout: ${timeout}}`,
      ...changes,
    }),
  )

const start = async (timeout = '5s'): Promise<App> =>
  (app = await startApp(await config(timeout), recorder.log, { server: '', registry: '' }))

const login = (): Promise<Answer> => ask({ host: '127.0.0.1', port }, '/auth', { headers: basic('alice', 'x') })

const settled = async (): Promise<void> => {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setTimeout(resolve, 5))
}

/** A login that the module has begun to check, and how to let it in. */
const loginUnderWay = async (): Promise<{ finish: () => void; answer: Promise<Answer> }> => {
  let finish = (): void => undefined
  const begun = new Promise<void>((resolve) => {
    shared.authenticate = () => {
      resolve()
      return new Promise((answer) => (finish = () => answer({ outcome: 'accepted' })))
    }
  })
  const answer = login()
  await begun
  return { finish: () => finish(), answer }
}

describe('a back end that logins under way still use', () => {
  test.each(['a reload', 'a stop'])('is closed by %s only when they are answered', async (how) => {
    let closed = 0
    shared.close = () => Promise.resolve(closed++).then(() => undefined)
    const running = await start()
    const { finish, answer } = await loginUnderWay()
    const next = await config('6s')
    const done = how === 'a stop' ? running.stop() : running.reload(next)
    await settled()
    expect(closed).toBe(0)
    finish()
    expect((await answer).status).toBe(200)
    await done
    while (closed === 0) await settled()
    expect(closed).toBe(1)
  })
})

describe('a back end whose end', () => {
  test.each([
    ['fails', () => Promise.reject(new Error('cannot be closed')), /module.mjs/],
    ['hangs', () => new Promise<void>(() => undefined), /module.mjs/],
  ])('%s holds up neither a reload nor a stop, and is logged', async (_how, close, why) => {
    const running = await start('150ms')
    shared.close = close
    await running.reload(await config('200ms'))
    expect((await login()).status).toBe(401)
    await running.stop()
    const failures = recorder.lines.filter(({ message }) => message === 'something could not be closed')
    expect(failures).toHaveLength(2)
    for (const { fields } of failures) expect(fields).toMatchObject({ err: { message: expect.stringMatching(why) } })
  })

  test('fails while a reload is given up does not hide why it is', async () => {
    const running = await start()
    shared.close = () => Promise.reject(new Error('cannot be closed'))
    const broken = { ...(await config('6s')) }
    const plan = { section: 'plugin_authz', key: 'broken', open: () => Promise.reject(new Error('cannot be opened')) }
    await expect(running.reload({ ...broken, authz: [plan] })).rejects.toThrow('cannot be opened')
    expect((await login()).status).toBe(401)
  })
})
