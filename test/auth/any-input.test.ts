// Whatever a client sends, reading it ends in a request or in an ApiError, and never in the credentials of somebody else.
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { pathOf, readTokenRequest } from '../../src/auth/request.ts'
import type { TokenRequest } from '../../src/auth/request.ts'
import { ApiError } from '../../src/lib/errors.ts'

/** A request as Node's parser would hand it over. */
function incoming(method: string, url: string, headers: Record<string, string>, body: Uint8Array): IncomingMessage {
  const request = Readable.from(body.length === 0 ? [] : [Buffer.from(body)], { objectMode: false })
  return Object.assign(request, {
    method,
    url,
    headers: { ...headers, 'content-length': String(body.length) },
  }) as unknown as IncomingMessage
}

/** Reads it; undefined when it was refused. */
async function read(request: IncomingMessage): Promise<TokenRequest | undefined> {
  try {
    return await readTokenRequest(request, () => '192.0.2.1')
  } catch (error) {
    if (error instanceof ApiError && error.status >= 400 && error.status < 500) return undefined
    throw error
  }
}

const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string(),
  fc.constantFrom('', ' ', ':', 'repository:a:pull', '%', '%ff', '\0'),
)
const pairs = fc.array(
  fc.tuple(fc.constantFrom('scope', 'service', 'account', 'username', 'password', 'grant_type', 'x'), text),
  { maxLength: 6 },
)
const encoded = pairs.map((list) => new URLSearchParams(list).toString())
const query = fc.oneof(encoded, fc.string({ unit: 'binary' }))
const body = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  encoded.map((fields) => new TextEncoder().encode(fields)),
)
const authorization = fc.oneof(
  text,
  text.map((value) => `Basic ${value}`),
  fc.uint8Array().map((bytes) => `Basic ${Buffer.from(bytes).toString('base64')}`),
)
const type = fc.oneof(
  fc.constantFrom('application/x-www-form-urlencoded', 'application/x-www-form-urlencoded;charset=x'),
  text,
)

test('arbitrary headers, queries and bodies are read or refused', async () => {
  const property = fc.asyncProperty(
    fc.constantFrom('GET', 'POST'),
    query,
    authorization,
    type,
    body,
    async (method, target, auth, contentType, bytes) => {
      const headers = { authorization: auth, 'content-type': contentType }
      const result = await read(incoming(method, `/auth?${target}`, headers, bytes))
      expect(result === undefined || result.scopes.length <= 100).toBe(true)
    },
  )
  await fc.assert(property, { numRuns: 1500 })
})

test('without Basic and without a form nobody is anybody, whatever the query says', async () => {
  const property = fc.asyncProperty(query, async (target) => {
    const result = await read(incoming('GET', `/auth?${target}`, {}, new Uint8Array()))
    expect(result?.credentials.account ?? '').toBe('')
    expect(result?.credentials.password.reveal() ?? '').toBe('')
  })
  await fc.assert(property, { numRuns: 500 })
})

test('Basic comes back as it was sent, split at the first colon', async () => {
  const user = fc.string({ unit: 'grapheme' }).filter((name) => !name.includes(':'))
  const property = fc.asyncProperty(user, fc.string({ unit: 'grapheme' }), async (account, password) => {
    fc.pre(account !== '' || password !== '')
    const header = `Basic ${Buffer.from(`${account}:${password}`).toString('base64')}`
    const result = await read(incoming('GET', '/auth', { authorization: header }, new Uint8Array()))
    expect([result?.credentials.account, result?.credentials.password.reveal()]).toEqual([account, password])
  })
  await fc.assert(property, { numRuns: 300 })
})

test.each([
  ['/auth', '/auth'],
  ['/auth?x=/y', '/auth'],
  ['/auth#x', '/auth'],
  ['//', '//'],
  ['', ''],
  ['*', '*'],
  ['/auth/?', '/auth/'],
  ['/%61uth', '/%61uth'],
])('the path of "%s" is "%s"', (target, expected) => {
  expect(pathOf(target)).toBe(expected)
})
