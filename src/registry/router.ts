// The whole URL table of /v2/, and what happens on every route: grammar, then the guard, then the method's handler.
import type { IncomingMessage } from 'node:http'
import type { RequestHandler } from 'express'
import { Router } from 'express'
import type { Logger } from '../lib/logger.ts'
import { isRepositoryName, REPOSITORY_NAME } from '../protocol/reference.ts'
import type { Verifier } from '../token/index.ts'
import { createBlobHandlers } from './blobs.ts'
import { createCatalogHandler } from './catalog.ts'
import { registryError } from './errors.ts'
import type { Handler } from './exchange.ts'
import { answer, answerJson, createTransferLog } from './exchange.ts'
import type { Access, Guard } from './guard.ts'
import { CATALOG_ACCESS, createGuard, repositoryAccess } from './guard.ts'
import { createManifestHandlers } from './manifests.ts'
import type { Store } from './store.ts'
import { createTagsHandler } from './tags.ts'
import { createUploadHandlers } from './uploads.ts'

export interface RegistryRouterOptions {
  readonly store: Store
  readonly verifier: Verifier
  /** The URL to fetch a token from, and the name of this registry in it. */
  readonly realm: string
  readonly service: string
  /** Scheme and host to put before every Location; without it they are relative. Never taken from a request. */
  readonly baseUrl?: string
  /** Whether content may be deleted; cancelling an upload always may. */
  readonly deleteEnabled: boolean
  readonly log: Logger
  readonly clientIp: (req: IncomingMessage) => string
  /** A connection on which no byte moves for this long, in either direction, ends. */
  readonly idleTimeoutMs: number
}

type Methods = Readonly<Partial<Record<string, Handler>>>

// Percent-encoded ASCII is let in because some clients write `sha256%3A…`; what it decodes to is checked where it is used.
const REFERENCE = '(?<reference>(?:[A-Za-z0-9._:+=-]|%[0-7][0-9A-Fa-f])+)'

/** The registry as a router. It answers everything below /v2/ and nothing else; its errors are thrown. */
export function createRegistryRouter(options: RegistryRouterOptions): Router {
  const { store, baseUrl = '', deleteEnabled, idleTimeoutMs } = options
  const url = (path: string): string => `${baseUrl}/v2/${path}`
  const serve = createServe(createGuard(options))
  const logTransfer = createTransferLog(options)
  const blobs = createBlobHandlers({ store, logTransfer, idleTimeoutMs })
  const uploads = createUploadHandlers({ store, url, logTransfer, idleTimeoutMs })
  const manifests = createManifestHandlers({ store, url, logTransfer, idleTimeoutMs })
  const tags = createTagsHandler({ store, url })
  const catalog = createCatalogHandler({ store, url })

  const router = Router({ caseSensitive: true })
  router.use('/v2', (_req, res, next) => {
    res.setHeader('Docker-Distribution-Api-Version', 'registry/2.0')
    next()
  })
  router.all(/^\/v2$/, (_req, res) => answer(res, 301, { Location: '/v2/' }))
  router.all(
    /^\/v2\/$/,
    serve({ GET: ping, HEAD: ping }, () => ({ required: [] })),
  )
  router.all(
    /^\/v2\/_catalog$/,
    serve({ GET: catalog, HEAD: catalog }, () => ({ required: CATALOG_ACCESS })),
  )

  // Here and nowhere else content becomes deletable.
  const deletable = (handler: Handler): Methods => (deleteEnabled ? { DELETE: handler } : {})
  const route = (path: string, methods: Methods, needs: Needs): void => {
    router.all(new RegExp(`^/v2/(?<name>${REPOSITORY_NAME})/${path}$`), serve(methods, needs))
  }
  route('tags/list', { GET: tags, HEAD: tags }, methodNeeds)
  route(
    `manifests/${REFERENCE}`,
    { GET: manifests.get, HEAD: manifests.get, PUT: manifests.put, ...deletable(manifests.delete) },
    methodNeeds,
  )
  route('blobs/uploads/?', { POST: uploads.start }, methodNeeds)
  route(`blobs/${REFERENCE}`, { GET: blobs.get, HEAD: blobs.head, ...deletable(blobs.delete) }, methodNeeds)
  route(
    `blobs/uploads/${REFERENCE}`,
    { GET: uploads.status, HEAD: uploads.status, PATCH: uploads.append, PUT: uploads.finish, DELETE: uploads.cancel },
    sessionNeeds,
  )

  router.all(/^\/v2\//, () => {
    throw registryError('UNSUPPORTED', { status: 404, message: 'this registry has no such endpoint' })
  })
  return router
}

/** What a route asks of a token. */
type Needs = (method: string, name: string, from: string | undefined) => { required: Access; orElse?: Access }

const methodNeeds: Needs = (method, name, from) => ({ required: repositoryAccess(method, name, from) })

// Distribution lets only those who may delete give up an upload; whoever may push one may give it up here.
const sessionNeeds: Needs = (method, name, from) => ({
  required: repositoryAccess(method, name, from),
  ...(method === 'DELETE' && { orElse: repositoryAccess(method, name, from, ['push']) }),
})

const ping: Handler = ({ res }) => Promise.resolve(answerJson(res, {}))

/** What the route's pattern captured. */
interface Captured {
  readonly name?: string
  readonly reference?: string
}

function createServe(guard: Guard): (methods: Methods, needs: Needs) => RequestHandler<Captured> {
  return (methods, needs) => async (req, res) => {
    const { name = '', reference = '' } = req.params
    const query = new URLSearchParams(req.url.replace(/^[^?]*/, ''))
    const from = readFrom(query)
    if (name !== '' && !isRepositoryName(name)) throw registryError('NAME_INVALID')
    const { required, orElse } = needs(req.method, name, from)
    const grant = await guard.authorize(req, required, orElse)
    const handler = methods[req.method]
    if (handler === undefined)
      throw registryError('UNSUPPORTED', { headers: { Allow: Object.keys(methods).join(', ') } })
    await handler({ req, res, name, reference, query, from, grant })
  }
}

// The only reader of `from`: the guard and the mount must never see two different repositories.
function readFrom(query: URLSearchParams): string | undefined {
  const from = query.get('from') ?? ''
  if (from === '') return undefined
  if (!isRepositoryName(from)) throw registryError('NAME_INVALID', { message: 'from is not a repository name' })
  return from
}
