// One function writes every error response: it tells the client no more than it should know, and the log everything.
import { afterEach, describe, expect, test } from '@jest/globals'
import { createServer } from 'node:http'
import type { RequestListener, Server } from 'node:http'
import { ApiError, BackendError } from '../src/lib/errors.ts'
import { writeError } from '../src/middleware.ts'
import type { Door } from '../src/middleware.ts'
import { ask, askRaw } from './support/http.ts'
import type { Place } from './support/http.ts'
import { createRecorder } from './support/recorder.ts'
import type { Recorder } from './support/recorder.ts'
import { closeServer, placeOf } from './support/token-server.ts'

let server: Server | undefined
afterEach(() => server && closeServer(server))

async function serve(listener: RequestListener): Promise<Place> {
  server = createServer(listener)
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve))
  return placeOf(server)
}

/** A server that answers everything with this error. */
async function failing(error: unknown, door: Door = 'token'): Promise<{ place: Place; recorder: Recorder }> {
  const recorder = createRecorder()
  const place = await serve((request, response) => writeError(request, response, error, door, recorder.log))
  return { place, recorder }
}

describe('an error', () => {
  test.each<[string, unknown, Door, number, string, string]>([
    ['for the client, in text', new ApiError(400, { text: 'no' }), 'token', 400, 'text/plain; charset=utf-8', 'no\n'],
    [
      'for the client, in JSON',
      new ApiError(404, { json: { errors: [] } }),
      'registry',
      404,
      'application/json',
      '{"errors":[]}',
    ],
    [
      'nobody foresaw',
      new TypeError('secret detail'),
      'token',
      500,
      'text/plain; charset=utf-8',
      'Internal server error\n',
    ],
    [
      'nobody foresaw, in the registry',
      new TypeError('secret detail'),
      'registry',
      500,
      'application/json',
      '{"errors":[{"code":"UNKNOWN","message":"unknown error","detail":null}]}',
    ],
    ['that is none', 'secret detail', 'token', 500, 'text/plain; charset=utf-8', 'Internal server error\n'],
    ['that is nothing', undefined, 'token', 500, 'text/plain; charset=utf-8', 'Internal server error\n'],
    [
      'of an outage',
      new BackendError('secret detail'),
      'token',
      500,
      'text/plain; charset=utf-8',
      'Internal server error\n',
    ],
  ])('%s', async (_what, error, door, status, type, body) => {
    const { place } = await failing(error, door)
    const answer = await ask(place, '/x')
    expect([answer.status, answer.body]).toEqual([status, body])
    expect(answer.headers).toMatchObject({
      'content-type': type,
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
    })
  })

  test('brings its headers', async () => {
    const { place } = await failing(new ApiError(401, { text: 'x' }, { headers: { 'WWW-Authenticate': 'Basic' } }))
    expect((await ask(place, '/')).headers['www-authenticate']).toBe('Basic')
  })
})

describe('the log', () => {
  test.each([
    [new ApiError(404, { text: 'x' }), 0],
    [new ApiError(500, { text: 'x' }), 1],
    [new Error('x'), 1],
  ])('%s: %i lines', async (error, count) => {
    const { place, recorder } = await failing(error)
    await ask(place, '/')
    expect(recorder.lines).toHaveLength(count)
  })

  test('holds the cause of a failure and the path of the request, but not its query', async () => {
    const cause = new Error('disk on fire')
    const { place, recorder } = await failing(new ApiError(500, { text: 'Authentication failed' }, { cause }))
    await ask(place, '/auth?password=hunter2&account=alice')
    expect(recorder.lines).toEqual([
      { level: 'error', message: 'Authentication failed', fields: { err: cause, method: 'GET', path: '/auth' } },
    ])
  })
})

test('a failure after the answer has begun ends the connection, so that nobody takes half an answer for a whole one', async () => {
  const { log } = createRecorder()
  const place = await serve((request, response) => {
    response.writeHead(200, { 'content-length': '100' })
    response.write('half')
    setImmediate(() => writeError(request, response, new Error('x'), 'token', log))
  })
  await expect(ask(place, '/')).rejects.toMatchObject({ code: 'ECONNRESET' })
})

test('a client that is gone gets no answer and no line in the log', async () => {
  const { log, lines } = createRecorder()
  const closed = new Promise<void>((resolve) => {
    const listener: RequestListener = (request, response) => {
      request.socket.once('close', () => {
        writeError(request, response, new Error('x'), 'token', log)
        resolve()
      })
      request.socket.destroy()
    }
    void serve(listener).then((place) => ask(place, '/').catch(() => undefined))
  })
  await closed
  expect(lines).toEqual([])
})

describe('a body that nobody wants', () => {
  test('that is small does not keep the client from reading the answer', async () => {
    const { place } = await failing(new ApiError(403, { text: 'no' }))
    const answer = await ask(place, '/', { method: 'PUT', body: Buffer.alloc(200_000) })
    expect([answer.status, answer.body, answer.headers['connection']]).toEqual([403, 'no\n', 'close'])
  })

  test('that does not end is not swallowed', async () => {
    const { place } = await failing(new ApiError(403, { text: 'no' }))
    const head = 'PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n'
    const chunk = `10000\r\n${'a'.repeat(0x10000)}\r\n`
    const answer = await askRaw(place, head + chunk.repeat(40)).catch(String)
    expect(answer).toMatch(/HTTP\/1.1 403 |ECONNRESET|EPIPE/)
  })

  test('that never comes is not waited for', async () => {
    const { place } = await failing(new ApiError(403, { text: 'no' }))
    await expect(askRaw(place, 'PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n')).resolves.toMatch(
      /^HTTP\/1.1 403 [^]*no\n$/,
    )
  })
})
