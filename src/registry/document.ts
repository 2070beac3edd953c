// What a manifest says about itself: its media type, and the blobs it needs. The bytes are never changed.
// https://github.com/opencontainers/image-spec/blob/main/manifest.md
import { z } from 'zod'
import type { ApiError } from '../lib/errors.ts'
import type { Digest } from '../protocol/digest.ts'
import { parseDigest } from '../protocol/digest.ts'
import { registryError } from './errors.ts'

const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json'
const OCI_INDEX = 'application/vnd.oci.image.index.v1+json'
const DOCKER_MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json'
const DOCKER_LIST = 'application/vnd.docker.distribution.manifest.list.v2+json'
const SCHEMA1 = 'application/vnd.docker.distribution.manifest.v1+prettyjws'

const MEDIA_TYPES: readonly string[] = [OCI_MANIFEST, OCI_INDEX, DOCKER_MANIFEST, DOCKER_LIST]
const INDEXES: readonly string[] = [OCI_INDEX, DOCKER_LIST]

// Layers that clients fetch from elsewhere and never push.
const FOREIGN = /^application\/vnd\.(?:oci\.image\.layer\.nondistributable\.|docker\.image\.rootfs\.foreign\.)/

const digest = z.string().transform((text, context): Digest => {
  const parsed = parseDigest(text)
  if (parsed !== undefined) return parsed
  context.issues.push({ code: 'custom', input: text, message: 'not a digest' })
  return z.NEVER
})

const Descriptor = z.looseObject({
  mediaType: z.string(),
  digest,
  size: z.int().nonnegative(),
  urls: z.array(z.string()).nullish(),
})

// `null` is how Go writes a list that was never made.
const Document = z.looseObject({
  schemaVersion: z.literal(2),
  mediaType: z.string().optional(),
  config: Descriptor.nullish(),
  layers: z.array(Descriptor).nullish(),
  manifests: z.array(Descriptor).nullish(),
  subject: Descriptor.nullish(),
})

/**
 * The blobs a manifest needs in its repository; an index needs none. Reads what a client pushes with this Content-Type ('' for
 * none), and throws MANIFEST_INVALID unless it is one of the four kinds, says so consistently, and has the parts of that kind
 * and of no other: a document that is two things at once is one to some clients and the other to the rest (CVE-2021-41190).
 */
export function blobsOf(bytes: Uint8Array, contentType: string): readonly Digest[] {
  const json = parseJson(bytes)
  if (json === undefined) throw invalid('it is not JSON')
  if (isSchema1(json)) throw invalid('schema 1 is not supported; push schema 2 or OCI')
  const { success, data, error } = Document.safeParse(json)
  if (!success) throw invalid(error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; '))
  const mediaType = agreedType(data.mediaType ?? '', contentType.split(';', 1)[0]?.trim().toLowerCase() ?? '')
  const { config, layers, manifests } = data
  if (INDEXES.includes(mediaType)) {
    if (config || layers) throw invalid('an index has neither config nor layers')
    if (manifests === undefined) throw invalid('an index needs manifests')
    return []
  }
  if (manifests) throw invalid('a manifest has no manifests')
  if (!config || layers === undefined) throw invalid('a manifest needs config and layers')
  const stored = (layers ?? []).filter((layer) => !FOREIGN.test(layer.mediaType) && !layer.urls?.length)
  return [config, ...stored].map((descriptor) => descriptor.digest)
}

/** The media type to serve stored bytes with; undefined when they are no manifest. It is kept nowhere but in the document. */
export function mediaTypeOf(bytes: Uint8Array): string | undefined {
  const json = parseJson(bytes)
  if (typeof json !== 'object' || json === null) return undefined
  if (isSchema1(json)) return SCHEMA1
  if ('mediaType' in json && MEDIA_TYPES.includes(String(json.mediaType))) return String(json.mediaType)
  return 'manifests' in json ? OCI_INDEX : OCI_MANIFEST
}

function agreedType(inside: string, outside: string): string {
  if (inside !== '' && outside !== '' && inside !== outside) {
    throw invalid(`its mediaType ${inside} is not its Content-Type ${outside}`)
  }
  const mediaType = inside === '' ? outside : inside
  if (!MEDIA_TYPES.includes(mediaType)) throw invalid(`the media type ${mediaType || '(none)'} is not supported`)
  // Only OCI lets a document keep silent about its type; it would be served as an OCI one.
  if (inside === '' && mediaType !== OCI_MANIFEST && mediaType !== OCI_INDEX) throw invalid('it needs a mediaType')
  return mediaType
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes))
  } catch {
    return undefined
  }
}

function isSchema1(json: unknown): boolean {
  return typeof json === 'object' && json !== null && 'schemaVersion' in json && json.schemaVersion === 1
}

function invalid(reason: string): ApiError {
  return registryError('MANIFEST_INVALID', { message: `the manifest is not valid: ${reason}` })
}
