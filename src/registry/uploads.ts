// Uploads: started, mounted, written in one piece or many, finished, asked about, cancelled.
import type { ApiError } from '../lib/errors.ts'
import type { Digest } from '../protocol/digest.ts'
import { formatDigest, parseDigest } from '../protocol/digest.ts'
import { readBody } from './body.ts'
import { registryError } from './errors.ts'
import type { Exchange, Handler, TransferLog } from './exchange.ts'
import { answer, readDigest } from './exchange.ts'
import { readContentRange } from './ranges.ts'
import type { Chunk, Store, Uploads, Written } from './store.ts'

interface UploadHandlersOptions {
  readonly store: Store
  /** The URL of a path below /v2/. */
  readonly url: (path: string) => string
  readonly logTransfer: TransferLog
  readonly idleTimeoutMs: number
}

/** https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pushing-blobs */
export function createUploadHandlers({
  store,
  url,
  logTransfer,
  idleTimeoutMs,
}: UploadHandlersOptions): Readonly<Record<'start' | 'append' | 'finish' | 'status' | 'cancel', Handler>> {
  const uploadsOf = (name: string): Uploads => store.repository(name).uploads
  const chunkOf = ({ req, res }: Exchange): Chunk => ({
    body: readBody(req, res, idleTimeoutMs),
    ...readContentRange(req),
  })

  /** What every answer about a session says of it. */
  const session = (name: string, id: string, size: number): Readonly<Record<string, string>> => ({
    Location: url(`${name}/blobs/uploads/${id}`),
    Range: `0-${Math.max(0, size - 1)}`,
    'Docker-Upload-UUID': id,
  })

  const write = async ({ name, reference }: Exchange, chunk: Chunk): Promise<number> => {
    const written = await uploadsOf(name).write(reference, chunk)
    if (written.outcome === 'written') return written.size
    throw refusal(written.outcome, written.outcome === 'out-of-order' ? session(name, reference, written.size) : {})
  }

  const created = (exchange: Exchange, digest: Digest, moved: { bytes: number } | { from: string }): void => {
    const reference = formatDigest(digest)
    logTransfer(exchange, 'push', { reference, digest, ...moved })
    const Location = url(`${exchange.name}/blobs/${reference}`)
    answer(exchange.res, 201, { Location, 'Docker-Content-Digest': reference })
  }

  return {
    start: async (exchange) => {
      const { res, name, query, from } = exchange
      const wanted = parseDigest(query.get('mount') ?? '')
      if (wanted !== undefined && from !== undefined && (await store.repository(name).blobs.mount(wanted, from))) {
        return created(exchange, wanted, { from })
      }
      const whole = query.get('digest')
      if (whole === null) return answer(res, 202, session(name, await uploadsOf(name).start(), 0))
      const digest = readDigest(whole)
      const written = await uploadsOf(name).receive(chunkOf(exchange).body, digest)
      if (written.outcome !== 'written') throw refusal(written.outcome)
      created(exchange, digest, { bytes: written.size })
    },
    append: async (exchange) => {
      const { res, name, reference } = exchange
      answer(res, 202, session(name, reference, await write(exchange, chunkOf(exchange))))
    },
    finish: async (exchange) => {
      const digest = readDigest(exchange.query.get('digest') ?? '')
      created(exchange, digest, { bytes: await write(exchange, { ...chunkOf(exchange), digest }) })
    },
    status: async ({ res, name, reference }) => {
      const size = await uploadsOf(name).size(reference)
      if (size === undefined) throw refusal('unknown')
      answer(res, 204, session(name, reference, size))
    },
    cancel: async ({ res, name, reference }) => {
      const outcome = await uploadsOf(name).cancel(reference)
      if (outcome !== 'cancelled') throw refusal(outcome)
      answer(res, 204)
    },
  }
}

function refusal(
  outcome: Exclude<Written['outcome'], 'written'>,
  headers: Readonly<Record<string, string>> = {},
): ApiError {
  switch (outcome) {
    case 'out-of-order':
      return registryError('RANGE_INVALID', { message: 'the chunk does not begin where the upload ends', headers })
    case 'busy':
      return registryError('RANGE_INVALID', { message: 'another request is writing to this upload' })
    case 'wrong-length':
      return registryError('SIZE_INVALID', { message: 'the body is not as long as its Content-Range says' })
    case 'wrong-digest':
      return registryError('DIGEST_INVALID', { message: 'the content does not have this digest; the upload is gone' })
    case 'unknown':
      return registryError('BLOB_UPLOAD_UNKNOWN')
  }
}
