// A port opens or says in one sentence why not, swaps what it answers while it serves, and closes without cutting anybody off.
import { afterEach, describe, expect, test } from '@jest/globals'
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import type { RequestListener } from 'node:http'
import { connect, createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { connect as connectTls } from 'node:tls'
import type { SecureContextOptions } from 'node:tls'
import type { Address } from '../src/lib/address.ts'
import { tlsOptions } from '../src/lib/tls.ts'
import { openListener } from '../src/listener.ts'
import type { Listener } from '../src/listener.ts'
import { useFolder } from './support/folder.ts'
import { ask, askRaw } from './support/http.ts'
import { pemPair } from './support/pems.ts'
import { createRecorder } from './support/recorder.ts'

const folder = useFolder()
const opened: Listener[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map((listener) => listener.close()))
})

const socket = (): { kind: 'unix'; path: string } => ({ kind: 'unix', path: folder.path('s.sock') })
const place = (): { socketPath: string } => ({ socketPath: folder.path('s.sock') })
const saying =
  (text: string): RequestListener =>
  (_request, response) =>
    void response.end(text)
const service = (handler: RequestListener, graceMs = 0) => ({
  handler,
  tls: undefined,
  graceMs,
  requestTimeout: 20_000,
})

async function open(address: Address, tls?: SecureContextOptions): Promise<Listener> {
  const settings = { address, tls, moveWith: 'change x' }
  const listener = await openListener(settings, createRecorder().log)
  opened.push(listener)
  return listener
}

/** A port of this machine that is taken while `use` runs. */
async function withTakenPort(use: (port: number) => Promise<void>): Promise<void> {
  const holder = createServer()
  await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve))
  await use((holder.address() as AddressInfo).port)
  await new Promise((resolve) => holder.close(resolve))
}

describe('a port that cannot be had', () => {
  test('is in use', async () => {
    await withTakenPort(async (port) => {
      const sentence = `127.0.0.1:${port} is already in use: stop what listens there, or change x`
      await expect(open({ kind: 'tcp', host: '127.0.0.1', port })).rejects.toThrow(sentence)
    })
  })

  test.each(['192.0.2.1', 'nowhere.invalid'])('is not of this machine: %s', async (host) => {
    await expect(open({ kind: 'tcp', host, port: 0 })).rejects.toThrow(
      new RegExp(`^(${host}:0 is no address of this machine|cannot listen on ${host}:0 \\(\\w+\\)): change x$`),
    )
  })

  test('is a unix socket in a folder that is missing', async () => {
    const path = folder.path('nix/s.sock')
    await expect(open({ kind: 'unix', path })).rejects.toThrow(`cannot listen on ${path} `)
  })

  test('is a unix socket that somebody serves', async () => {
    await open(socket())
    await expect(open(socket())).rejects.toThrow(' is already in use')
  })

  test('is a file, which is left alone', async () => {
    const path = await folder.write('s.sock', 'mine')
    await expect(open({ kind: 'unix', path })).rejects.toThrow(' is already in use')
    expect(existsSync(path)).toBe(true)
  })
})

test('a unix socket whose process is gone is taken over', async () => {
  const script = `require('net').createServer().listen(${JSON.stringify(place().socketPath)}, () => process.kill(process.pid, 'SIGKILL'))`
  spawnSync(process.execPath, ['-e', script])
  expect(existsSync(place().socketPath)).toBe(true)
  const listener = await open(socket())
  listener.use(service(saying('new')))
  expect((await ask(place(), '/')).body).toBe('new')
})

test('before it has anything to serve, a port answers 503', async () => {
  await open(socket())
  expect((await ask(place(), '/')).status).toBe(503)
})

test('what it answers is swapped between requests, and a request in flight keeps what it began with', async () => {
  const listener = await open(socket())
  let finish = (): void => undefined
  const arrived = new Promise<void>((resolve) => {
    const slow: RequestListener = (_request, response) => {
      finish = () => void response.end('old')
      resolve()
    }
    listener.use(service(slow))
  })
  const inFlight = ask(place(), '/')
  await arrived
  listener.use(service(saying('new')))
  expect((await ask(place(), '/')).body).toBe('new')
  finish()
  expect((await inFlight).body).toBe('old')
})

