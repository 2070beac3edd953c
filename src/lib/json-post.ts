// Questions and answers in JSON by HTTP POST, over https, or to this very machine.
import { Agent as HttpAgent, request as httpRequest } from 'node:http'
import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { BackendError, ConfigError } from './errors.ts'
import { errorCode } from './file-errors.ts'
import { parseJson } from './json.ts'
import { within } from './within.ts'

/** An HTTP service that answers questions. */
export interface JsonPost {
  /** The JSON value the service answered with. Throws BackendError when it does not answer 200 with JSON in time. */
  ask(question: object, signal?: AbortSignal): Promise<unknown>
  /** Resolves when the service answers anything at all. */
  check(signal: AbortSignal): Promise<void>
  close(): void
}

const MAX_ANSWER = 1024 * 1024
const UNIX = /^unix:(?:\/\/)?(\/[^/\0][^\0]*)$/

/** Checks that secrets may be sent there: `https://…`, `http://` to a loopback address, or `unix:/path/of.sock`. Throws ConfigError. */
export function requireSafeUrl(text: string): void {
  if (UNIX.test(text)) return
  if (!URL.canParse(text))
    throw new ConfigError('must be https://host/path, http://localhost/path or unix:/path/of.sock')
  const { protocol, hostname, username, password } = new URL(text)
  if (username !== '' || password !== '') throw new ConfigError('must not hold a user name or password')
  const loopback = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(hostname)
  if (protocol === 'http:' && !loopback)
    throw new ConfigError(`would ask ${hostname} in clear text: https:// is needed for another machine`)
  if (protocol !== 'https:' && protocol !== 'http:')
    throw new ConfigError('must begin with https://, http:// (to this machine) or unix:/')
}

/**
 * Creates a client for a URL that `requireSafeUrl` lets pass, with up to `sockets` connections that are kept. It follows no redirect,
 * knows no proxy, and each exchange may take `timeout` ms as a whole. Messages name the host at most: a URL may hold a key.
 */
export function createJsonPost(url: string, timeout: number, sockets: number): JsonPost {
  const secure = url.startsWith('https:')
  const agent = new (secure ? HttpsAgent : HttpAgent)({ keepAlive: true, maxSockets: sockets, maxFreeSockets: sockets })
  const target = targetOf(url)

  function send(method: string, body: string, signal: AbortSignal): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const headers = { 'content-type': 'application/json', accept: 'application/json' }
      const options = { ...target.options, method, agent, headers, signal }
      const request: ClientRequest = (secure ? httpsRequest : httpRequest)(options, (response) => {
        readReply(response).then(resolve, reject)
      })
      request.on('error', (error) => {
        // A kept connection may be closed by the service in the very moment in which it is used again.
        const stale = request.reusedSocket && ['ECONNRESET', 'EPIPE'].includes(errorCode(error)) && !signal.aborted
        if (stale) send(method, body, signal).then(resolve, reject)
        else reject(error)
      })
      request.end(body)
    })
  }

  async function exchange(method: string, body: string, signal?: AbortSignal): Promise<Reply> {
    const ending = new AbortController()
    try {
      return await within({ what: target.name, ms: timeout, signal }, () => send(method, body, ending.signal))
    } finally {
      ending.abort()
    }
  }

  return {
    async ask(question, signal) {
      const { status, text } = await exchange('POST', JSON.stringify(question), signal)
      if (status !== 200) throw new BackendError(`${target.name} answered with status ${status}`)
      const answer = parseJson(text)
      if (answer === undefined) throw new BackendError(`${target.name} answered with something that is no JSON`)
      return answer
    },
    async check(signal) {
      await exchange('HEAD', '', signal)
    },
    close: () => agent.destroy(),
  }
}

interface Reply {
  readonly status: number
  readonly text: string
}

function targetOf(url: string): { readonly name: string; readonly options: RequestOptions } {
  const socketPath = UNIX.exec(url)?.[1]
  if (socketPath !== undefined) return { name: socketPath, options: { socketPath, path: '/' } }
  const { host, hostname, port, pathname, search } = new URL(url)
  return { name: host, options: { hostname: hostname.replace(/^\[|\]$/g, ''), port, path: `${pathname}${search}` } }
}

async function readReply(response: IncomingMessage): Promise<Reply> {
  const chunks: Buffer[] = []
  let size = 0
  response.on('data', (chunk: Buffer) => {
    size += chunk.length
    if (size > MAX_ANSWER) response.destroy(new BackendError('the answer is larger than 1 MiB'))
    else chunks.push(chunk)
  })
  await new Promise((resolve, reject) => response.on('end', resolve).on('error', reject))
  return { status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }
}
