// Requests to somebody else's service: what is sent, what is an outage, and what never shows.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { z } from 'zod'
import { createUpstream } from '../../src/lib/upstream.ts'
import { MALFUNCTIONS, outageOf } from '../support/providers/failures.ts'
import { silence, startFakeServer } from '../support/providers/server.ts'
import type { FakeServer } from '../support/providers/server.ts'

const upstream = createUpstream('the service', 300)
const Reply = z.object({ method: z.string(), sent: z.string(), type: z.string().nullish() })

let server: FakeServer
beforeEach(async () => {
  server = await startFakeServer(({ method, headers, body }) => ({
    json: { method, sent: body.toString(), type: headers['content-type'] ?? null },
  }))
})
afterEach(() => server.close())

describe('a request', () => {
  test('is a GET unless it says otherwise', async () => {
    const answer = await upstream.send(`${server.url}/path?query`)
    expect(answer.request).toBe('GET /path')
    expect(upstream.json(answer, Reply)).toEqual({ method: 'GET', sent: '', type: null })
  })

  test('sends a form', async () => {
    const body = new URLSearchParams({ secret: 'a+b & c%' })
    const answer = await upstream.send(`${server.url}/`, { method: 'POST', body })
    expect(upstream.json(answer, Reply)).toMatchObject({ method: 'POST', sent: body.toString() })
    expect(upstream.json(answer, Reply).type).toMatch('application/x-www-form-urlencoded')
  })

  test('is not redirected: its token stays where it was sent', async () => {
    const elsewhere = await startFakeServer(() => ({ json: {} }))
    server.override('/', () => ({ status: 307, headers: { location: elsewhere.url }, text: '' }))
    expect(await upstream.send(`${server.url}/`, { headers: { authorization: 'canary' } })).toMatchObject({
      status: 307,
    })
    expect(elsewhere.requests).toEqual([])
    await elsewhere.close()
  })

  test('is given up with the client', async () => {
    server.override('/', silence)
    const client = new AbortController()
    const asked = createUpstream('the service', 60_000).send(`${server.url}/`, { signal: client.signal })
    client.abort()
    expect(await outageOf(asked)).toBe('the client went away')
  })

  test('with a token that is no header value fails without quoting it', async () => {
    const headers = { authorization: 'Bearer canary\n' + 'canary' }
    expect(await outageOf(upstream.send(`${server.url}/`, { headers }))).toContain('could not be reached')
  })
})

describe('an answer', () => {
  test.each(MALFUNCTIONS)('of a service that %s is an outage where JSON is expected', async (_, handler) => {
    server.override('/secret', handler)
    const asked = upstream.send(`${server.url}/secret`).then((answer) => upstream.json(answer, Reply))
    expect(await outageOf(asked)).toContain('the service')
  })

  test('that trickles in ends with the time limit', async () => {
    const drip = createServer((_request, response) => {
      const timer = setInterval(() => response.write(' '), 20)
      response.on('close', () => clearInterval(timer))
    })
    await new Promise<void>((resolve) => drip.listen(0, '127.0.0.1', resolve))
    const { port } = drip.address() as AddressInfo
    const asked = upstream.send(`http://127.0.0.1:${port}/slow`)
    expect(await outageOf(asked)).toBe('the service did not answer GET /slow within 300 ms')
    drip.close()
    drip.closeAllConnections()
  })

  test('may have any status, and no body', async () => {
    server.override('/', () => ({ status: 204 }))
    expect(await upstream.send(`${server.url}/`)).toMatchObject({ status: 204, text: '' })
    expect(upstream.unexpected(await upstream.send(`${server.url}/`)).message).toBe('the service answered 204 to GET /')
  })
})

describe('in place of fetch', () => {
  test('an answer has status, headers and body', async () => {
    const response = await upstream.fetch(`${server.url}/`, { method: 'POST', body: new URLSearchParams({ a: 'b' }) })
    expect(response.headers.get('content-type')).toBe('application/json')
    expect(await response.json()).toMatchObject({ sent: 'a=b' })
  })

  test('one without a body is one', async () => {
    server.override('/', () => ({ status: 304 }))
    expect((await upstream.fetch(`${server.url}/`, { body: null })).status).toBe(304)
  })

  test('only text can be sent', async () => {
    await expect(upstream.fetch(`${server.url}/`, { method: 'POST', body: new Blob(['x']) })).rejects.toThrow(TypeError)
  })
})
