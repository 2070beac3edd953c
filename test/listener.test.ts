// A port opens or says in one sentence why not, swaps what it answers while it serves, and closes without cutting anybody off.
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import type { RequestListener } from 'node:http'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { connect as connectTls } from 'node:tls'
import type { SecureContextOptions } from 'node:tls'
import type { Address } from '../src/lib/address.ts'
import { tlsOptions } from '../src/lib/tls.ts'
import { openListener } from '../src/listener.ts'
import type { Listener } from '../src/listener.ts'
import { freePort } from './real/children.ts'
import { useFolder } from './support/folder.ts'
import { ask, askRaw } from './support/http.ts'
import { pemPair } from './support/pems.ts'
import { createRecorder } from './support/recorder.ts'
import type { Recorder } from './support/recorder.ts'

const folder = useFolder()
const opened: Listener[] = []
let recorder: Recorder
beforeEach(() => {
  recorder = createRecorder()
})
afterEach(async () => {
  await Promise.all(opened.splice(0).map((listener) => listener.close()))
})

const socket = (): { kind: 'unix'; path: string } => ({ kind: 'unix', path: folder.path('s.sock') })
const place = (): { socketPath: string } => ({ socketPath: folder.path('s.sock') })
const saying =
  (text: string): RequestListener =>
  (_request, response) =>
    void response.end(text)
const service = (handler: RequestListener, graceMs = 0, requestTimeout = 20_000) => ({
  handler,
  tls: undefined,
  graceMs,
  requestTimeout,
})

/** What makes a port one that speaks TLS. */
async function tlsFor(name: string): Promise<SecureContextOptions> {
  const { certificatePem: certificate, privateKeyPem: key } = await pemPair(name)
  return tlsOptions({ certificate, key, minVersion: 'TLSv1.2', ciphers: [], curves: [] })
}

async function open(address: Address, tls?: SecureContextOptions): Promise<Listener> {
  const settings = { address, tls, moveWith: 'change x' }
  const listener = await openListener(settings, recorder.log)
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

describe('closing a TLS port ends at once a connection on which nothing was asked', () => {
  const secured = (): Socket => connectTls({ path: place().socketPath, rejectUnauthorized: false })

  test.each<[string, () => Socket, string]>([
    ['before its handshake', () => connect(place().socketPath), 'connect'],
    ['after its handshake', secured, 'secureConnect'],
  ])('%s', async (_when, connectSilent, connected) => {
    // Open longer than the other, it shows that no time limit ended that one.
    const path = folder.path('witness.sock')
    await open({ kind: 'unix', path }, await tlsFor('own'))
    const witness = connect(path).on('error', () => undefined)
    await once(witness, 'connect')
    const listener = await open(socket(), await tlsFor('own'))
    const silent = connectSilent().on('error', () => undefined)
    await once(silent, connected)
    let finish = (): void => undefined
    const arrived = new Promise<void>((resolve) => {
      const slow: RequestListener = (_request, response) => {
        finish = () => void response.end('done')
        resolve()
      }
      listener.use(service(slow, 60_000))
    })
    const busy = secured()
    busy.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
    const answer = text(busy)
    await arrived
    const closed = listener.close()
    const ends = [silent, witness].map((client) => once(client, 'close').then(() => client === silent))
    expect(await Promise.race(ends)).toBe(true)
    finish()
    expect(await answer).toMatch(/done$/)
    await closed
  })
})

test('the time that a request may take to arrive is that of the service in use', async () => {
  const half = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n'
  const hasty = { kind: 'unix', path: folder.path('hasty.sock') } as const
  const [patient, other] = [await open(socket()), await open(hasty)]
  for (const requestTimeout of [1, 0]) patient.use(service(saying('ok'), 0, requestTimeout))
  other.use(service(saying('ok'), 0, 1))
  const slow = connect(place().socketPath)
  slow.write(half)
  const answer = text(slow)
  // Each port looks once in a second: when one has looked twice, so has the other at least once.
  for (let round = 0; round < 2; round++) {
    await expect(askRaw({ socketPath: hasty.path }, half)).resolves.toMatch(/^HTTP\/1.1 408 /)
  }
  slow.write('\r\n')
  expect(await answer).toMatch(/^HTTP\/1.1 200 OK\r\n/)
})

describe('a request that no handler sees', () => {
  const large = `GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(70_000)}\r\n\r\n`
  const half = 'GET / HTTP/1.1\r\nHost: x\r\n'

  test.each([
    ['malformed', 'nonsense\r\n\r\nnonsense\r\n\r\n', '400 Bad Request', 'Parse Error: Invalid method encountered'],
    ['too large', large, '431 Request Header Fields Too Large', 'Parse Error: Header overflow'],
    ['too late', half, '408 Request Timeout', 'Request timeout'],
  ])('because it is %s is answered and stands in the log, once', async (_what, bytes, status, reason) => {
    const port = await freePort()
    const listener = await open({ kind: 'tcp', host: '127.0.0.1', port })
    listener.use(service(saying('ok'), 0, 1))
    expect(await askRaw({ port }, bytes)).toBe(`HTTP/1.1 ${status}\r\nConnection: close\r\n\r\n`)
    const fields = { outcome: 'bad request', reason, ip: '127.0.0.1' }
    expect(recorder.lines).toEqual([{ level: 'info', message: 'request', fields }])
  })

  test('because its client is gone does not stand in the log', async () => {
    const port = await freePort()
    const listener = await open({ kind: 'tcp', host: '127.0.0.1', port })
    const client = connect(port, '127.0.0.1')
    const gone = new Promise<void>((resolve) => {
      listener.use(
        service((request) => {
          request.on('error', () => undefined).once('close', resolve)
          client.resetAndDestroy()
        }),
      )
    })
    client.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\na')
    await gone
    expect(recorder.lines).toEqual([])
  })

  test('because its client speaks no TLS does not stand in the log', async () => {
    await open(socket(), await tlsFor('own'))
    await askRaw(place(), half).catch(String)
    expect(recorder.lines).toEqual([])
  })
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
  const subject = (): Promise<string> =>
    new Promise((resolve, reject) => {
      const client = connectTls({ path: place().socketPath, rejectUnauthorized: false }, () => {
        resolve(String(client.getPeerCertificate().subject.CN))
        client.destroy()
      }).on('error', reject)
    })
  const listener = await open(socket(), await tlsFor('first'))
  expect(await subject()).toBe('first')
  await askRaw(place(), 'GET / HTTP/1.1\r\nHost: x\r\n\r\n').catch(String)
  listener.use({ handler: saying('x'), tls: await tlsFor('second'), graceMs: 0, requestTimeout: 0 })
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
