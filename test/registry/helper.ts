// What the registry's tests share: a registry on a free port and in a folder of its own, tokens that say what they grant, and a plain client.
import { randomUUID, createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import type { IncomingHttpHeaders, OutgoingHttpHeaders, Server } from 'node:http'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import express from 'express'
import { writeError } from '../../src/middleware.ts'
import { parseScope } from '../../src/protocol/scope.ts'
import { createDiskStore } from '../../src/registry/disk-store.ts'
import type { RegistryRouterOptions } from '../../src/registry/router.ts'
import { createRegistryRouter } from '../../src/registry/router.ts'
import type { Store } from '../../src/registry/store.ts'
import type { Verifier } from '../../src/token/index.ts'

/** A token that grants the scopes it names: `grants('repository:a:pull')`. `forged` and `malformed` are refused. */
export const grants = (...scopes: string[]): string => ['alice', ...scopes].join('|')

/** A token for everything these tests do in the repositories a, b and c. */
export const ALL = grants(
  ...['a', 'b', 'c', 'library/app'].map((name) => `repository:${name}:pull,push,delete`),
  'registry:catalog:*',
)

export const verifier: Verifier = {
  verify: (token) => {
    if (token === 'forged') return Promise.resolve({ outcome: 'invalid', check: 'issuer', malformed: false })
    const [account = '', ...scopes] = token.split('|')
    if (account !== 'alice') return Promise.resolve({ outcome: 'invalid', check: 'undecodable', malformed: true })
    return Promise.resolve({ outcome: 'valid', grant: { account, access: scopes.map((scope) => parseScope(scope)!) } })
  },
}

export interface LogLine {
  readonly level: string
  readonly message: string
  readonly [field: string]: unknown
}

export interface Registry {
  readonly port: number
  readonly root: string
  readonly store: Store
  readonly log: LogLine[]
  readonly server: Server
  send(method: string, path: string, options?: Sending): Promise<Answer>
  close(): Promise<void>
}

export interface Sending {
  readonly token?: string | undefined
  readonly headers?: OutgoingHttpHeaders
  readonly body?: Uint8Array | string | AsyncIterable<Uint8Array>
}

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
  /** The code of the first error, or ''. */
  readonly code: string
}

/** Starts a registry; what `options` leaves out is permissive and quick. */
export async function startRegistry(
  options: Partial<RegistryRouterOptions> & { root?: string } = {},
): Promise<Registry> {
  const root = options.root ?? (await mkdtemp(join(tmpdir(), 'registry-')))
  const store = options.store ?? createDiskStore({ rootdirectory: root, now: () => 0, randomId: randomUUID })
  const log: LogLine[] = []
  const write =
    (level: string) =>
    (fields: object, message: string): void =>
      void log.push({ level, message, ...fields })
  const logger = { info: write('info'), warn: write('warn'), error: write('error') }
  const app = express()
  app.use(
    createRegistryRouter({
      store,
      verifier,
      realm: 'https://auth.example.com/token',
      service: 'registry.example.com',
      deleteEnabled: true,
      log: logger,
      clientIp: (req) => req.socket.remoteAddress ?? '',
      idleTimeoutMs: 10_000,
      ...options,
    }),
  )
  const onError: express.ErrorRequestHandler = (error, req, res, _next) =>
    writeError(req, res, error, 'registry', logger)
  app.use(onError)
  const server = createServer(app).on('checkContinue', app)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    port,
    root,
    store,
    log,
    server,
    send: (method, path, sending) => send(port, method, path, sending),
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await rm(root, { recursive: true, force: true })
    },
  }
}

async function send(port: number, method: string, path: string, sending: Sending = {}): Promise<Answer> {
  const { token = ALL, headers = {}, body } = sending
  const req = request({
    port,
    host: '127.0.0.1',
    method,
    path,
    agent: false,
    headers: {
      ...('token' in sending && sending.token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(typeof body === 'string' || body instanceof Uint8Array ? { 'content-length': Buffer.byteLength(body) } : {}),
      ...headers,
    },
  })
  const answered = new Promise<Answer>((resolve, reject) => {
    req.once('error', reject).once('response', (res) => {
      res
        .toArray()
        .then((chunks: Buffer[]) => {
          const answer = { status: res.statusCode!, headers: res.headers, body: Buffer.concat(chunks) }
          resolve({ ...answer, code: firstCode(answer.body) })
        })
        .catch(reject)
    })
  })
  if (body === undefined || typeof body === 'string' || body instanceof Uint8Array) req.end(body)
  // A server that refuses a body need not take it.
  else pipeline(Readable.from(body, { objectMode: false }), req).catch(() => undefined)
  return answered
}

function firstCode(body: Buffer): string {
  try {
    return (JSON.parse(body.toString()) as { errors: { code: string }[] }).errors[0]?.code ?? ''
  } catch {
    return ''
  }
}

/** Sends bytes as they are and answers with everything that came back before the connection ended. */
export function sendRaw(port: number, bytes: string | Uint8Array): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes))
    let received = ''
    socket
      .setEncoding('latin1')
      .on('data', (text: string) => (received += text))
      .on('error', () => undefined)
      .on('close', () => resolve(received))
  })
}

export function sha256(bytes: Uint8Array | string): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}

export function sha512(bytes: Uint8Array | string): string {
  return `sha512:${createHash('sha512').update(bytes).digest('hex')}`
}

/** Pushes a blob in one request and answers its digest. */
export async function pushBlob(registry: Registry, name: string, bytes: Uint8Array | string): Promise<string> {
  const digest = sha256(bytes)
  const { status } = await registry.send('POST', `/v2/${name}/blobs/uploads/?digest=${digest}`, { body: bytes })
  if (status !== 201) throw new Error(`pushing a blob: ${status}`)
  return digest
}

/** Opens an upload session and answers its path. */
export async function openUpload(registry: Registry, name: string): Promise<string> {
  const { headers } = await registry.send('POST', `/v2/${name}/blobs/uploads/`)
  return headers.location!
}

export const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json'
export const OCI_INDEX = 'application/vnd.oci.image.index.v1+json'
export const DOCKER_MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json'
export const DOCKER_LIST = 'application/vnd.docker.distribution.manifest.list.v2+json'

/** An image manifest whose configuration is pushed first. `extra` members are added or put in place of the usual ones. */
export async function makeManifest(registry: Registry, name: string, extra: object = {}): Promise<string> {
  const digest = await pushBlob(registry, name, '{}')
  const config = { mediaType: 'application/vnd.oci.image.config.v1+json', digest, size: 2 }
  return JSON.stringify({ schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers: [], ...extra })
}

/** Pushes an image manifest and answers its digest. */
export async function pushManifest(registry: Registry, name: string, reference: string, extra = {}): Promise<string> {
  const body = await makeManifest(registry, name, extra)
  const headers = { 'content-type': OCI_MANIFEST }
  const { status } = await registry.send('PUT', `/v2/${name}/manifests/${reference}`, { headers, body })
  if (status !== 201) throw new Error(`pushing a manifest: ${status}`)
  return sha256(body)
}
