// Ports moved by a reload, and what many reloads leave behind: nothing.
import { readFileSync, readdirSync, readlinkSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { afterEach, expect, test } from '@jest/globals'
import { ask, eventually } from './asking.ts'
import { cleanUp, freePort } from './children.ts'
import { createDraft, replace, startDraft } from './draft.ts'
import type { Server } from './server.ts'
import { openWire } from './wire.ts'

afterEach(cleanUp)

const count = (server: Server, msg: string): number => server.lines().filter((line) => line['msg'] === msg).length

const isRefused = (port: number): Promise<boolean> =>
  openWire(port).then(
    (wire) => {
      wire.reset()
      return false
    },
    () => true,
  )

/** How many TCP ports a process listens on. */
const listenersOf = (pid: number): number => {
  const sockets = readdirSync(`/proc/${pid}/fd`).map((fd) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`)
    } catch {
      return 'closed meanwhile'
    }
  })
  const listening = ['tcp', 'tcp6'].flatMap((family) => {
    const lines = readFileSync(`/proc/${pid}/net/${family}`, 'utf8').split('\n')
    return lines.map((line) => line.trim().split(/\s+/)).flatMap((words) => (words[3] === '0A' ? [words[9]] : []))
  })
  return listening.filter((inode) => sockets.includes(`socket:[${inode ?? ''}]`)).length
}

test('both ports move by a reload, and a request in flight on an old one is answered even if a stop follows', async () => {
  const draft = await createDraft()
  const { child } = await startDraft(draft)
  const slow = await openWire(draft.port)
  await slow.send('POST /auth HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n')
  await slow.send('Content-Length: 9\r\n\r\nservice')

  const [port, registryPort] = [await freePort(), await freePort()]
  const registry = { ...draft.config.registry, http: { addr: `127.0.0.1:${registryPort}` } }
  replace(draft.at('config.yml'), { ...draft.config, server: { addr: `127.0.0.1:${port}` }, registry })
  await eventually('the old ports are closed', async () => {
    return (await isRefused(draft.port)) && (await isRefused(draft.registryPort))
  })
  expect((await ask({ port, path: '/readyz' })).status).toBe(200)
  expect((await ask({ port: registryPort, path: '/v2/' })).headers['www-authenticate']).toContain(
    `realm="http://localhost:${port}/auth"`,
  )
  child.signal('SIGTERM')
  await eventually('the new ports are closed', () => isRefused(port))
  await slow.send('=x')
  expect(await slow.over).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
  expect(await child.gone).toBe(0)
})

test('a reload to a port that is taken, from http to https, or to a wider address is refused and changes nothing', async () => {
  const draft = await createDraft()
  const server = await startDraft(draft)
  const reasons = async (change: object, times: number): Promise<unknown> => {
    replace(draft.at('config.yml'), { ...draft.config, ...change })
    const refused = 'reload refused; the previous configuration goes on serving'
    await eventually('the reload is refused', () => count(server, refused) === times)
    expect((await ask({ port: draft.port, path: '/readyz' })).status).toBe(200)
    return server.lines().findLast(({ msg }) => msg === refused)?.['reasons']
  }
  const other = createServer()
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
  const { port } = other.address() as AddressInfo
  expect(await reasons({ server: { addr: `127.0.0.1:${port}` } }, 1)).toEqual([
    expect.stringMatching(/already in use: .*change server\.addr/),
  ])
  other.close()
  expect(await reasons({ server: { ...draft.config.server, certificate: 'token.crt', key: 'token.key' } }, 2)).toEqual([
    expect.stringContaining('needs a restart'),
  ])
  expect(await reasons({ server: { addr: `:${draft.port}` } }, 3)).toEqual([
    `:${draft.port} replaces 127.0.0.1:${draft.port} on the same port: that needs a restart`,
  ])
})

test('thirty reloads open no port twice and leave no descriptor behind', async () => {
  const draft = await createDraft()
  const server = await startDraft(draft)
  const descriptors = (): number => readdirSync(`/proc/${server.child.pid}/fd`).length
  const reload = async (): Promise<void> => {
    const before = count(server, 'reloaded')
    server.child.signal('SIGHUP')
    await eventually('it reloaded', () => count(server, 'reloaded') > before)
  }
  await reload()
  const before = descriptors()
  for (let reloads = 0; reloads < 30; reloads++) await reload()
  expect(descriptors()).toBeLessThanOrEqual(before)
  expect(listenersOf(server.child.pid)).toBe(2)
})
