// Plain HTTP for tests: one request, one connection, nothing interpreted.
import { request as httpRequest } from 'node:http'
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http'
import { connect } from 'node:net'

/** Where a server listens. */
export type Place = { readonly port: number; readonly host?: string } | { readonly socketPath: string }

export interface Asked {
  readonly method?: string
  readonly headers?: OutgoingHttpHeaders
  readonly body?: string | Buffer
}

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
  /** The body as JSON; fails the test when it is none. */
  json(): Record<string, unknown>
}

/** Sends one request on a connection of its own. */
export function ask(place: Place, path: string, { method = 'GET', headers = {}, body }: Asked = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ ...place, path, method, headers, agent: false }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8')
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: text,
          json: () => JSON.parse(text) as Record<string, unknown>,
        })
      })
    })
    request.on('error', reject)
    request.end(body)
  })
}

/** Sends raw bytes and answers everything that comes back until the server closes. */
export function askRaw(place: Place, bytes: string | Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = 'socketPath' in place ? connect(place.socketPath) : connect(place.port, '127.0.0.1')
    const chunks: Buffer[] = []
    socket.on('data', (chunk) => chunks.push(chunk))
    socket.on('error', reject)
    socket.on('close', () => resolve(Buffer.concat(chunks).toString('latin1')))
    socket.write(bytes)
  })
}

/** The Authorization header for a user and password. */
export function basic(user: string, password: string): { authorization: string } {
  return { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` }
}

/** A form body and its header. */
export function form(fields: readonly (readonly [string, string])[]): Asked {
  return {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(fields.map(([name, value]) => [name, value])).toString(),
  }
}
