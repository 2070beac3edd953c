// Manifests: pushed, pulled and deleted by tag or by digest.
import { createHash } from 'node:crypto'
import type { ApiError } from '../lib/errors.ts'
import { BackendError } from '../lib/errors.ts'
import type { Digest, DigestAlgorithm } from '../protocol/digest.ts'
import { formatDigest } from '../protocol/digest.ts'
import type { Reference } from '../protocol/reference.ts'
import { parseReference } from '../protocol/reference.ts'
import { readWhole } from './body.ts'
import { blobsOf, mediaTypeOf } from './document.ts'
import { registryError } from './errors.ts'
import type { Handler, TransferLog } from './exchange.ts'
import { answer, isUnchanged, readDigest } from './exchange.ts'
import type { Blobs, Manifests, Store } from './store.ts'

// The OCI specification's own limit.
const MAX_BYTES = 4 * 1024 * 1024

interface ManifestHandlersOptions {
  readonly store: Store
  /** The URL of a path below /v2/. */
  readonly url: (path: string) => string
  readonly logTransfer: TransferLog
  readonly idleTimeoutMs: number
}

/** https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests */
export function createManifestHandlers({
  store,
  url,
  logTransfer,
  idleTimeoutMs,
}: ManifestHandlersOptions): Readonly<Record<'get' | 'put' | 'delete', Handler>> {
  return {
    get: async (exchange) => {
      const { req, res, name, reference } = exchange
      const { digest, bytes } = await find(store.repository(name).manifests, reference)
      const text = formatDigest(digest)
      const headers = { 'Docker-Content-Digest': text, ETag: `"${text}"` }
      if (isUnchanged(req, digest)) return answer(res, 304, headers)
      const type = mediaTypeOf(bytes)
      if (type === undefined) throw new BackendError(`registry storage: ${name}@${text} is damaged`)
      if (req.method === 'GET') logTransfer(exchange, 'pull', { reference, digest, bytes: bytes.length })
      res.writeHead(200, { ...headers, 'Content-Type': type, 'Content-Length': bytes.length }).end(bytes)
    },
    put: async (exchange) => {
      const { req, res, name, reference } = exchange
      const target = readReference(reference)
      const { blobs, manifests } = store.repository(name)
      const bytes = await readWhole(req, res, idleTimeoutMs, MAX_BYTES)
      const digest = target.kind === 'tag' ? digestOf(bytes, 'sha256') : digestOf(bytes, target.digest.algorithm)
      if (target.kind === 'digest' && target.digest.hex !== digest.hex) {
        throw registryError('DIGEST_INVALID', { message: `the manifest's digest is ${formatDigest(digest)}` })
      }
      await requireAll(blobs, blobsOf(bytes, req.headers['content-type'] ?? ''))
      await manifests.put(digest, bytes, target.kind === 'tag' ? target.tag : undefined)
      logTransfer(exchange, 'push', { reference, digest, bytes: bytes.length })
      // No OCI-Subject: it would tell clients that referrers are listed here, and they would not tag them any more.
      answer(res, 201, {
        Location: url(`${name}/manifests/${formatDigest(digest)}`),
        'Docker-Content-Digest': formatDigest(digest),
      })
    },
    delete: async (exchange) => {
      const { res, name, reference } = exchange
      const target = readReference(reference)
      const { manifests } = store.repository(name)
      const deleted = await (target.kind === 'tag' ? manifests.deleteTag(target.tag) : manifests.delete(target.digest))
      if (!deleted) throw manifestUnknown(reference)
      logTransfer(exchange, 'delete', { reference, ...(target.kind === 'digest' && { digest: target.digest }) })
      answer(res, 202)
    },
  }
}

function readReference(text: string): Reference {
  const reference = parseReference(text)
  if (reference !== undefined) return reference
  throw registryError(text.includes(':') ? 'DIGEST_INVALID' : 'TAG_INVALID', { detail: { reference: text } })
}

async function find(manifests: Manifests, text: string): Promise<{ digest: Digest; bytes: Uint8Array }> {
  const reference = readReference(text)
  const digest = reference.kind === 'tag' ? await manifests.resolve(reference.tag) : reference.digest
  const bytes = digest && (await manifests.find(digest))
  if (digest === undefined || bytes === undefined) throw manifestUnknown(text)
  return { digest, bytes }
}

async function requireAll(blobs: Blobs, needed: readonly Digest[]): Promise<void> {
  const missing: string[] = []
  for (const text of new Set(needed.map(formatDigest))) {
    if ((await blobs.find(readDigest(text))) === undefined) missing.push(text)
  }
  if (missing.length > 0) throw registryError('MANIFEST_BLOB_UNKNOWN', { detail: { digests: missing } })
}

function digestOf(bytes: Uint8Array, algorithm: DigestAlgorithm): Digest {
  return { algorithm, hex: createHash(algorithm).update(bytes).digest('hex') }
}

function manifestUnknown(reference: string): ApiError {
  return registryError('MANIFEST_UNKNOWN', { detail: { reference } })
}
