// Uploads over HTTP: every style of pushing a blob, and every way of getting it wrong.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { connect } from 'node:net'
import type { Registry } from './helper.ts'
import { ALL, grants, openUpload, pushBlob, sendRaw, sha256, sha512, startRegistry } from './helper.ts'

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

let registry: Registry
beforeAll(async () => {
  registry = await startRegistry()
})
beforeEach(() => {
  registry.log.length = 0
})
afterAll(() => registry.close())

async function* stream(...parts: (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield await Promise.resolve(Buffer.from(part))
}

const content = async (digest: string, name = 'a'): Promise<string> => {
  const { status, body } = await registry.send('GET', `/v2/${name}/blobs/${digest}`)
  return status === 200 ? body.toString() : String(status)
}

describe('a blob is pushed', () => {
  test('by POST and PUT', async () => {
    const started = await registry.send('POST', '/v2/a/blobs/uploads/')
    const id = String(started.headers['docker-upload-uuid'])
    expect(id).toMatch(UUID)
    expect(started).toMatchObject({
      status: 202,
      headers: { location: `/v2/a/blobs/uploads/${id}`, range: '0-0', 'content-length': '0' },
    })
    const digest = sha256('post and put')
    const path = `${started.headers.location!}?digest=${digest}`
    expect(await registry.send('PUT', path, { body: 'post and put' })).toMatchObject({
      status: 201,
      headers: { location: `/v2/a/blobs/${digest}`, 'docker-content-digest': digest, 'content-length': '0' },
    })
    expect(await content(digest)).toBe('post and put')
  })

  test('by one POST', async () => {
    const digest = sha256('one post')
    const answer = await registry.send('POST', `/v2/a/blobs/uploads/?digest=${digest}`, { body: 'one post' })
    expect(answer).toMatchObject({ status: 201, headers: { location: `/v2/a/blobs/${digest}` } })
    expect(await content(digest)).toBe('one post')
  })

  test('in chunks, the last one in the PUT', async () => {
    const session = await openUpload(registry, 'a')
    const chunk = (body: string, range: string): Promise<object> =>
      registry.send('PATCH', session, { body, headers: { 'content-range': range } })
    expect(await chunk('one ', '0-3')).toMatchObject({
      status: 202,
      headers: { location: session, range: '0-3', 'content-length': '0' },
    })
    expect(await chunk('two ', '4-7')).toMatchObject({ status: 202, headers: { range: '0-7' } })
    expect(await registry.send('GET', session)).toMatchObject({
      status: 204,
      headers: { location: session, range: '0-7', 'docker-upload-uuid': session.slice(-36) },
    })
    const digest = sha256('one two three')
    const last = { body: 'three', headers: { 'content-range': '8-12' } }
    expect((await registry.send('PUT', `${session}?digest=${digest}`, last)).status).toBe(201)
    expect(await content(digest)).toBe('one two three')
  })

  test('in a stream of unknown length', async () => {
    const session = await openUpload(registry, 'a')
    const answer = await registry.send('PATCH', session, { body: stream('stream', 'ed') })
    expect(answer).toMatchObject({ status: 202, headers: { range: '0-7' } })
    const digest = sha256('streamed')
    expect((await registry.send('PUT', `${session}?digest=${digest}`)).status).toBe(201)
    expect(await content(digest)).toBe('streamed')
  })

  test('when it is empty', async () => {
    const digest = sha256('')
    expect((await registry.send('PUT', `${await openUpload(registry, 'a')}?digest=${digest}`)).status).toBe(201)
    const head = await registry.send('HEAD', `/v2/a/blobs/${digest}`)
    expect(head).toMatchObject({ status: 200, headers: { 'content-length': '0' } })
    expect(await content(digest)).toBe('')
  })

  test('under its sha512', async () => {
    const session = await openUpload(registry, 'a')
    const digest = sha512('long name')
    await registry.send('PATCH', session, { body: 'long ' })
    expect((await registry.send('PUT', `${session}?digest=${digest}`, { body: 'name' })).status).toBe(201)
    expect(await registry.send('GET', `/v2/a/blobs/${digest}`)).toMatchObject({
      status: 200,
      headers: { 'docker-content-digest': digest },
    })
    expect(await content(sha256('long name'))).toBe('404')
  })

  test('with a digest whose colon is encoded', async () => {
    const digest = sha256('encoded')
    const path = `${await openUpload(registry, 'a')}?digest=${encodeURIComponent(digest)}`
    expect((await registry.send('PUT', path, { body: 'encoded' })).status).toBe(201)
    expect(await content(encodeURIComponent(digest))).toBe('encoded')
  })

  test('when it is larger than one piece', async () => {
    const bytes = Buffer.alloc(3 * 1024 * 1024 + 17, 'large')
    const digest = sha256(bytes)
    const session = await openUpload(registry, 'a')
    const answer = await registry.send('PATCH', session, {
      body: stream(bytes.subarray(0, 1_500_000), bytes.subarray(1_500_000)),
    })
    expect(answer.headers.range).toBe(`0-${bytes.length - 1}`)
    expect((await registry.send('PUT', `${session}?digest=${digest}`)).status).toBe(201)
    expect((await registry.send('GET', `/v2/a/blobs/${digest}`)).body.equals(bytes)).toBe(true)
  })

  test('and logged once, when the answer is out', async () => {
    const digest = await pushBlob(registry, 'a', 'logged')
    expect(registry.log).toEqual([
      {
        level: 'info',
        message: 'push',
        account: 'alice',
        repository: 'a',
        reference: digest,
        digest,
        bytes: 6,
        ip: '127.0.0.1',
        status: 201,
      },
    ])
  })
})

describe('a chunk out of order', () => {
  test.each(['PATCH', 'PUT'])('is refused in a %s, and the session goes on', async (method) => {
    const session = await openUpload(registry, 'a')
    await registry.send('PATCH', session, { body: 'abc' })
    const digest = sha256('abcdef')
    const headers = { 'content-range': '4-6' }
    const path = method === 'PUT' ? `${session}?digest=${digest}` : session
    expect(await registry.send(method, path, { body: 'def', headers })).toMatchObject({
      status: 416,
      code: 'RANGE_INVALID',
      headers: { location: session, range: '0-2', 'docker-upload-uuid': session.slice(-36) },
    })
    expect(await registry.send('GET', session)).toMatchObject({ status: 204, headers: { range: '0-2' } })
    const right = { body: 'def', headers: { 'content-range': '3-5' } }
    expect((await registry.send('PUT', `${session}?digest=${digest}`, right)).status).toBe(201)
  })

  test('that was sent before is refused again', async () => {
    const session = await openUpload(registry, 'a')
    const sending = { body: 'abc', headers: { 'content-range': '0-2' } }
    expect((await registry.send('PATCH', session, sending)).status).toBe(202)
    expect((await registry.send('PATCH', session, sending)).status).toBe(416)
  })
})

describe('a Content-Range', () => {
  test.each([
    ['0-2', 202],
    ['0-3', 400],
    ['0-1', 400],
    ['bytes 0-2/3', 416],
    ['2-0', 416],
    ['-2', 416],
    ['0-', 416],
    ['a-b', 416],
    ['0-99999999999999999999', 416],
  ])('of %s for three bytes is answered with %i', async (range, status) => {
    const session = await openUpload(registry, 'a')
    const answer = await registry.send('PATCH', session, { body: 'abc', headers: { 'content-range': range } })
    expect(answer.status).toBe(status)
    expect((await registry.send('GET', session)).headers.range).toBe(status === 202 ? '0-2' : '0-0')
  })

  test.each(['0-1', '0-3'])('of %s is held against what really arrives', async (range) => {
    const session = await openUpload(registry, 'a')
    const sending = { body: stream('abc'), headers: { 'content-range': range } }
    expect(await registry.send('PATCH', session, sending)).toMatchObject({ status: 400, code: 'SIZE_INVALID' })
    const digest = sha256('xyz')
    expect((await registry.send('PUT', `${session}?digest=${digest}`, { body: 'xyz' })).status).toBe(201)
  })
})

describe('a digest', () => {
  test('that is wrong ends the session and stores nothing', async () => {
    const session = await openUpload(registry, 'a')
    const answer = await registry.send('PUT', `${session}?digest=${sha256('right')}`, { body: 'wrong' })
    expect(answer).toMatchObject({ status: 400, code: 'DIGEST_INVALID' })
    expect((await registry.send('GET', session)).status).toBe(404)
    expect(await content(sha256('right'))).toBe('404')
    expect(await content(sha256('wrong'))).toBe('404')
  })

  test('that is wrong in one POST stores nothing', async () => {
    const answer = await registry.send('POST', `/v2/a/blobs/uploads/?digest=${sha256('right')}`, { body: 'wrong' })
    expect(answer).toMatchObject({ status: 400, code: 'DIGEST_INVALID' })
    expect(await content(sha256('right'))).toBe('404')
  })

  test.each(['', '?digest=', '?digest=sha256:abc', `?digest=md5:${'0'.repeat(32)}`, '?digest=../../etc/passwd'])(
    'that is missing or malformed (%s) leaves the session as it was',
    async (query) => {
      const session = await openUpload(registry, 'a')
      await registry.send('PATCH', session, { body: 'kept' })
      const answer = await registry.send('PUT', `${session}${query}`, { body: ' and more' })
      expect(answer).toMatchObject({ status: 400, code: 'DIGEST_INVALID' })
      expect((await registry.send('PUT', `${session}?digest=${sha256('kept')}`)).status).toBe(201)
    },
  )
})

describe('a session', () => {
  test('is unknown in another repository', async () => {
    const session = (await openUpload(registry, 'a')).replace('/a/', '/b/')
    const digest = sha256('x')
    for (const [method, path] of [
      ['GET', session],
      ['PATCH', session],
      ['PUT', `${session}?digest=${digest}`],
      ['DELETE', session],
    ] as const) {
      expect(await registry.send(method, path, { body: 'x' })).toMatchObject({
        status: 404,
        code: 'BLOB_UPLOAD_UNKNOWN',
      })
    }
  })

  test.each(['x', '..', '%2e%2e', '%2e%2e%2f%2e%2e%2fb', '00000000-0000-4000-8000-000000000000'])(
    'named %s is unknown',
    async (id) => {
      expect((await registry.send('PATCH', `/v2/a/blobs/uploads/${id}`, { body: 'x' })).status).toBe(404)
    },
  )

  test('is gone once it is cancelled', async () => {
    const session = await openUpload(registry, 'a')
    expect((await registry.send('DELETE', session)).status).toBe(204)
    expect((await registry.send('PATCH', session, { body: 'x' })).status).toBe(404)
    expect((await registry.send('DELETE', session)).status).toBe(404)
  })

  test('takes one of several writers', async () => {
    const session = await openUpload(registry, 'a')
    const bodies = Array.from({ length: 10 }, (_, digit) => String(digit).repeat(100_000))
    const headers = { 'content-range': '0-99999' }
    const answers = await Promise.all(bodies.map((body) => registry.send('PATCH', session, { body, headers })))
    const winners = bodies.filter((_, index) => answers[index]?.status === 202)
    expect(winners).toHaveLength(1)
    expect(answers.filter(({ status }) => status === 416)).toHaveLength(9)
    expect((await registry.send('PUT', `${session}?digest=${sha256(winners[0]!)}`)).status).toBe(201)
  })

  test('is resumed where the server says, after the client went away', async () => {
    const session = await openUpload(registry, 'a')
    const bytes = Buffer.alloc(3_000_000, 'resumed')
    const socket = connect(registry.port, '127.0.0.1')
    socket.write(`PATCH ${session} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${ALL}\r\n`)
    socket.write(`Content-Length: ${bytes.length}\r\n\r\n`)
    socket.write(bytes.subarray(0, 2_500_000))
    const size = async (): Promise<number> => {
      const { headers } = await registry.send('GET', session)
      return Number(/^0-(\d+)$/.exec(headers.range!)![1]) + 1
    }
    while ((await size()) < 2_000_000) await new Promise((resolve) => setImmediate(resolve))
    socket.destroy()
    const path = `${session}?digest=${sha256(bytes)}`
    let status = 416
    while (status === 416) {
      const start = await size()
      const headers = { 'content-range': `${start}-${bytes.length - 1}` }
      status = (await registry.send('PUT', path, { body: bytes.subarray(start), headers })).status
    }
    expect(status).toBe(201)
  })
})

describe('a body', () => {
  test('that stops arriving is given up', async () => {
    const impatient = await startRegistry({ idleTimeoutMs: 50 })
    const session = await openUpload(impatient, 'a')
    const received = await sendRaw(
      impatient.port,
      `PATCH ${session} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${ALL}\r\nContent-Length: 100\r\n\r\npart`,
    )
    expect(received).toMatch(/^HTTP\/1\.1 408 /)
    expect(received).toMatch(/Connection: close/i)
    expect((await impatient.send('GET', session)).headers.range).toBe('0-3')
    await impatient.close()
  })

  test('is invited only when it will be read', async () => {
    const session = await openUpload(registry, 'a')
    const digest = sha256('invited')
    const ask = (path: string, token: string): string =>
      `PUT ${path}?digest=${digest} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n` +
      'Expect: 100-continue\r\nConnection: close\r\nContent-Length: 7\r\n\r\n'
    const refused = await sendRaw(registry.port, ask(session, grants()))
    expect(refused).toMatch(/^HTTP\/1\.1 401 /)
    const unknown = await sendRaw(registry.port, ask(session.replace('/a/', '/b/'), ALL))
    expect(unknown).toMatch(/^HTTP\/1\.1 404 /)
    const accepted = await sendRaw(registry.port, `${ask(session, ALL)}invited`)
    expect(accepted).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 201 /)
  })
})

