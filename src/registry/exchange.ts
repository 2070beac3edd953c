// One authorized request on its way through a handler, and the plain answers handlers give.
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http'
import type { Logger } from '../lib/logger.ts'
import type { Digest } from '../protocol/digest.ts'
import { formatDigest, parseDigest } from '../protocol/digest.ts'
import type { Grant } from '../token/index.ts'
import { registryError } from './errors.ts'

export interface Exchange {
  readonly req: IncomingMessage
  readonly res: ServerResponse
  /** The repository's name, and the last part of the path; '' where the route has none. */
  readonly name: string
  readonly reference: string
  readonly query: URLSearchParams
  /** The repository to take a blob from, as the guard read it: it may be pulled from. */
  readonly from: string | undefined
  readonly grant: Grant
}

/** Reads the exchange, makes one call, and answers; or throws. */
export type Handler = (exchange: Exchange) => Promise<void>

/** Parses a digest the client sent. Throws DIGEST_INVALID. */
export function readDigest(text: string): Digest {
  const digest = parseDigest(text)
  if (digest === undefined) throw registryError('DIGEST_INVALID', { detail: { digest: text } })
  return digest
}

/** Whether the client already has what this entity tag names; the tag may come without its quotes. */
export function isUnchanged(req: IncomingMessage, digest: Digest): boolean {
  const tags = (req.headers['if-none-match'] ?? '').split(',').map((tag) => tag.trim().replace(/^(?:W\/)?"?|"$/g, ''))
  return tags.includes('*') || tags.includes(formatDigest(digest))
}

/** Answers without a body. */
export function answer(res: ServerResponse, status: number, headers: OutgoingHttpHeaders = {}): void {
  const hasLength = status !== 204 && status !== 304
  res.writeHead(status, { ...headers, ...(hasLength ? { 'Content-Length': 0 } : {}) }).end()
}

/** Answers with JSON. */
export function answerJson(res: ServerResponse, value: unknown, headers: OutgoingHttpHeaders = {}): void {
  const body = JSON.stringify(value)
  res
    .writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body), ...headers })
    .end(body)
}

interface Transfer {
  readonly reference: string
  readonly digest?: Digest | undefined
  readonly bytes?: number
  /** The repository a blob was mounted from. */
  readonly from?: string
}

/** Notes what a request moves or deletes. */
export type TransferLog = (exchange: Exchange, verb: 'push' | 'pull' | 'delete', transfer: Transfer) => void

interface TransferLogOptions {
  readonly log: Logger
  readonly clientIp: (req: IncomingMessage) => string
}

/** Writes one line per transfer, when the response is over and its status is known. */
export function createTransferLog({ log, clientIp }: TransferLogOptions): TransferLog {
  return ({ req, res, name, grant }, verb, { digest, ...transfer }) => {
    // The address is gone once the connection is.
    const ip = clientIp(req)
    res.once('close', () => {
      log.info(
        {
          account: grant.account,
          repository: name,
          ...transfer,
          ...(digest && { digest: formatDigest(digest) }),
          ip,
          status: res.statusCode,
        },
        res.writableFinished ? verb : `${verb} broken off`,
      )
    })
  }
}
