// Blobs over HTTP: whole and in part, to clients that take their time and clients that go away.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { readdir } from 'node:fs/promises'
import { connect } from 'node:net'
import type { Answer, Registry } from './helper.ts'
import { ALL, pushBlob, startRegistry } from './helper.ts'

const BYTES = Buffer.from(Array.from({ length: 2048 }, (_, index) => index % 251))

let registry: Registry
let digest: string
beforeAll(async () => {
  registry = await startRegistry()
  digest = await pushBlob(registry, 'a', BYTES)
})
afterAll(() => registry.close())

const get = (headers: Record<string, string> = {}): Promise<Answer> =>
  registry.send('GET', `/v2/a/blobs/${digest}`, { headers })

describe('a blob', () => {
  test('is served whole, and for good', async () => {
    const answer = await get()
    expect(answer).toMatchObject({
      status: 200,
      headers: {
        'accept-ranges': 'bytes',
        'cache-control': 'max-age=31536000',
        'content-length': '2048',
        'content-type': 'application/octet-stream',
        'docker-content-digest': digest,
        etag: `"${digest}"`,
      },
    })
    expect(answer.body.equals(BYTES)).toBe(true)
  })

  test('is described', async () => {
    const answer = await registry.send('HEAD', `/v2/a/blobs/${digest}`, { headers: { range: 'bytes=0-1' } })
    expect(answer).toMatchObject({
      status: 200,
      headers: { 'content-length': '2048', 'docker-content-digest': digest },
    })
  })

  test('is not sent again to who has it', async () => {
    expect(await get({ 'if-none-match': `"${digest}"` })).toMatchObject({
      status: 304,
      headers: { etag: `"${digest}"` },
    })
  })

  test.each(['sha256:0', 'latest', `md5:${'0'.repeat(32)}`, '%2e%2e'])('is not named %s', async (reference) => {
    expect(await registry.send('GET', `/v2/a/blobs/${reference}`)).toMatchObject({
      status: 400,
      code: 'DIGEST_INVALID',
    })
  })

  test('is unknown until it is pushed', async () => {
    expect(await registry.send('GET', `/v2/a/blobs/sha256:${'0'.repeat(64)}`)).toMatchObject({
      status: 404,
      code: 'BLOB_UNKNOWN',
    })
  })
})

describe('a range', () => {
  test.each<[string, number, number]>([
    ['bytes=500-1499', 500, 1499],
    ['bytes=500-', 500, 2047],
    ['bytes=-500', 1548, 2047],
    ['bytes=2000-5000', 2000, 2047],
    ['bytes=0-0', 0, 0],
    ['bytes=0-', 0, 2047],
  ])('%s is served in part', async (range, start, end) => {
    const answer = await get({ range })
    expect(answer).toMatchObject({
      status: 206,
      headers: { 'content-range': `bytes ${start}-${end}/2048`, 'content-length': String(end - start + 1) },
    })
    expect(answer.body.equals(BYTES.subarray(start, end + 1))).toBe(true)
  })

  test.each(['bytes=500-0', 'bytes=5000-10000', 'bytes=2048-'])('%s cannot be served', async (range) => {
    expect(await get({ range })).toMatchObject({
      status: 416,
      code: 'RANGE_INVALID',
      headers: { 'content-range': 'bytes */2048' },
    })
  })

  test.each(['bytes', 'lines=0-1', 'bytes=0-1,5-6', ''])('%j is answered with everything', async (range) => {
    const answer = await get({ range })
    expect(answer.status).toBe(200)
    expect(answer.body.equals(BYTES)).toBe(true)
  })

  test('is served only to who has the rest of the same blob', async () => {
    expect((await get({ range: 'bytes=0-1', 'if-range': `"${digest}"` })).status).toBe(206)
    expect((await get({ range: 'bytes=0-1', 'if-range': '"other"' })).status).toBe(200)
  })

  test('of an empty blob cannot be served', async () => {
    const empty = await pushBlob(registry, 'a', '')
    const answer = await registry.send('GET', `/v2/a/blobs/${empty}`, { headers: { range: 'bytes=0-' } })
    expect(answer.status).toBe(416)
  })
})

describe('a client', () => {
  const LARGE = Buffer.alloc(32 * 1024 * 1024, 'large')

  // Where there is no /proc there is nothing to count.
  const openFiles = async (): Promise<number> => (await readdir('/proc/self/fd').catch(() => [])).length

  const logged = async (one: Registry, message: string): Promise<void> => {
    while (!one.log.some((line) => line.message === message)) await new Promise((resolve) => setTimeout(resolve, 5))
  }

  test('that goes away is no error, and leaves no file open', async () => {
    const large = await pushBlob(registry, 'a', LARGE)
    const before = await openFiles()
    registry.log.length = 0
    const socket = connect(registry.port, '127.0.0.1')
    socket.write(`GET /v2/a/blobs/${large} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${ALL}\r\n\r\n`)
    await new Promise((resolve) => socket.once('data', resolve))
    socket.destroy()
    await logged(registry, 'pull broken off')
    while ((await openFiles()) > before) await new Promise((resolve) => setTimeout(resolve, 5))
    expect(registry.log).toMatchObject([{ level: 'info', digest: large, status: 200 }])
  })

  test('that takes nothing is let go', async () => {
    const impatient = await startRegistry({ idleTimeoutMs: 100 })
    const large = await pushBlob(impatient, 'a', LARGE)
    impatient.log.length = 0
    const socket = connect(impatient.port, '127.0.0.1')
    socket.pause()
    socket.write(`GET /v2/a/blobs/${large} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${ALL}\r\n\r\n`)
    await logged(impatient, 'pull broken off')
    expect(impatient.log).toMatchObject([{ level: 'info', digest: large, status: 200 }])
    socket.destroy()
    await impatient.close()
  })

  test('that comes again on the same connection is served again', async () => {
    const socket = connect(registry.port, '127.0.0.1')
    const request = `GET /v2/a/blobs/${digest} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${ALL}\r\n`
    let received = ''
    socket.setEncoding('latin1').on('data', (text: string) => (received += text))
    socket.write(`${request}\r\n${request}Connection: close\r\n\r\n`)
    await new Promise((resolve) => socket.once('close', resolve))
    expect(received.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(2)
  })
})
