// The two ranges of the registry API: the part of a blob a client wants, and the part of an upload it sends.
import type { IncomingMessage } from 'node:http'
import parseRange from 'range-parser'
import type { Digest } from '../protocol/digest.ts'
import { formatDigest } from '../protocol/digest.ts'
import { registryError } from './errors.ts'
import type { Chunk } from './store.ts'

/**
 * The one range of a blob that is asked for; undefined means the whole, which a server may always send. Throws 416 when
 * nothing of it lies within `size`. RFC 9110, 14.2
 */
export function readRange(
  req: IncomingMessage,
  size: number,
  digest: Digest,
): { readonly start: number; readonly end: number } | undefined {
  const { range, 'if-range': ifRange } = req.headers
  if (range === undefined || (ifRange !== undefined && ifRange !== `"${formatDigest(digest)}"`)) return undefined
  const ranges = parseRange(size, range)
  if (ranges === -1) throw registryError('RANGE_INVALID', { headers: { 'Content-Range': `bytes */${size}` } })
  if (ranges === -2 || ranges.type !== 'bytes' || ranges.length !== 1) return undefined
  return ranges[0]
}

/**
 * Where an upload's chunk says it belongs: `first-last`, both included, without unit and total. Throws 416 when it is malformed
 * and 400 when Content-Length says otherwise.
 */
export function readContentRange(req: IncomingMessage): Pick<Chunk, 'range'> {
  const text = req.headers['content-range']
  if (text === undefined) return {}
  const [matched, first, last] = /^(\d{1,15})-(\d{1,15})$/.exec(text) ?? []
  const start = Number(first)
  const length = Number(last) - start + 1
  if (matched === undefined || length < 1) {
    throw registryError('RANGE_INVALID', { message: 'Content-Range is not of the form first-last' })
  }
  const promised = req.headers['content-length']
  if (promised !== undefined && Number(promised) !== length) {
    throw registryError('SIZE_INVALID', { message: 'Content-Length and Content-Range disagree' })
  }
  return { range: { start, length } }
}
