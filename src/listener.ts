// A listening port: which requests it answers can be swapped while it serves, and no client can hold it for ever.
import { EventEmitter } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingMessage, RequestListener, Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { connect, Socket } from 'node:net'
import { lstat, unlink } from 'node:fs/promises'
import type { SecureContextOptions } from 'node:tls'
import { types } from 'node:util'
import { formatAddress } from './lib/address.ts'
import type { Address } from './lib/address.ts'
import { ConfigError } from './lib/errors.ts'
import { errorCode } from './lib/file-errors.ts'
import type { Logger } from './lib/logger.ts'

/** What to listen on. */
export interface ListenerSettings {
  readonly address: Address
  readonly tls: SecureContextOptions | undefined
  /** What an admin can change when the address is taken. */
  readonly moveWith: string
}

/** What a port does from now on; on a TLS port, `tls` is the certificate of new connections. */
export interface Service {
  readonly handler: RequestListener
  readonly tls: SecureContextOptions | undefined
  /** How long a stop waits for requests in flight, in ms. */
  readonly graceMs: number
  /** How long a whole request may take to arrive, in ms; 0 where bodies are watched as they come. */
  readonly requestTimeout: number
}

/** An open port. */
export interface Listener {
  use(service: Service): void
  /** Stops accepting, lets requests in flight finish for as long as the service says, then ends what is left. */
  close(): Promise<void>
}

const HEADERS_TIMEOUT = 10_000
const CHECK_INTERVAL = 1_000
const KEEP_ALIVE_TIMEOUT = 65_000
// For the rest of a body that was answered before it had arrived.
const LATE_BODY_TIMEOUT = 1_000
// A token with a certificate chain and many scopes is larger than Node's 16 KiB.
const MAX_HEADER_SIZE = 64 * 1024

/** Opens the port. Throws ConfigError when it cannot be had. */
export async function openListener(settings: ListenerSettings, log: Logger): Promise<Listener> {
  let current: Service = {
    handler: (_request, response) => void response.writeHead(503).end(),
    tls: settings.tls,
    graceMs: 0,
    requestTimeout: HEADERS_TIMEOUT,
  }
  const handle: RequestListener = (request, response) => {
    if (request.url?.startsWith('/') !== true) request.url = originForm(request.url ?? '')
    if (announcesBody(request)) response.once('finish', () => endUnlessComplete(request))
    current.handler(request, response)
  }
  const options = {
    maxHeaderSize: MAX_HEADER_SIZE,
    headersTimeout: HEADERS_TIMEOUT,
    requestTimeout: HEADERS_TIMEOUT,
    connectionsCheckingInterval: CHECK_INTERVAL,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT,
    noDelay: true,
  }
  const secure =
    settings.tls === undefined
      ? undefined
      : createTlsServer({ ...options, ...settings.tls, handshakeTimeout: HEADERS_TIMEOUT })
  const server: Server = secure ?? createServer(options)
  server.on('request', handle)
  // The handler says 100 Continue itself, when it begins to read: a refused upload is then never sent.
  server.on('checkContinue', handle)
  logRefusals(server, log)
  const sockets = new Set<Socket>()
  const track = (socket: Socket): void => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  }
  server.on('connection', track)
  // Within the connection, after the handshake: only here it shows whether anything was asked.
  secure?.on('secureConnection', track)
  await listen(server, settings)
  // Failing to accept one connection (too many open files) must not end the others.
  server.on('error', (error) =>
    log.error({ err: error }, `cannot accept connections on ${formatAddress(settings.address)}`),
  )
  return {
    use(service) {
      current = service
      server.requestTimeout = service.requestTimeout
      if (service.tls !== undefined) secure?.setSecureContext(service.tls)
    },
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      // Node counts a connection on which nothing was ever asked among the busy ones.
      for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy()
      const idle = setInterval(() => server.closeIdleConnections(), 50)
      const end = setTimeout(() => sockets.forEach((socket) => socket.destroy()), current.graceMs)
      await closed
      clearInterval(idle)
      clearTimeout(end)
    },
  }
}

// One line for a request that Node answers itself (400, 408, 413, 431), because no handler ever sees it. The event is
// overheard on its way: whoever listens to it has to give those answers, too.
function logRefusals(server: Server, log: Logger): void {
  server.emit = (event: string | symbol, ...details: unknown[]): boolean => {
    if (event === 'clientError') {
      const [error, socket] = details
      if (types.isNativeError(error) && isRefusal(errorCode(error)) && socket instanceof Socket)
        log.info({ outcome: 'bad request', reason: error.message, ip: socket.remoteAddress ?? '' }, 'request')
    }
    return EventEmitter.prototype.emit.call(server, event, ...details)
  }
}

// Neither a connection that breaks nor a handshake that fails is a request.
function isRefusal(code: string): boolean {
  return code === 'ERR_HTTP_REQUEST_TIMEOUT' || code.startsWith('HPE_')
}

// A whole URL may stand where a path does, and must mean its path: https://www.rfc-editor.org/rfc/rfc9112#section-3.2.2
function originForm(target: string): string {
  const path = target.replace(/^https?:\/\/[^/?#]*/i, '')
  return path.startsWith('/') ? path : `/${path}`
}

function announcesBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || headers['content-length'] !== undefined
}

// Node takes whatever still comes after the answer, without end.
function endUnlessComplete(request: IncomingMessage): void {
  setTimeout(() => {
    if (!request.complete) request.destroy()
  }, LATE_BODY_TIMEOUT).unref()
}

async function listen(server: Server, settings: ListenerSettings): Promise<void> {
  const { address } = settings
  if (address.kind === 'unix') await removeStaleSocket(address.path)
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(
        address.kind === 'unix' ? { path: address.path } : { host: address.host, port: address.port },
        () => {
          server.off('error', reject)
          resolve()
        },
      )
    })
  } catch (error) {
    throw new ConfigError(describeListenFailure(settings, errorCode(error)), { cause: error })
  }
}

function describeListenFailure({ address, moveWith }: ListenerSettings, code: string): string {
  const where = formatAddress(address)
  if (code === 'EADDRINUSE') return `${where} is already in use: stop what listens there, or ${moveWith}`
  // libuv says so for a missing folder, too.
  if (code === 'EACCES' && address.kind === 'unix')
    return `cannot listen on ${where} (its folder is missing or closed to this process): ${moveWith}`
  if (code === 'EACCES') return `this process may not listen on ${where}: use a port above 1023, or ${moveWith}`
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') return `${where} is no address of this machine: ${moveWith}`
  return `cannot listen on ${where} (${code}): ${moveWith}`
}

// A socket file whose process is gone refuses connections and would block this start for ever. So does any other file: that stays.
async function removeStaleSocket(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined)
  if (found?.isSocket() !== true) return
  const code = await new Promise<string>((resolve) => {
    const probe = connect(path, () => {
      probe.destroy()
      resolve('')
    }).on('error', (error) => resolve(errorCode(error)))
  })
  if (code === 'ECONNREFUSED') await unlink(path)
}
