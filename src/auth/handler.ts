// The token endpoint: route, issuer, JSON. A plain listener, because through Express the same answer costs six times as much.
import { setMaxListeners } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { ClientAddress } from '../lib/client-address.ts'
import { ApiError } from '../lib/errors.ts'
import type { Logger } from '../lib/logger.ts'
import type { Issued } from './issuer.ts'
import { readTokenRequest } from './request.ts'
import type { TokenRequest } from './request.ts'

/** Answers a request for a token; rejects with what the roof's error writer turns into a response. */
export type TokenHandler = (request: IncomingMessage, response: ServerResponse) => Promise<void>

/** Creates the endpoint. `headers` stand on every answer. */
export function createTokenHandler(parts: {
  readonly issue: (request: TokenRequest, signal?: AbortSignal) => Promise<Issued>
  readonly clientAddress: ClientAddress
  readonly log: Logger
}): TokenHandler {
  const report = (request: IncomingMessage, reason: string): void =>
    parts.log.info({ outcome: 'bad request', reason, ip: request.socket.remoteAddress ?? '' }, 'token')
  const goneSignal = createGoneSignals()
  return async (request, response) => {
    if (request.method !== 'GET' && request.method !== 'POST') {
      report(request, 'method not allowed')
      throw new ApiError(405, { text: 'Method not allowed' }, { headers: { Allow: 'GET, POST' } })
    }
    if (request.headers.expect !== undefined) response.writeContinue()
    const tokenRequest = await readTokenRequest(request, parts.clientAddress).catch((error: unknown): never => {
      report(request, error instanceof ApiError ? error.message : 'the request broke off')
      throw error
    })
    const issued = await parts.issue(
      tokenRequest,
      tokenRequest.credentials.account === '' ? undefined : goneSignal(request.socket),
    )
    const body = formatIssued(issued, request.method === 'POST')
    response.writeHead(200, {
      'Content-Type': 'application/json',
      'Content-Length': Buffer.byteLength(body),
      'Cache-Control': 'no-store',
    })
    response.end(body)
  }
}

/** One signal for each connection, aborted when it closes: its client then waits for no answer any more. */
function createGoneSignals(): (socket: Socket) => AbortSignal {
  const signals = new WeakMap<Socket, AbortSignal>()
  return (socket) => {
    const known = signals.get(socket)
    if (known !== undefined) return known
    const controller = new AbortController()
    // Many requests may wait on one connection.
    setMaxListeners(0, controller.signal)
    socket.once('close', () => controller.abort())
    signals.set(socket, controller.signal)
    return controller.signal
  }
}

// Both names of the token, because clients of either flow read only theirs; `scope` is required on POST by RFC 6749 section 5.1.
// Written by hand: a token is long, needs no escaping, and would be searched for what does twice.
function formatIssued({ token, expiresIn, issuedAt, granted }: Issued, withScope: boolean): string {
  const issued = `"expires_in":${expiresIn},"issued_at":"${new Date(issuedAt * 1000).toISOString()}"`
  const scope = withScope ? `,"scope":${JSON.stringify(granted)}` : ''
  return `{"access_token":"${token}","token":"${token}",${issued}${scope}}`
}
