// The whole token server as app.ts composes it: its paths, its pages, what stands on every answer, and whose address counts.
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { startApp } from '../../src/app.ts'
import type { App } from '../../src/app.ts'
import { configText, load, writePairs } from '../support/config.ts'
import { useFolder } from '../support/folder.ts'
import { ask, askRaw, basic } from '../support/http.ts'
import type { Answer, Asked, Place } from '../support/http.ts'
import { createRecorder } from '../support/recorder.ts'
import type { Recorder } from '../support/recorder.ts'

const folder = useFolder()
let app: App | undefined
let recorder: Recorder
beforeEach(async () => {
  await writePairs(folder)
  recorder = createRecorder()
})
afterEach(async () => {
  await app?.stop()
  app = undefined
})

/** Starts the app on a unix socket, with these keys in `server` and these sections. */
async function start(keys = '', sections: Record<string, string> = {}): Promise<Place> {
  const place = { socketPath: folder.path('auth.sock') }
  const server = `{addr: ${place.socketPath}, net: unix${keys === '' ? '' : `, ${keys}`}}`
  const text = configText(folder, { server, users: '{"": {}}', ...sections })
  app = await startApp(await load(folder, text), recorder.log, { server: '', registry: '' })
  return place
}

const HEADING = '<h1>us</h1>'

describe('the paths', () => {
  test.each([
    ['/auth', 200, '"token"'],
    ['/auth?service=x', 200, '"token"'],
    ['/auth/token', 200, '"token"'],
    ['/', 200, HEADING],
    ['/healthz', 200, 'ok\n'],
    ['/readyz', 200, 'ok\n'],
    ['/auth/', 404, 'Not found\n'],
    ['/auth/token/', 404, 'Not found\n'],
    ['/AUTH', 404, 'Not found\n'],
    ['/auth/other', 404, 'Not found\n'],
    ['/google_auth', 404, 'Not found\n'],
    ['/v2/', 404, 'Not found\n'],
    ['/%61uth', 404, 'Not found\n'],
    ['/../auth', 404, 'Not found\n'],
    ['/favicon.ico', 404, 'Not found\n'],
  ])('%s is answered %i', async (path, status, part) => {
    const answer = await ask(await start(), path)
    expect([answer.status, answer.body]).toEqual([status, expect.stringContaining(part)])
    if (status === 404) expect(answer.headers['content-type']).toBe('text/plain; charset=utf-8')
  })

  test.each([
    ['/x/auth', 200],
    ['/x/auth/token', 200],
    ['/x/', 200],
    ['/x/healthz', 200],
    ['/healthz', 200],
    ['/readyz', 200],
    ['/auth', 404],
    ['/', 404],
    ['/xauth', 404],
    ['/x/x/auth', 404],
  ])('under the prefix /x, %s is answered %i', async (path, status) => {
    expect((await ask(await start('path_prefix: /x'), path)).status).toBe(status)
  })

  test('a whole URL as the target is a path like any other', async () => {
    const place = await start()
    const line = (target: string): string => `GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`
    await expect(askRaw(place, line('http://evil.example.com/auth'))).resolves.toMatch(/^HTTP\/1.1 200 /)
    await expect(askRaw(place, line('//'))).resolves.toMatch(/^HTTP\/1.1 404 /)
    await expect(askRaw(place, line('//auth'))).resolves.toMatch(/^HTTP\/1.1 404 /)
  })
})

describe('the front page', () => {
  test('names the issuer as text, whatever it is called, and allows a browser nothing', async () => {
    const token = configText(folder)
      .match(/^token: (.*)$/m)?.[1]
      ?.replace('issuer: us', `issuer: '<script>"&'`)
    const answer = await ask(await start('', { token: token ?? '' }), '/')
    expect(answer.body).toContain('<h1>&#60;script&#62;&#34;&#38;</h1>')
    expect(answer.body).not.toContain('<script>')
    expect(answer.headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      'x-content-type-options': 'nosniff',
    })
  })
})

describe('on every answer', () => {
  const everywhere: [string, Asked][] = [
    ['/auth', {}],
    ['/auth', { headers: basic('x', 'y') }],
    ['/auth?scope=x', {}],
    ['/auth', { method: 'PUT' }],
    ['/', {}],
    ['/healthz', {}],
    ['/nix', {}],
  ]
  const headerOf = ({ headers }: Answer): unknown => headers['strict-transport-security']

  test('stands Strict-Transport-Security when hsts is set, and never otherwise', async () => {
    const place = await start('hsts: true')
    for (const [path, asked] of everywhere)
      expect(headerOf(await ask(place, path, asked))).toBe('max-age=63072000; includeSubDomains')
    await app?.stop()
    const plain = await start()
    for (const [path, asked] of everywhere) expect(headerOf(await ask(plain, path, asked))).toBeUndefined()
  })

  test('nothing tells what this server is made of', async () => {
    const place = await start()
    for (const [path, asked] of everywhere) {
      const { headers } = await ask(place, path, asked)
      expect(Object.keys(headers)).not.toEqual(expect.arrayContaining(['x-powered-by']))
      expect(headers).not.toHaveProperty('server')
    }
  })
})

describe('the address of the client', () => {
  const acl = { acl: '[{match: {ip: 203.0.113.0/24}, actions: ["*"]}]' }
  const forwarded = 'real_ip_header: X-Forwarded-For'

  test.each([
    ['behind a unix socket there is none, and no rule about addresses matches', '', '203.0.113.9', []],
    ['is what the header says', forwarded, '203.0.113.9', ['pull']],
    ['is the element at real_ip_pos', `${forwarded}, real_ip_pos: -1`, '198.51.100.1, 203.0.113.9:99', ['pull']],
    ['is not another element', `${forwarded}, real_ip_pos: 0`, '198.51.100.1, 203.0.113.9', []],
    [
      'is the right-most that is no proxy',
      `${forwarded}, trusted_proxies: [10.0.0.0/8]`,
      '198.51.100.1, 203.0.113.9, 10.1.1.1',
      ['pull'],
    ],
    [
      'is not what a client put on the left',
      `${forwarded}, trusted_proxies: [10.0.0.0/8]`,
      '203.0.113.9, 198.51.100.1',
      [],
    ],
  ])('%s', async (_what, keys, header, actions) => {
    const place = await start(keys, acl)
    const answer = await ask(place, '/auth?scope=repository:a:pull', { headers: { 'x-forwarded-for': header } })
    const [, claims = ''] = String(answer.json()['token']).split('.')
    const { access } = JSON.parse(Buffer.from(claims, 'base64url').toString()) as { access: unknown }
    expect(access).toEqual([{ type: 'repository', name: 'a', actions }])
  })

  test.each([
    ['a header that is missing', forwarded, {}],
    ['a position that is not there', `${forwarded}, real_ip_pos: 3`, { 'x-forwarded-for': '203.0.113.9' }],
    ['an element that is no address', forwarded, { 'x-forwarded-for': 'unknown' }],
  ])('is missing with %s: 400, but health does not ask for it', async (_what, keys, headers) => {
    const place = await start(keys)
    const answer = await ask(place, '/auth', { headers })
    expect([answer.status, answer.body]).toEqual([400, 'Bad request: the client address is missing or malformed\n'])
    expect((await ask(place, '/healthz', { headers })).status).toBe(200)
  })
})
