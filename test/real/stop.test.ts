// Stopping: a push in flight is finished, the ports are free, and the exit status is 0, whoever asks and whoever listens.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { Agent } from 'node:http'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { adminToken, ask, asAdmin, basic } from './asking.ts'
import { type Child, cleanUp, endChild, freePort, scratchFolder, startChild, waitUntil } from './children.ts'
import { type Draft, createDraft, startDraft } from './draft.ts'
import { mainFile } from './server.ts'
import { type Wire, openWire } from './wire.ts'

afterEach(cleanUp)

const content = 'a layer of an image'
const digest = `sha256:${createHash('sha256').update(content).digest('hex')}`

/** A push whose last bytes are still missing. */
const beginPush = async (registryPort: number, token: string): Promise<Wire> => {
  const wire = await openWire(registryPort)
  await wire.send(`POST /v2/admin/app/blobs/uploads/?digest=${digest} HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n`)
  await wire.send(`Authorization: Bearer ${token}\r\nContent-Length: ${content.length}\r\n\r\n`)
  await wire.until(/100 Continue/)
  await wire.send(content.slice(0, 7))
  return wire
}

const isRefused = (port: number): Promise<boolean> =>
  openWire(port).then(
    (wire) => {
      wire.reset()
      return false
    },
    () => true,
  )

describe('the program', () => {
  let draft: Draft

  beforeEach(async () => {
    draft = await createDraft()
  })

  test.each(['SIGTERM', 'SIGINT'] as const)(
    'finishes a push on %s, frees both ports and exits with 0',
    async (signal) => {
      const { child } = await startDraft(draft)
      const push = await beginPush(draft.registryPort, await adminToken(draft.port, 'repository:admin/app:pull,push'))
      child.signal(signal)
      await waitUntil(child, () => isRefused(draft.registryPort))
      expect(await isRefused(draft.port)).toBe(true)
      await push.send(content.slice(7))
      expect(await push.over).toMatch(/\r\n\r\nHTTP\/1\.1 201 Created\r\n/)
      expect(await child.gone).toBe(0)

      const again = await startDraft(draft)
      const token = await adminToken(draft.port, 'repository:admin/app:pull')
      const path = `/v2/admin/app/blobs/${digest}`
      const pulled = await ask({ port: draft.registryPort, path, headers: { Authorization: `Bearer ${token}` } })
      expect(pulled).toMatchObject({ status: 200, body: content })
      await again.stop()
    },
  )

  test('ends connections on which nothing is asked at once, not with the last push', async () => {
    const { child } = await startDraft(draft)
    const push = await beginPush(draft.registryPort, await adminToken(draft.port, 'repository:admin/app:pull,push'))
    const idle = await Promise.all([draft.port, draft.registryPort].flatMap((port) => [openWire(port), openWire(port)]))
    const kept = [idle[1], idle[3]]
    for (const wire of kept) {
      await wire?.send('GET /v2/ HTTP/1.1\r\nHost: x\r\n\r\n')
      await wire?.until(/ 40[14] /)
    }
    child.signal('SIGTERM')
    await Promise.all(idle.map(({ over }) => over))
    await push.send(content.slice(7))
    expect(await push.over).toMatch(/ 201 Created\r\n/)
    expect(await child.gone).toBe(0)
  })

  test('gives up a push that stands still, and the next start does not find half a blob', async () => {
    const server = await startDraft(draft)
    const push = await beginPush(draft.registryPort, await adminToken(draft.port, 'repository:admin/app:pull,push'))
    await server.stop()
    expect(await push.over).not.toMatch(/ 201 /)
    await startDraft(draft)
    const token = await adminToken(draft.port, 'repository:admin/app:pull')
    const path = `/v2/admin/app/blobs/${digest}`
    const pulled = await ask({ port: draft.registryPort, path, headers: { Authorization: `Bearer ${token}` } })
    expect(pulled.status).toBe(404)
  })

  test('ends although nobody reads its log, with a push in flight', async () => {
    const server = await startDraft(draft)
    await server.stop()
    expect(server.child.stdout()).toContain('"stopped"')
    // The same again, with a pipe that is never read from.
    const deaf = spawn(process.execPath, [mainFile, 'serve', 'config.yml'], {
      cwd: draft.folder,
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const gone = new Promise((resolve) => deaf.once('exit', (code, signal) => resolve(code ?? signal)))
    const isUp = async (): Promise<boolean> => (await ask({ port: draft.port, path: '/readyz' })).status === 200
    while (!(await isUp().catch(() => false))) await new Promise(setImmediate)
    const agent = new Agent({ keepAlive: true, maxSockets: 4 })
    const long = `/auth?service=${'x'.repeat(20_000)}`
    const requests = Array.from({ length: 400 }, () => ask({ port: draft.port, path: long, headers: asAdmin, agent }))
    expect((await Promise.all(requests)).every(({ status }) => status === 200)).toBe(true)
    agent.destroy()

    const push = await beginPush(draft.registryPort, await adminToken(draft.port, 'repository:admin/app:pull,push'))
    deaf.kill('SIGTERM')
    await push.send(content.slice(7))
    expect(await push.over).toMatch(/ 201 Created\r\n/)
    expect(await gone).toBe(0)
    deaf.stdout.destroy()
  })
})

describe('npm start', () => {
  const start = async (): Promise<{ child: Child; port: number; registryPort: number; password: string }> => {
    const [port, registryPort] = [await freePort(), await freePort()]
    const child = startChild('npm', ['start'], {
      cwd: join(import.meta.dirname, '..', '..'),
      env: {
        REGISTRY_AUTH_DATA: join(scratchFolder(), 'data'),
        REGISTRY_AUTH_ADDR: `127.0.0.1:${port}`,
        REGISTRY_AUTH_REGISTRY_ADDR: `127.0.0.1:${registryPort}`,
      },
    })
    await waitUntil(child, () => Promise.resolve(child.stderr().includes('registry-auth is ready')))
    return { child, port, registryPort, password: /^ *password +(\S+)/m.exec(child.stderr())?.[1] ?? '' }
  }

  test('passes SIGTERM on: a push is finished, both ports are free, and the exit status is 0', async () => {
    const { child, port, registryPort, password } = await start()
    const path = '/auth?service=registry-auth&scope=repository:admin/app:pull,push'
    const { body } = await ask({ port, path, headers: basic('admin', password) })
    const push = await beginPush(registryPort, (JSON.parse(body) as { token: string }).token)
    const status = endChild(child)
    await waitUntil(child, () => isRefused(registryPort))
    await push.send(content.slice(7))
    expect(await push.over).toMatch(/ 201 Created\r\n/)
    expect(await status).toBe(0)
    expect([await isRefused(port), await isRefused(registryPort)]).toEqual([true, true])
  })
})
