// Questions by HTTP POST to real servers, well-behaved and not.
import { afterEach, describe, expect, test } from '@jest/globals'
import { createServer } from 'node:http'
import type { IncomingMessage, RequestListener, Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { createServer as createSocketServer } from 'node:net'
import type { AddressInfo, Server as SocketServer } from 'node:net'
import { BackendError, ConfigError } from '../../src/lib/errors.ts'
import { createJsonPost, requireSafeUrl } from '../../src/lib/json-post.ts'
import type { JsonPost } from '../../src/lib/json-post.ts'
import { useFolder } from '../support/folder.ts'
import { pemPair } from '../support/pems.ts'

const folder = useFolder()
const closers: (() => void)[] = []
afterEach(() => closers.splice(0).forEach((close) => close()))

async function listen(server: Server | SocketServer, where: number | string = 0): Promise<number> {
  await new Promise<void>((resolve) => {
    if (typeof where === 'string') server.listen(where, resolve)
    else server.listen(where, '127.0.0.1', resolve)
  })
  closers.push(() => {
    server.close()
    if ('closeAllConnections' in server) server.closeAllConnections()
  })
  return typeof where === 'string' ? 0 : (server.address() as AddressInfo).port
}

function client(url: string, timeout = 20_000, sockets = 4): JsonPost {
  requireSafeUrl(url)
  const post = createJsonPost(url, timeout, sockets)
  closers.push(() => post.close())
  return post
}

/** A client of a server that does this. */
async function serving(handler: RequestListener, timeout?: number, sockets?: number): Promise<JsonPost> {
  return client(`http://127.0.0.1:${await listen(createServer(handler))}/check?key=canary`, timeout, sockets)
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

const echo: RequestListener = (request, response) => {
  void bodyOf(request).then((body) =>
    response.end(
      JSON.stringify({ method: request.method, url: request.url, type: request.headers['content-type'], body }),
    ),
  )
}

describe('a question', () => {
  test('is posted as JSON, and the answer is the JSON that comes back', async () => {
    const post = await serving(echo)
    await expect(post.ask({ account: 'ä\n😀', password: '\0' })).resolves.toEqual({
      method: 'POST',
      url: '/check?key=canary',
      type: 'application/json',
      body: JSON.stringify({ account: 'ä\n😀', password: '\0' }),
    })
  })

  test.each(['unix:', 'unix://'])('goes to a unix socket, written %s/path', async (scheme) => {
    const path = folder.path('service.sock')
    await listen(createServer(echo), path)
    await expect(client(`${scheme}${path}`).ask({ n: 1 })).resolves.toMatchObject({ url: '/', body: '{"n":1}' })
  })

  test('goes to https only if the certificate can be trusted', async () => {
    const { certificatePem, privateKeyPem } = await pemPair('localhost')
    const port = await listen(createTlsServer({ cert: certificatePem, key: privateKeyPem }, echo))
    await expect(client(`https://localhost:${port}/`).ask({})).rejects.toThrow(`localhost:${port} failed`)
  })

  test('uses kept connections again, and never more than it may', async () => {
    const used = new Set<unknown>()
    let most = 0
    let now = 0
    const post = await serving(
      (request, response) => {
        used.add(request.socket)
        most = Math.max(most, ++now)
        setTimeout(() => {
          now--
          response.end('{}')
        }, 5)
      },
      20_000,
      3,
    )
    await Promise.all(Array.from({ length: 60 }, () => post.ask({})))
    await post.ask({})
    expect(most).toBe(3)
    expect(used.size).toBe(3)
  })

  test('is asked again when a kept connection was closed under it', async () => {
    const seen = new Map<object, number>()
    const post = await serving((request, response) => {
      const count = (seen.get(request.socket) ?? 0) + 1
      seen.set(request.socket, count)
      if (count > 1) request.socket.resetAndDestroy()
      else response.end(JSON.stringify({ connection: seen.size }))
    })
    await expect(post.ask({})).resolves.toEqual({ connection: 1 })
    await expect(post.ask({})).resolves.toEqual({ connection: 2 })
  })
})

describe('an outage is', () => {
  const failure = async (post: JsonPost, signal?: AbortSignal): Promise<BackendError> => {
    const error = await post.ask({ password: 'canary' }, signal).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(BackendError)
    return error as BackendError
  }

  test.each([301, 302, 307, 308])('a redirect (%i): a password follows nobody', async (status) => {
    let asked = 0
    const post = await serving((_request, response) => {
      asked++
      response.writeHead(status, { location: '/elsewhere' }).end('{"result":"allow"}')
    })
    expect((await failure(post)).message).toMatch(new RegExp(`answered with status ${status}$`))
    expect(asked).toBe(1)
  })

  test.each([201, 204, 400, 401, 404, 500, 503])('any status but 200: %i', async (status) => {
    const post = await serving((_request, response) => response.writeHead(status).end())
    expect((await failure(post)).message).toContain(`answered with status ${status}`)
  })

  test.each(['', 'nonsense', '{"result":'])('an answer that is no JSON: %j', async (text) => {
    const post = await serving((_request, response) => response.end(text))
    expect((await failure(post)).message).toContain('no JSON')
  })

  test('an answer larger than 1 MiB', async () => {
    const post = await serving((_request, response) => response.end(JSON.stringify('x'.repeat(1_100_000))))
    expect((await failure(post)).message).toContain('larger than 1 MiB')
  })

  test('no answer in time: before the headers, in the middle of the body, or in drops', async () => {
    const silent = await serving(() => undefined, 100)
    const half = await serving((_request, response) => void response.write('{"result":'), 100)
    const drops = await serving((_request, response) => {
      const timer = setInterval(() => response.write(' '), 10)
      response.on('close', () => clearInterval(timer))
    }, 100)
    for (const post of [silent, half, drops]) expect((await failure(post)).message).toContain('within 100 ms')
  })

  test('an answer cut off', async () => {
    const post = await serving((_request, response) => {
      response.writeHead(200, { 'content-length': '100' })
      response.write('{}')
      setTimeout(() => response.socket?.destroy(), 20)
    })
    expect((await failure(post)).message).toContain('failed')
  })

  test('something that speaks no HTTP', async () => {
    const port = await listen(createSocketServer((socket) => socket.on('error', () => undefined).end('SSH-2.0-x\r\n')))
    expect((await failure(client(`http://127.0.0.1:${port}`))).message).toContain('failed')
  })

  test('nobody listening', async () => {
    const server = createServer()
    const port = await listen(server)
    await new Promise((resolve) => server.close(resolve))
    expect((await failure(client(`http://127.0.0.1:${port}`))).message).toBe(`127.0.0.1:${port} failed`)
    await expect(client(`unix:${folder.path('none.sock')}`).ask({})).rejects.toThrow('failed')
  })

  test('a client that went away, and the connection goes with it', async () => {
    const gone = new AbortController()
    let closed: (value: boolean) => void = () => undefined
    const seen = new Promise<boolean>((resolve) => (closed = resolve))
    const post = await serving((request) => {
      request.socket.on('close', () => closed(true))
      gone.abort()
    })
    expect((await failure(post, gone.signal)).message).toBe('the client went away')
    expect(await seen).toBe(true)
  })

  test('never a place where a key or a password would show', async () => {
    const post = await serving((_request, response) => response.writeHead(500).end('canary'))
    const error = await failure(post)
    expect(`${error.message} ${String(error.stack)} ${JSON.stringify(error)}`).not.toContain('canary')
  })
})

test('a check is content with any answer, and asks without anything secret', async () => {
  const seen: string[] = []
  const post = await serving((request, response) => {
    void bodyOf(request).then((body) => {
      seen.push(`${request.method ?? ''} ${body}`)
      response.writeHead(501).end()
    })
  })
  await post.check(new AbortController().signal)
  expect(seen).toEqual(['HEAD '])
  await expect(client(`unix:${folder.path('none.sock')}`).check(new AbortController().signal)).rejects.toBeInstanceOf(
    BackendError,
  )
})

describe('passwords may be sent', () => {
  test.each([
    'https://accounts.example.com/check',
    'https://10.0.0.1:8443/?a=b',
    'http://localhost:8080/x',
    'http://127.0.0.1',
    'http://127.1/',
    'http://[::1]:80/',
    'unix:/run/accounts.sock',
    'unix:///run/accounts.sock',
  ])('to %s', (url) => {
    expect(() => requireSafeUrl(url)).not.toThrow()
  })

  test.each([
    ['http://accounts.example.com/check', 'in clear text'],
    ['http://10.0.0.1/', 'in clear text'],
    ['http://0.0.0.0/', 'in clear text'],
    ['http://localhost.example.com/', 'in clear text'],
    ['http://127.0.0.1.example.com/', 'in clear text'],
    ['http://127.0.0.1@example.com/', 'user name'],
    ['https://user:secret@example.com/', 'user name'],
    ['https://token@example.com/', 'user name'],
    ['http://example.com/?key=canary', 'would ask example.com in clear text'],
    ['ftp://example.com/', 'must begin with'],
    ['file:///etc/passwd', 'must begin with'],
    ['unix:relative.sock', 'must begin with'],
    ['unix:///', 'must begin with'],
    ['accounts.example.com', 'must be https://'],
    ['/run/accounts.sock', 'must be https://'],
  ])('but not to %s', (url, message) => {
    expect(() => requireSafeUrl(url)).toThrow(ConfigError)
    expect(() => requireSafeUrl(url)).toThrow(message)
  })
})
