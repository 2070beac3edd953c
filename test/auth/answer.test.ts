// The shape of every answer of the token endpoint: statuses, headers, bodies, and what it does with methods and bodies.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { ask, askRaw, basic, form } from '../support/http.ts'
import { ISSUED_AT, shown, startTokenServer } from '../support/token-server.ts'
import type { TokenServer } from '../support/token-server.ts'

let server: TokenServer
beforeAll(async () => {
  server = await startTokenServer()
})
afterAll(() => server.close())

describe('a token', () => {
  test('is answered under both names, with its life and its time, to a GET', async () => {
    const answer = await ask(server.place, '/auth?service=reg', { headers: basic('alice', 'secret') })
    const { token, ...rest } = answer.json()
    expect(rest).toEqual({ access_token: token, expires_in: 900, issued_at: new Date(ISSUED_AT * 1000).toISOString() })
    expect(shown(token)).toEqual({ grant: { account: 'alice', access: [] }, service: 'reg' })
    expect(answer.headers).toMatchObject({
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(answer.body)),
      'cache-control': 'no-store',
    })
  })

  test('is answered with its scope as well to a POST, empty where nothing was granted', async () => {
    const answer = await ask(server.place, '/auth', form([['service', 'reg']]))
    expect(Object.keys(answer.json()).sort()).toEqual(['access_token', 'expires_in', 'issued_at', 'scope', 'token'])
    expect(answer.json()['scope']).toBe('')
  })

  test.each([
    ['?service=registry.example.com', 'registry.example.com'],
    ['?service=', ''],
    ['', ''],
    ['?service=a&service=b', 'a'],
    ['?service=%C3%A9%20%22', 'é "'],
  ])('of %s is for the service "%s"', async (query, service) => {
    expect(shown((await ask(server.place, `/auth${query}`)).json()['token']).service).toBe(service)
  })

  test('is asked for in the form before the query', async () => {
    const answer = await ask(server.place, '/auth?service=query', form([['service', 'form']]))
    expect(shown(answer.json()['token']).service).toBe('form')
  })
})

describe('a method', () => {
  test.each(['HEAD', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'PROPFIND'])('%s is not allowed', async (method) => {
    const answer = await ask(server.place, '/auth', { method })
    expect(answer.status).toBe(405)
    expect(answer.headers).toMatchObject({ allow: 'GET, POST', 'cache-control': 'no-store' })
    expect(answer.body).toBe(method === 'HEAD' ? '' : 'Method not allowed\n')
  })
})

describe('a body', () => {
  const typed = (type: string, body: string) => ({ method: 'POST', headers: { 'content-type': type }, body })

  test.each([
    ['application/x-www-form-urlencoded', 200],
    ['application/x-www-form-urlencoded; charset=utf-8', 200],
    ['Application/X-WWW-Form-Urlencoded;charset=UTF-8', 200],
    ['application/json', 400],
    ['multipart/form-data; boundary=x', 400],
    ['text/plain', 400],
    ['', 400],
  ])('of type "%s" is answered %i', async (type, status) => {
    const answer = await ask(server.place, '/auth', typed(type, 'service=reg'))
    expect(answer.status).toBe(status)
    if (status === 400) expect(answer.body).toBe('Bad request: the body must be application/x-www-form-urlencoded\n')
  })

  test('in JSON with credentials is never taken for nobody', async () => {
    const body = JSON.stringify({ grant_type: 'password', username: 'alice', password: 'secret' })
    expect((await ask(server.place, '/auth', typed('application/json', body))).status).toBe(400)
  })

  test('that is absent is an empty form, whatever its type', async () => {
    expect(
      (
        await ask(server.place, '/auth', {
          method: 'POST',
          headers: { 'content-length': 0, 'content-type': 'application/json' },
        })
      ).status,
    ).toBe(200)
  })

  test('of a GET is not read', async () => {
    const asked = form([
      ['username', 'alice'],
      ['password', 'secret'],
    ])
    const headers = { ...asked.headers, 'content-length': Buffer.byteLength(asked.body ?? '') }
    const answer = await ask(server.place, '/auth', { ...asked, method: 'GET', headers })
    expect(shown(answer.json()['token']).grant.account).toBe('')
  })

  test.each([
    [64 * 1024, 200],
    [64 * 1024 + 1, 413],
    [900 * 1024, 413],
  ])('of %i bytes is answered %i', async (size, status) => {
    const body = `x=${'a'.repeat(size - 2)}`
    const answer = await ask(server.place, '/auth', typed('application/x-www-form-urlencoded', body))
    expect(answer.status).toBe(status)
    if (status === 413) expect(answer.headers['connection']).toBe('close')
  })

  test('that ends nowhere is ended here', async () => {
    const head =
      'POST /auth HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\n'
    const chunk = `4000\r\n${'a'.repeat(0x4000)}\r\n`
    const answer = await askRaw(server.place, head + chunk.repeat(5))
    expect(answer).toMatch(/^HTTP\/1.1 413 /)
  })
})

test('a client that waits for 100 Continue is told to go on', async () => {
  const head =
    'POST /auth HTTP/1.1\r\nHost: x\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 0\r\n\r\n'
  await expect(askRaw(server.place, head)).resolves.toMatch(/^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 200 OK\r\n/)
})

test.each([
  'GET /auth?scope=%ZZ%00%FF HTTP/1.1',
  'GET http://other.example.com/auth HTTP/1.1',
  'GET /auth?&&=&=&scope&service HTTP/1.1',
  `GET /auth?service=${'a'.repeat(8000)} HTTP/1.1`,
])('the odd request line "%s" is answered like any other', async (line) => {
  await expect(askRaw(server.place, `${line}\r\nHost: x\r\nConnection: close\r\n\r\n`)).resolves.toMatch(
    /^HTTP\/1.1 (200|400) /,
  )
})

describe('the log has one line per request', () => {
  const lastLine = (): object | undefined => server.lines.at(-1)

  test('that says who asked what, what was granted, and by which rule', async () => {
    const scopes = 'repository:public/a:pull,push+repository:private:pull'
    await ask(server.place, `/auth?service=reg&scope=${scopes}`)
    expect(lastLine()).toEqual({
      level: 'info',
      message: 'token',
      fields: {
        account: '',
        service: 'reg',
        asked: 'repository:public/a:pull,push repository:private:pull',
        granted: 'repository:public/a:pull',
        rules: 'rules:2 none',
        outcome: 'partial',
        ip: '127.0.0.1',
        ms: expect.any(Number),
      },
    })
  })

  test.each([
    ['mallory', 'x', 'unknown account'],
    ['alice', 'x', 'wrong-password'],
    ['', 'x', 'refused'],
  ])('that says why "%s" was not let in', async (user, password, reason) => {
    await ask(server.place, '/auth', { headers: basic(user, password) })
    expect(lastLine()).toMatchObject({ fields: { account: user, outcome: 'refused', reason } })
  })

  test('that says what was wrong with it', async () => {
    await ask(server.place, '/auth?scope=x')
    expect(lastLine()).toMatchObject({
      fields: { outcome: 'bad request', reason: 'Bad request: invalid scope: "x"', ip: '127.0.0.1' },
    })
  })

  test('that says so when its method is not allowed', async () => {
    await ask(server.place, '/auth', { method: 'DELETE' })
    expect(lastLine()).toEqual({
      level: 'info',
      message: 'token',
      fields: { outcome: 'bad request', reason: 'method not allowed', ip: '127.0.0.1' },
    })
  })
})
