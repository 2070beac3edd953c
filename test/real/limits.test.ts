// What the program takes, what it refuses, and what a stranger can write into its log.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { accessOf, adminToken, ask, asAdmin, basic, bearer, eventually, tokenPath } from './asking.ts'
import { cleanUp, endChild, startChild, waitUntil } from './children.ts'
import { type Draft, createDraft, replace, startDraft } from './draft.ts'
import { requires } from './requires.ts'
import { type Server, mainFile } from './server.ts'
import { openWire, statusesOf } from './wire.ts'

let draft: Draft
let server: Server

beforeAll(async () => {
  draft = await createDraft()
  server = await startDraft(draft)
})

afterAll(cleanUp)

const form = { 'Content-Type': 'application/x-www-form-urlencoded' }

const scopes = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => `repository:${'a'.repeat(200)}/${index}:pull`)

describe('a request to the token endpoint', () => {
  test('may name a hundred scopes, and the token for them is good at the registry', async () => {
    const body = new URLSearchParams([['service', 'Test registry'], ...scopes(100).map((scope) => ['scope', scope])])
    const question = { port: draft.port, path: '/auth', method: 'POST', headers: { ...form, ...asAdmin } }
    const answer = await ask({ ...question, body: body.toString() })
    expect(accessOf(answer.body)).toHaveLength(100)
    const { token } = JSON.parse(answer.body) as { token: string }
    expect(token.length).toBeGreaterThan(20 * 1024)
    expect((await ask({ port: draft.registryPort, path: '/v2/', headers: bearer(token) })).status).toBe(200)
  })

  test('may not name more', async () => {
    const path = tokenPath(...scopes(101).map((scope) => scope.replace(/a+/, 'a')))
    const { status, body } = await ask({ port: draft.port, path, headers: asAdmin })
    expect([status, body]).toEqual([400, 'Bad request: more than 100 scopes\n'])
  })

  test.each([
    ['announces', {}],
    ['sends in chunks', { 'Transfer-Encoding': 'chunked' }],
  ])('may not have the large body that it %s', async (_how, headers) => {
    const question = { port: draft.port, path: '/auth', method: 'POST', headers: { ...form, ...headers } }
    expect((await ask({ ...question, body: `service=${'x'.repeat(70_000 - 8)}` })).status).toBe(413)
  })

  test('may come with many others in one go; they are answered in their order', async () => {
    const services = Array.from({ length: 200 }, (_, index) => `service-${index}`)
    const requests = services.map((name) => `GET /auth?service=${name} HTTP/1.1\r\nHost: x\r\n\r\n`)
    const wire = await openWire(draft.port)
    await wire.send(`${requests.join('')}GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)
    const answers = await wire.over
    const audiences = [...answers.matchAll(/"token":"[^.]*\.([^.]*)\./g)].map(
      ([, claims = '']) => (JSON.parse(Buffer.from(claims, 'base64url').toString()) as { aud: string }).aud,
    )
    expect(audiences).toEqual(services)
  })
})

describe('headers', () => {
  const refusals = (): object[] => server.lines().filter(({ msg }) => msg === 'request')

  test.each([
    ['the token port', () => draft.port, '/healthz'],
    ['the registry port', () => draft.registryPort, '/v2/'],
  ])('of more than 64 KiB are refused at %s, and the log says so', async (_name, port, path) => {
    const before = refusals().length
    const wire = await openWire(port())
    await wire.send(`GET ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${'x'.repeat(66_000)}\r\n\r\n`)
    expect(statusesOf(await wire.over)).toEqual([431])
    await eventually('the refusal stands in the log', () => refusals().length > before)
    const line = { level: 'info', outcome: 'bad request', reason: 'Parse Error: Header overflow', ip: '127.0.0.1' }
    expect(refusals().slice(before)).toMatchObject([line])
  })
})

describe.each([
  ['without a token', '/v2/a/blobs/uploads/x?digest=x', 401],
  ['to a place that is none', '/v3/a/blobs/uploads/x', 404],
])('an upload of a gibibyte %s', (_what, path, refusal) => {
  const announce = (extra: string): string =>
    `PUT ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: ${2 ** 30}\r\n${extra}\r\n`

  test('is refused before the first byte, if it asks', async () => {
    const wire = await openWire(draft.registryPort)
    await wire.send(announce('Expect: 100-continue\r\n'))
    expect(statusesOf(await wire.over)).toEqual([refusal])
  })

  test('is refused while it comes, and not taken to its end', async () => {
    const wire = await openWire(draft.registryPort)
    await wire.send(announce(''))
    const piece = Buffer.alloc(64 * 1024)
    let sent = 0
    while (!wire.isOver()) {
      // Whoever is not read from any more waits here, until the connection ends.
      await Promise.race([wire.send(piece), wire.over])
      sent += piece.length
    }
    expect(statusesOf(await wire.over)).toEqual([refusal])
    expect(sent).toBeLessThan(64 * 2 ** 20)
  })
})

test.each(['/', '/healthz', '//v2/', '/V2/', '/v3/'])(
  '%s is no place of the registry, which says so in JSON',
  async (path) => {
    const { status, headers, body } = await ask({ port: draft.registryPort, path })
    expect([status, headers['content-type']]).toEqual([404, 'application/json'])
    expect(JSON.parse(body)).toMatchObject({ errors: [{ code: 'UNSUPPORTED' }] })
  },
)

const evil = 'eve\n{} level=info account=admin\r\u001b[2J\u001b]0;owned\u0007\u009b31m\u2028\u0000'

/** Puts the text everywhere a stranger can. */
const mutter = async (): Promise<void> => {
  const text = encodeURIComponent(evil)
  const questions = [
    { path: '/auth', headers: basic(evil, 'x') },
    { path: `/auth?service=${text}&account=${text}&scope=repository:a:pull` },
    { path: `/auth?scope=${text}` },
    { path: `/auth?scope=repository:${text}:pull` },
    { path: '/auth', method: 'POST', headers: form, body: `grant_type=${text}&username=${text}&password=x` },
    { path: `/${text}` },
  ]
  for (const question of questions) {
    expect((await ask({ port: draft.port, ...question })).status).toBeLessThan(500)
    await ask({ port: draft.registryPort, ...question, headers: bearer(Buffer.from(evil).toString('base64')) })
  }
}

describe('what a stranger says', () => {
  test('stands in the log as one line of JSON each, without a raw control character', async () => {
    const before = server.child.stdout().length
    await mutter()
    const token = await adminToken(draft.port)
    expect(token).not.toBe('')
    await eventually('the last line is there', () => server.child.stdout().slice(before).includes('"account":"admin"'))
    const lines = server.child.stdout().slice(before).trimEnd().split('\n')
    const parsed = lines.map((line) => JSON.parse(line) as { account?: string; msg: string })
    expect(parsed.filter(({ account }) => account === evil)).toHaveLength(1)
    expect(parsed.filter(({ account }) => account === 'admin')).toHaveLength(1)
    expect(lines.join('')).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/)
  })
})

requires('script')('on a terminal', () => {
  test('what a stranger says moves nothing but the line it stands on', async () => {
    await server.stop()
    replace(draft.at('config.yml'), draft.config)
    const command = `exec '${process.execPath}' '${mainFile}' serve config.yml`
    const terminal = startChild('script', ['-qec', command, '/dev/null'], { cwd: draft.folder })
    await waitUntil(terminal, async () => (await ask({ port: draft.port, path: '/healthz' })).status === 200)
    await mutter()
    await eventually('the lines are there', () => terminal.stdout().includes('unsupported_grant_type'))
    await endChild(terminal)
    expect(terminal.stdout()).toMatch(/^\d\d:\d\d:\d\d INFO +ready /m)
    expect(terminal.stdout().replace(/\r\n/g, '')).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/)
  })
})
