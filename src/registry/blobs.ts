// Blobs: whole, in part, described, deleted.
import type { Digest } from '../protocol/digest.ts'
import { formatDigest } from '../protocol/digest.ts'
import { sendBody } from './body.ts'
import { registryError } from './errors.ts'
import type { Exchange, Handler, TransferLog } from './exchange.ts'
import { answer, isUnchanged, readDigest } from './exchange.ts'
import { readRange } from './ranges.ts'
import type { Blob, Store } from './store.ts'

interface BlobHandlersOptions {
  readonly store: Store
  readonly logTransfer: TransferLog
  readonly idleTimeoutMs: number
}

/** https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-blobs */
export function createBlobHandlers({
  store,
  logTransfer,
  idleTimeoutMs,
}: BlobHandlersOptions): Readonly<Record<'head' | 'get' | 'delete', Handler>> {
  const find = async ({ name, reference }: Exchange): Promise<{ digest: Digest; blob: Blob }> => {
    const digest = readDigest(reference)
    const blob = await store.repository(name).blobs.find(digest)
    if (blob === undefined) throw blobUnknown(reference)
    return { digest, blob }
  }
  return {
    head: async (exchange) => {
      const { digest, blob } = await find(exchange)
      exchange.res.writeHead(200, { ...describe(digest), 'Content-Length': blob.size }).end()
    },
    get: async (exchange) => {
      const { req, res, reference } = exchange
      const { digest, blob } = await find(exchange)
      if (isUnchanged(req, digest)) return answer(res, 304, describe(digest))
      const range = readRange(req, blob.size, digest)
      const { start, end } = range ?? { start: 0, end: blob.size - 1 }
      const bytes = end - start + 1
      const source = bytes > 0 ? await blob.read(start, end) : undefined
      logTransfer(exchange, 'pull', { reference, digest, bytes })
      res.writeHead(range === undefined ? 200 : 206, {
        ...describe(digest),
        'Content-Length': bytes,
        ...(range && { 'Content-Range': `bytes ${start}-${end}/${blob.size}` }),
      })
      if (source === undefined) res.end()
      else await sendBody(res, source, idleTimeoutMs)
    },
    delete: async (exchange) => {
      const { res, name, reference } = exchange
      const digest = readDigest(reference)
      if (!(await store.repository(name).blobs.delete(digest))) throw blobUnknown(reference)
      logTransfer(exchange, 'delete', { reference, digest })
      answer(res, 202)
    },
  }
}

function blobUnknown(digest: string): Error {
  return registryError('BLOB_UNKNOWN', { detail: { digest } })
}

function describe(digest: Digest): Readonly<Record<string, string>> {
  const text = formatDigest(digest)
  return {
    'Accept-Ranges': 'bytes',
    // A digest never names other bytes.
    'Cache-Control': 'max-age=31536000',
    'Content-Type': 'application/octet-stream',
    'Docker-Content-Digest': text,
    ETag: `"${text}"`,
  }
}
