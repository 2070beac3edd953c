// The composition root: which reloads need a restart, and that a stop is the end whatever happens at the same time.
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { startApp } from '../src/app.ts'
import type { App } from '../src/app.ts'
import type { Config } from '../src/config.ts'
import { freePort } from './real/children.ts'
import { configText, load, writePairs } from './support/config.ts'
import { useFolder } from './support/folder.ts'
import { ask } from './support/http.ts'
import { createRecorder } from './support/recorder.ts'

const folder = useFolder()
let app: App | undefined
beforeEach(() => writePairs(folder))
afterEach(async () => {
  await app?.stop()
  app = undefined
})

/** A configuration whose `server` section holds these keys. */
const serving = (keys: string): Promise<Config> =>
  load(folder, configText(folder, { server: `{${keys}}`, users: '{"": {}}' }))

async function start(keys: string): Promise<App> {
  app = await startApp(await serving(keys), createRecorder().log, { server: '', registry: '' })
  return app
}

describe('a reload is refused and changes nothing', () => {
  test.each([
    ['a wider address', '127.0.0.1', ''],
    ['a narrower one', '', '127.0.0.1'],
    ['another one', '127.0.0.1', '127.0.0.2'],
  ])('where %s is to take over a port', async (_what, before, after) => {
    const port = await freePort()
    const running = await start(`addr: "${before}:${port}"`)
    await expect(running.reload(await serving(`addr: "${after}:${port}"`))).rejects.toThrow(
      `${after}:${port} replaces ${before}:${port} on the same port: that needs a restart`,
    )
    expect((await ask({ host: '127.0.0.1', port }, '/readyz')).status).toBe(200)
  })

  const pair = (): string => `, certificate: ${folder.path('own.crt')}, key: ${folder.path('own.key')}`

  test.each([
    ['http', 'https', () => '', pair],
    ['https', 'http', pair, () => ''],
  ])('where a port that speaks %s is to speak %s', async (_before, _after, before, after) => {
    const path = folder.path('auth.sock')
    const address = `addr: ${path}, net: unix`
    const running = await start(address + before())
    await expect(running.reload(await serving(address + after()))).rejects.toThrow(
      `${path} changes between http and https: that needs a restart`,
    )
    await expect(running.reload(await serving(address + before()))).resolves.toBeUndefined()
  })
})

test.each([
  ['its own port', 'a.sock'],
  ['another port', 'b.sock'],
])('a stop in the middle of a reload to %s leaves nothing that listens', async (_which, name) => {
  const on = (socket: string): string => `addr: ${folder.path(socket)}, net: unix`
  const running = await start(on('a.sock'))
  const reloaded = running.reload(await serving(on(name)))
  await Promise.all([running.stop(), reloaded])
  for (const socketPath of [folder.path('a.sock'), folder.path(name)])
    await expect(ask({ socketPath }, '/readyz')).rejects.toMatchObject({
      code: expect.stringMatching(/ECONNREFUSED|ENOENT/),
    })
})
