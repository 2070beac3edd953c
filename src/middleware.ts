// What every response shares, and the only writer of error responses.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { ApiError } from './lib/errors.ts'
import type { ErrorBody } from './lib/errors.ts'
import type { Logger } from './lib/logger.ts'

/** How a door words an error that nobody foresaw. */
export type Door = 'token' | 'registry'

const UNFORESEEN: Readonly<Record<Door, ErrorBody>> = {
  token: { text: 'Internal server error' },
  registry: { json: { errors: [{ code: 'UNKNOWN', message: 'unknown error', detail: null }] } },
}

const LINGER_BYTES = 1024 * 1024
const LINGER_MS = 1000

/** Turns anything thrown into a response. Whatever is not the client's doing is logged with its causes and answered without them. */
export function writeError(
  request: IncomingMessage,
  response: ServerResponse,
  error: unknown,
  door: Door,
  log: Logger,
): void {
  const known = error instanceof ApiError ? error : new ApiError(500, UNFORESEEN[door], { cause: error })
  const gone = request.socket.destroyed || response.destroyed
  if (known.status >= 500 && !gone)
    log.error({ err: known.cause ?? known, method: request.method, path: request.url?.split('?', 1)[0] }, known.message)
  if (gone) return
  if (response.headersSent) {
    response.destroy()
    return
  }
  const [type, body] = render(known.body)
  for (const [name, value] of Object.entries(known.headers)) response.setHeader(name, value)
  response.statusCode = known.status
  response.setHeader('Content-Type', type)
  response.setHeader('X-Content-Type-Options', 'nosniff')
  response.setHeader('Cache-Control', 'no-store')
  response.setHeader('Content-Length', Buffer.byteLength(body))
  finish(request, response, body)
}

function render(body: ErrorBody): [type: string, body: string] {
  if ('text' in body) return ['text/plain; charset=utf-8', `${body.text}\n`]
  return ['application/json', JSON.stringify(body.json)]
}

// A refused upload is not swallowed: the answer goes out at once, a little of what is still coming is thrown away so that
// the client gets to read it (closing at once would reset the connection), and then the connection ends.
function finish(request: IncomingMessage, response: ServerResponse, body: string): void {
  const expectsBody =
    request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0
  if (request.complete || !expectsBody) {
    response.end(body)
    return
  }
  response.setHeader('Connection', 'close')
  response.write(body)
  let left = LINGER_BYTES
  const end = (): void => {
    clearTimeout(timer)
    response.end()
  }
  const timer = setTimeout(end, LINGER_MS)
  request.once('end', end).once('close', end)
  request.on('data', (chunk: Buffer) => {
    left -= chunk.length
    // Whoever sends more has to wait, and so has the time to read the answer.
    if (left < 0) request.pause()
  })
}
