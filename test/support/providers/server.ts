// A local HTTP server that stands in for somebody's API; knows no provider.
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface FakeRequest {
  readonly method: string
  readonly url: URL
  readonly headers: IncomingMessage['headers']
  readonly body: URLSearchParams
}

export interface FakeAnswer {
  readonly status?: number
  readonly headers?: Record<string, string>
  readonly json?: unknown
  readonly text?: string
}

export type Handler = (request: FakeRequest) => FakeAnswer | undefined | Promise<FakeAnswer | undefined>

export interface FakeServer {
  readonly url: string
  /** Everything that was asked, in order. */
  readonly requests: readonly FakeRequest[]
  /** Answers this path in another way from now on. */
  override(path: string, handler: Handler): void
  close(): Promise<void>
}

/** Starts a server on a free port of 127.0.0.1; what `route` does not answer is a 404. */
export async function startFakeServer(
  route: (request: FakeRequest, url: string) => ReturnType<Handler>,
): Promise<FakeServer> {
  const requests: FakeRequest[] = []
  const overrides = new Map<string, Handler>()
  const place = { url: '' }

  async function answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of incoming) chunks.push(chunk as Buffer)
    const request: FakeRequest = {
      method: incoming.method ?? 'GET',
      url: new URL(incoming.url ?? '/', place.url),
      headers: incoming.headers,
      body: new URLSearchParams(Buffer.concat(chunks).toString('utf8')),
    }
    requests.push(request)
    const override = overrides.get(request.url.pathname)
    const found = (await (override === undefined ? route(request, place.url) : override(request))) ?? {
      status: 404,
      json: {},
    }
    const type = found.json === undefined ? 'text/html' : 'application/json'
    response.writeHead(found.status ?? 200, { 'content-type': type, ...found.headers })
    response.end(found.json === undefined ? found.text : JSON.stringify(found.json))
  }

  const server = createServer((incoming, response) => {
    answer(incoming, response).catch(() => response.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  place.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url: place.url,
    requests,
    override: (path, handler) => void overrides.set(path, handler),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** An answer that never comes. */
export const silence: Handler = () => new Promise(() => undefined)
