// Bodies in both directions: what arrives, as long as it keeps arriving, and what is sent, as long as it is taken.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ApiError } from '../lib/errors.ts'
import { BackendError } from '../lib/errors.ts'
import { registryError } from './errors.ts'

/**
 * The request's body, read (and, if the client waits for it, invited) only when it is iterated. Throws an ApiError when no
 * byte arrives for `idleTimeoutMs` (408; time the consumer takes does not count) or when the client goes away.
 */
export async function* readBody(
  req: IncomingMessage,
  res: ServerResponse,
  idleTimeoutMs: number,
): AsyncGenerator<Uint8Array> {
  if (req.headers.expect?.toLowerCase() === '100-continue') res.writeContinue()
  // Destroying the request would take the connection, and the answer, with it.
  const chunks = req.iterator({ destroyOnReturn: false })
  try {
    for (;;) {
      const next: IteratorResult<unknown, unknown> = await arriving(chunks.next(), idleTimeoutMs)
      if (next.done) return
      if (next.value instanceof Uint8Array) yield next.value
    }
  } finally {
    // Lets go of the request, so that whoever answers may drain it. Not awaited: a chunk may still be on its way.
    void chunks.return?.()
  }
}

function arriving<T>(chunk: Promise<T>, idleTimeoutMs: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      const message = `no byte of the request body arrived for ${idleTimeoutMs / 1000} s`
      reject(registryError('UNKNOWN', { status: 408, message, headers: { Connection: 'close' } }))
    }, idleTimeoutMs)
    chunk
      .then(resolve, (error: unknown) =>
        reject(registryError('UNKNOWN', { status: 400, message: 'the request body ended early', cause: error })),
      )
      .finally(() => clearTimeout(timer))
  })
}

/** A whole small body, as `readBody` reads it. Throws a 413 ApiError once it is longer than `limit`, whatever its headers promised. */
export async function readWhole(
  req: IncomingMessage,
  res: ServerResponse,
  idleTimeoutMs: number,
  limit: number,
): Promise<Uint8Array> {
  if (Number(req.headers['content-length'] ?? 0) > limit) throw tooLong(limit)
  // One buffer: thousands of tiny chunks would each cost far more than the byte they hold.
  const whole = Buffer.allocUnsafeSlow(limit)
  let filled = 0
  for await (const chunk of readBody(req, res, idleTimeoutMs)) {
    if (filled + chunk.length > limit) throw tooLong(limit)
    whole.set(chunk, filled)
    filled += chunk.length
  }
  return whole.subarray(0, filled)
}

function tooLong(limit: number): ApiError {
  return registryError('SIZE_INVALID', { status: 413, message: `the body is longer than ${limit} bytes` })
}

/**
 * Sends a stream as the response's body. The connection ends when the client takes no byte for `idleTimeoutMs`; a client
 * that goes away is no error. Throws BackendError when the stream itself fails.
 */
export async function sendBody(res: ServerResponse, source: Readable, idleTimeoutMs: number): Promise<void> {
  res.setTimeout(idleTimeoutMs, () => res.destroy())
  try {
    await pipeline(source, res)
  } catch (error) {
    if (source.errored !== null && !isPrematureClose(source.errored)) {
      throw new BackendError(`registry storage: ${String(error)}`, { cause: error })
    }
  }
}

function isPrematureClose(error: Error): boolean {
  return 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE'
}
