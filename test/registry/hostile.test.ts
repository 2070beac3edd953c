// Requests nobody honest sends: none of them reaches the disk, none of them is a 500, and the registry goes on.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { readdir } from 'node:fs/promises'
import type { Registry } from './helper.ts'
import { ALL, sendRaw, startRegistry } from './helper.ts'

const DIGEST = `sha256:${'0'.repeat(64)}`

let registry: Registry
beforeAll(async () => {
  registry = await startRegistry()
})
afterAll(() => registry.close())

const statusOf = async (line: string): Promise<number> => {
  const head = `${line} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${ALL}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`
  return Number(/^HTTP\/1\.1 (\d{3}) /.exec(await sendRaw(registry.port, head))?.[1])
}

const names = [
  '..',
  '.',
  'a/..',
  '../a',
  'a/../b',
  'a//b',
  '/a',
  'A',
  '_a',
  'a%2Fb',
  'a%2f..%2fb',
  '%2e%2e',
  '..%2f..%2fetc',
  'a%00',
  'a%0a',
  'a%',
  'a%zz',
  'a%ff',
  'a\\..\\b',
  'a;b',
  'a b',
  '\u00e9',
]

describe.each(names)('the repository %j', (name) => {
  test.each([
    `POST /v2/${name}/blobs/uploads/`,
    `PUT /v2/${name}/manifests/latest`,
    `GET /v2/${name}/manifests/latest`,
    `GET /v2/${name}/blobs/${DIGEST}`,
    `GET /v2/${name}/tags/list`,
    `DELETE /v2/${name}/manifests/${DIGEST}`,
  ])('does not exist for %s', async (line) => {
    expect([400, 404]).toContain(await statusOf(line))
  })
})

test('a name may be long, but not longer than a name', async () => {
  const all = `Authorization: Bearer ${ALL}|repository:${'a'.repeat(255)}:pull`
  const ask = async (name: string): Promise<string> =>
    sendRaw(registry.port, `GET /v2/${name}/tags/list HTTP/1.1\r\nHost: x\r\n${all}\r\nConnection: close\r\n\r\n`)
  expect(await ask('a'.repeat(255))).toContain('NAME_UNKNOWN')
  expect(await ask('a'.repeat(256))).toContain('NAME_INVALID')
  expect(await ask('a/'.repeat(4000) + 'a')).toContain('NAME_INVALID')
})

test.each([
  'GET /v2//',
  'GET //v2/',
  'GET /v2/%2e%2e/',
  'GET /v2/a',
  'GET /v2/a/',
  'GET /v2/a/b/c',
  'GET /v2/a/tags/list/',
  'GET /v2/a/manifests/',
  'GET /v2/a/blobs/',
  `GET /v2/a/referrers/${DIGEST}`,
  'GET /v2/_catalog/',
  'GET /V2/_catalog',
  'GET /v1/_ping',
  'GET /',
  'GET *',
  'GET http://x/v2/a//tags/list',
])('%s is nowhere', async (line) => {
  expect(await statusOf(line)).toBe(404)
})

test('/v2 leads to /v2/, wherever it was asked for', async () => {
  const received = await sendRaw(registry.port, 'GET /v2 HTTP/1.1\r\nHost: evil\r\nConnection: close\r\n\r\n')
  expect(received).toMatch(/^HTTP\/1\.1 301 /)
  expect(received).toMatch(/\r\nLocation: \/v2\/\r\n/)
})

test('whatever the path, the answer is neither a crash nor a success', async () => {
  const part = fc.oneof(
    fc.constantFrom(
      'v2',
      'a',
      '..',
      '.',
      '',
      'blobs',
      'uploads',
      'manifests',
      'tags',
      'list',
      '%2f',
      '%00',
      '%ff',
      '%',
      '?',
    ),
    fc.constantFrom(DIGEST, '_catalog', '_uploads', '\\', '~', ';', 'n=1', 'from=..', '&', '='),
    fc.string({ unit: 'binary-ascii', maxLength: 5 }).map((text) => text.replace(/[\s\0-\x20\x7f]/g, '')),
  )
  const line = fc.record({
    method: fc.constantFrom('GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'),
    path: fc.array(part, { maxLength: 8 }).map((parts) => `/v2/${parts.join('/')}`),
  })
  await fc.assert(
    fc.asyncProperty(line, async ({ method, path }) => {
      const status = await statusOf(`${method} ${path}`)
      const fine = method === 'GET' || method === 'HEAD' ? [200, 301, 400, 401, 404, 405] : [400, 401, 404, 405]
      expect(fine).toContain(status)
    }),
    { numRuns: 300 },
  )
})

test('none of it left anything behind', async () => {
  expect(await readdir(registry.root)).toEqual([])
  expect(registry.log.filter(({ level }) => level === 'error')).toEqual([])
})
