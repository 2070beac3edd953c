// When something behind the token endpoint fails, the client learns which step it was and nothing else; the log learns all.
import { afterEach, expect, test } from '@jest/globals'
import type { IssuerParts } from '../../src/auth/issuer.ts'
import { BackendError } from '../../src/lib/errors.ts'
import { ask, basic } from '../support/http.ts'
import { showingSigner, startTokenServer } from '../support/token-server.ts'
import type { TokenServer } from '../support/token-server.ts'

let server: TokenServer | undefined
afterEach(() => server?.close())

const secretive = new BackendError('ldap.internal:389 said hunter2')
const fail = (): Promise<never> => Promise.reject(secretive)

test.each<[string, Partial<IssuerParts>, string]>([
  ['authentication', { authenticate: fail }, 'Authentication failed'],
  ['authorization', { authorize: fail }, 'Authorization failed'],
  ['signing', { signer: { sign: fail } }, 'Failed to generate token'],
])('an outage of %s is a 500 without details', async (_what, parts, text) => {
  server = await startTokenServer(parts)
  const answer = await ask(server.place, '/auth?service=reg&scope=repository:a:pull')
  expect([answer.status, answer.body]).toEqual([500, `${text} (the server's log says why)\n`])
  expect(answer.headers).toMatchObject({ 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' })
  expect(answer.headers).not.toHaveProperty('retry-after')
  expect(server.lines).toMatchObject([
    { level: 'info', fields: { outcome: 'outage', reason: text, service: 'reg' } },
    { level: 'error', fields: { err: secretive, method: 'GET', path: '/auth' } },
  ])
})

test('the log of an outage holds no query, where some clients put passwords', async () => {
  server = await startTokenServer({ authenticate: fail })
  await ask(server.place, '/auth?password=hunter3')
  expect(JSON.stringify(server.lines)).not.toContain('hunter3')
})

test('too many passwords at once is a 503 that says when to come back', async () => {
  const busy = new BackendError('too many passwords wait to be checked', { retryAfter: 1 })
  server = await startTokenServer({ authenticate: () => Promise.reject(busy) })
  const answer = await ask(server.place, '/auth', { headers: basic('alice', 'secret') })
  expect([answer.status, answer.headers['retry-after']]).toEqual([503, '1'])
})

test('one failed authorization fails the whole request, and nothing is signed', async () => {
  let signed = 0
  server = await startTokenServer({
    authorize: ({ resource }) => (resource.name === 'b' ? fail() : Promise.resolve({ actions: ['pull'] })),
    signer: { sign: (...args) => (signed++, showingSigner.sign(...args)) },
  })
  const answer = await ask(server.place, '/auth?scope=repository:a:pull&scope=repository:b:pull')
  expect([answer.status, signed]).toEqual([500, 0])
})

test.each([
  ['test "quoted" \\issuer', 'Basic realm="test \\"quoted\\" \\\\issuer"'],
  ['Größe\r\nX-Evil: 1', 'Basic realm="Gr??e??X-Evil: 1"'],
])('the realm %j is a header value and nothing more', async (realm, expected) => {
  server = await startTokenServer({ realm })
  const answer = await ask(server.place, '/auth', { headers: basic('alice', 'wrong') })
  expect(answer.headers['www-authenticate']).toBe(expected)
  expect(answer.headers).not.toHaveProperty('x-evil')
})