describe('a mount', () => {
  const mount = (query: string, token = ALL): ReturnType<Registry['send']> =>
    registry.send('POST', `/v2/b/blobs/uploads/?${query}`, { token })

  test('takes the blob from a repository that may be pulled from', async () => {
    const digest = await pushBlob(registry, 'a', 'to be mounted')
    registry.log.length = 0
    const token = grants('repository:a:pull', 'repository:b:pull,push')
    expect(await mount(`mount=${digest}&from=a`, token)).toMatchObject({
      status: 201,
      headers: { location: `/v2/b/blobs/${digest}`, 'docker-content-digest': digest },
    })
    expect(await content(digest, 'b')).toBe('to be mounted')
    expect(registry.log[0]).toMatchObject({ message: 'push', repository: 'b', digest, from: 'a', status: 201 })
  })

  test('is refused without the right to pull there', async () => {
    const digest = await pushBlob(registry, 'a', 'not to be mounted')
    expect((await mount(`mount=${digest}&from=a`, grants('repository:b:pull,push'))).status).toBe(401)
    expect(await content(digest, 'b')).toBe('404')
  })

  test('looks at the same `from` as the guard', async () => {
    const digest = await pushBlob(registry, 'a', 'two froms')
    const token = grants('repository:c:pull', 'repository:b:pull,push')
    expect((await mount(`mount=${digest}&from=c&from=a`, token)).status).toBe(202)
    expect((await mount(`mount=${digest}&from=a&from=c`, token)).status).toBe(401)
    expect(await content(digest, 'b')).toBe('404')
  })

  test.each([
    ['a blob that is not there', `mount=sha256:${'0'.repeat(64)}&from=a`],
    ['no source', `mount=sha256:${'0'.repeat(64)}`],
    ['a malformed digest', 'mount=sha256:0&from=a'],
    ['no digest', 'from=a'],
  ])('of %s becomes an ordinary upload', async (_, query) => {
    const { status, headers } = await mount(query)
    expect(status).toBe(202)
    expect(headers.location).toMatch(/^\/v2\/b\/blobs\/uploads\//)
  })

  test('without a source never finds a blob elsewhere', async () => {
    const digest = await pushBlob(registry, 'a', 'somewhere else')
    expect((await mount(`mount=${digest}`)).status).toBe(202)
    expect(await content(digest, 'b')).toBe('404')
  })

  test.each(['..', '../a', 'A', 'a%00', 'a%2F..%2Fb', 'a%0d%0aX-Injected:%201', 'x'.repeat(256)])(
    'from %s is refused before anything else',
    async (from) => {
      expect(await mount(`mount=sha256:${'0'.repeat(64)}&from=${from}`)).toMatchObject({
        status: 400,
        code: 'NAME_INVALID',
      })
    },
  )
})

test('Locations never come from the request', async () => {
  const headers = {
    host: 'evil.example.com',
    'x-forwarded-host': 'evil.example.com',
    forwarded: 'host=evil.example.com',
  }
  const answer = await registry.send('POST', '/v2/a/blobs/uploads/', { headers })
  expect(answer.headers.location).toMatch(/^\/v2\/a\/blobs\/uploads\//)
})

test('Locations begin with the configured host, if there is one', async () => {
  const named = await startRegistry({ baseUrl: 'https://registry.example.com' })
  const { headers } = await named.send('POST', '/v2/a/blobs/uploads/')
  expect(headers.location).toMatch(/^https:\/\/registry\.example\.com\/v2\/a\/blobs\/uploads\//)
  await named.close()
})