test('closing waits for a request in flight, ends idle connections, and takes no new ones', async () => {
  const listener = await open(socket())
  let finish = (): void => undefined
  const arrived = new Promise<void>((resolve) => {
    const slow: RequestListener = (_request, response) => {
      finish = () => void response.end('done')
      resolve()
    }
    listener.use(service(slow, 5000))
  })
  const inFlight = ask(place(), '/')
  await arrived
  const closed = listener.close()
  await expect(ask(place(), '/')).rejects.toMatchObject({ code: expect.stringMatching(/ECONNREFUSED|ENOENT/) })
  finish()
  expect((await inFlight).body).toBe('done')
  await closed
})

test('closing does not wait longer than it says for one that never ends', async () => {
  const listener = await open(socket())
  const arrived = new Promise<void>((resolve) => listener.use(service(() => resolve(), 20)))
  const inFlight = ask(place(), '/').catch((error: unknown) => error)
  await arrived
  await listener.close()
  expect(await inFlight).toMatchObject({ code: 'ECONNRESET' })
})

test.each([
  ['60 KiB of headers are taken, as tokens with certificates need', 60, /^HTTP\/1.1 200 /],
  ['70 KiB are not', 70, /^HTTP\/1.1 431 /],
])('%s', async (_what, kib, expected) => {
  const listener = await open(socket())
  listener.use(service(saying('ok')))
  const headers = Array.from({ length: kib }, (_, index) => `X-${index}: ${'a'.repeat(1015)}\r\n`).join('')
  await expect(askRaw(place(), `GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${headers}\r\n`)).resolves.toMatch(
    expected,
  )
})

test.each([
  '\0\0\0\0\r\n\r\n',
  'GET / HTTP/9.9\r\n\r\n',
  'CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n',
  '\x16\x03\x01\x02\x00\x01\x00',
])('the bytes %j end their connection and nothing else', async (bytes) => {
  const listener = await open(socket())
  listener.use(service(saying('ok')))
  await askRaw(place(), bytes).catch(String)
  expect((await ask(place(), '/')).body).toBe('ok')
})

test('a TLS port shows the new certificate to new connections after a swap, and survives clients that speak plainly', async () => {
  const options = async (name: string): Promise<SecureContextOptions> => {
    const { certificatePem: certificate, privateKeyPem: key } = await pemPair(name)
    return tlsOptions({ certificate, key, minVersion: 'TLSv1.2', ciphers: [], curves: [] })
  }
  const subject = (): Promise<string> =>
    new Promise((resolve, reject) => {
      const client = connectTls({ path: place().socketPath, rejectUnauthorized: false }, () => {
        resolve(String(client.getPeerCertificate().subject.CN))
        client.destroy()
      }).on('error', reject)
    })
  const listener = await open(socket(), await options('first'))
  expect(await subject()).toBe('first')
  await askRaw(place(), 'GET / HTTP/1.1\r\nHost: x\r\n\r\n').catch(String)
  listener.use({ handler: saying('x'), tls: await options('second'), graceMs: 0, requestTimeout: 0 })
  expect(await subject()).toBe('second')
})

test.each([
  ['http://h.example.com/auth?x', '/auth?x'],
  ['HTTPS://h.example.com?x', '/?x'],
  ['/auth', '/auth'],
])('a request for "%s" is one for "%s"', async (target, expected) => {
  const path = folder.path('socket')
  const listener = await open({ kind: 'unix', path })
  listener.use(service((request, response) => void response.end(`<${request.url ?? ''}>`)))
  const socket = connect(path)
  socket.write(`GET ${target} HTTP/1.1\r\nHost: h.example.com\r\nConnection: close\r\n\r\n`)
  await expect(text(socket)).resolves.toContain(`<${expected}>`)
})
