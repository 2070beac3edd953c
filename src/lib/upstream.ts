// HTTP requests to somebody else's service: bounded in time and size, never redirected, and silent about what they carried.
import { types } from 'node:util'
import type { z } from 'zod'
import { BackendError } from './errors.ts'
import { errorCode } from './file-errors.ts'
import { parseJson } from './json.ts'

const MAX_BYTES = 1024 * 1024

/** A request. The headers and the body may hold secrets, the URL may not: its path is named in errors. */
export interface UpstreamRequest {
  readonly method?: string | undefined
  readonly headers?: HeadersInit | undefined
  readonly body?: string | URLSearchParams | undefined
  readonly signal?: AbortSignal | undefined
}

/** An answer of any status, with its whole body. */
export interface UpstreamAnswer {
  /** `GET /user`, for errors. */
  readonly request: string
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

/** One service, by the name it has in the log. */
export interface Upstream {
  /** Throws BackendError when no answer came in time or it is larger than 1 MiB. A redirect is an answer like any other. */
  send(url: string, request?: UpstreamRequest): Promise<UpstreamAnswer>
  /** What a 200 says. Throws BackendError when it is another status, or not JSON of this shape. */
  json<T>(answer: UpstreamAnswer, schema: z.ZodType<T>): T
  /** The outage that an answer of this status is. */
  unexpected(answer: UpstreamAnswer): BackendError
  /** `send` in the form that libraries take instead of `fetch`; only text can be sent. */
  fetch(url: string, request: Omit<UpstreamRequest, 'body'> & { readonly body?: unknown }): Promise<Response>
}

/** Creates the way to a service; no request takes longer than `timeoutMs`. */
export function createUpstream(name: string, timeoutMs: number): Upstream {
  async function send(url: string, { method = 'GET', headers, body, signal }: UpstreamRequest = {}) {
    const request = `${method} ${new URL(url).pathname}`
    const ending = new AbortController()
    const end = (): void => ending.abort()
    const timer = setTimeout(end, timeoutMs)
    signal?.addEventListener('abort', end, { once: true })
    if (signal?.aborted === true) end()
    try {
      const response = await fetch(url, {
        method,
        redirect: 'manual', // a token must not follow to wherever an answer points
        signal: ending.signal,
        ...(headers === undefined ? {} : { headers }),
        ...(body === undefined ? {} : { body }),
      })
      return { request, status: response.status, headers: response.headers, text: await readText(response, request) }
    } catch (error) {
      // What was thrown may quote a header, so that only its code goes on.
      if (error instanceof BackendError) throw error
      if (signal?.aborted === true) throw new BackendError('the client went away')
      throw new BackendError(
        ending.signal.aborted
          ? `${name} did not answer ${request} within ${timeoutMs} ms`
          : `${name} could not be reached for ${request}${describeFailure(error)}`,
      )
    } finally {
      clearTimeout(timer)
      signal?.removeEventListener('abort', end)
    }
  }

  async function readText(response: Response, request: string): Promise<string> {
    const chunks: Uint8Array[] = []
    let size = 0
    for await (const chunk of response.body ?? []) {
      size += chunk.byteLength
      if (size > MAX_BYTES)
        throw new BackendError(`${name} answered ${request} with more than ${MAX_BYTES / 1024 / 1024} MiB`)
      chunks.push(chunk)
    }
    return Buffer.concat(chunks).toString('utf8')
  }

  const unexpected = ({ request, status }: UpstreamAnswer): BackendError =>
    new BackendError(`${name} answered ${status} to ${request}`)

  return {
    send,
    unexpected,
    json(answer, schema) {
      if (answer.status !== 200) throw unexpected(answer)
      const parsed = schema.safeParse(parseJson(answer.text))
      if (parsed.success) return parsed.data
      throw new BackendError(`${name} answered ${answer.request} with something else than is documented`)
    },
    async fetch(url, { body, ...request }) {
      const { status, headers, text } = await send(url, { ...request, body: textBody(body) })
      return new Response(NO_BODY.has(status) ? null : text, { status, headers })
    },
  }
}

function textBody(body: unknown): string | URLSearchParams | undefined {
  if (body === undefined || body === null) return undefined
  if (typeof body === 'string' || body instanceof URLSearchParams) return body
  throw new TypeError('the body of a request to a service is text')
}

const NO_BODY = new Set([204, 205, 304])

function describeFailure(error: unknown): string {
  const code = types.isNativeError(error) ? errorCode(error.cause) : ''
  return code === '' ? '' : ` (${code})`
}
