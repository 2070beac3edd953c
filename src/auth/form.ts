// The body of a POST to the token endpoint: a form, and nothing else.
import type { IncomingMessage } from 'node:http'
import { ApiError } from '../lib/errors.ts'

const MAX_BYTES = 64 * 1024

/** Reads an `application/x-www-form-urlencoded` body; an absent body is an empty form. Throws ApiError for other types and for too much. */
export async function readForm(request: IncomingMessage): Promise<URLSearchParams> {
  const type = (request.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? ''
  const hasBody =
    request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0
  if (!hasBody) return new URLSearchParams()
  if (type !== 'application/x-www-form-urlencoded') {
    throw new ApiError(400, { text: 'Bad request: the body must be application/x-www-form-urlencoded' })
  }
  const chunks: Buffer[] = []
  let size = 0
  // Leaving the loop must not destroy the request, or the refusal could not be sent.
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    if (!Buffer.isBuffer(chunk)) continue
    size += chunk.length
    if (size > MAX_BYTES) throw new ApiError(413, { text: `Bad request: the body is larger than ${MAX_BYTES} bytes` })
    chunks.push(chunk)
  }
  return new URLSearchParams(Buffer.concat(chunks).toString('utf8'))
}
