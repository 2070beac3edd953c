// The composition root: a configuration goes in, running servers come out, and the next configuration takes over without a gap.
import { randomFillSync, randomUUID } from 'node:crypto'
import type { RequestListener } from 'node:http'
import { availableParallelism } from 'node:os'
import type { SecureContextOptions } from 'node:tls'
import express from 'express'
import { createTokenHandler } from './auth/handler.ts'
import { createIssuer } from './auth/issuer.ts'
import { pathOf } from './auth/request.ts'
import { createAuthenticator } from './authn/index.ts'
import { createAuthorizer } from './authz/index.ts'
import type { Config } from './config.ts'
import type { RegistrySettings } from './config-registry.ts'
import { formatAddress } from './lib/address.ts'
import type { Address } from './lib/address.ts'
import { createClientAddress } from './lib/client-address.ts'
import { ConfigError } from './lib/errors.ts'
import { requireFolder } from './lib/file-errors.ts'
import type { Logger } from './lib/logger.ts'
import { openListener } from './listener.ts'
import type { ListenerSettings } from './listener.ts'
import { writeError } from './middleware.ts'
import { createPages } from './pages.ts'
import { createDiskStore } from './registry/disk-store.ts'
import { registryError } from './registry/errors.ts'
import { createRegistryRouter } from './registry/router.ts'
import type { Store } from './registry/store.ts'
import { createPool } from './resources.ts'
import type { Lease } from './resources.ts'
import { createIdSource, createSigner, createVerifier } from './token/index.ts'
import type { Signer } from './token/index.ts'

const TOKEN_GRACE_MS = 10_000
const TOKEN_REQUEST_TIMEOUT_MS = 20_000
const IDLE_BODY_MS = 60_000

/** Running servers. */
export interface App {
  /** Serves this configuration from now on. Rejects with ConfigError, and goes on as before, when it cannot be served. */
  reload(config: Config): Promise<void>
  /** Finishes requests in flight, for up to ten seconds, and frees the ports. */
  stop(): Promise<void>
}

/** What an admin can do about an address that is taken. */
export interface MoveWith {
  readonly server: string
  readonly registry: string
}

/** One configuration's share of everything, until the next takes over. */
interface Generation {
  readonly config: Config
  serve(): void
  release(): Promise<void>
}

/** Opens everything `first` asks for and serves it. Throws ConfigError when that cannot be had. */
export async function startApp(first: Config, log: Logger, moveWith: MoveWith): Promise<App> {
  const listeners = createPool({
    key: ({ address, tls }: ListenerSettings) => `${tls === undefined ? 'http' : 'https'} ${formatAddress(address)}`,
    open: (settings) => openListener(settings, log),
    close: (listener) => listener.close(),
  })
  const stores = createPool({
    key: (rootdirectory: string) => rootdirectory,
    async open(rootdirectory): Promise<Store> {
      await requireFolder(rootdirectory, 'change registry.storage.filesystem.rootdirectory')
      return createDiskStore({ rootdirectory, now: Date.now, randomId: randomUUID })
    },
    close: () => Promise.resolve(),
  })
  const randomId = createIdSource(randomFillSync)
  let stopping = false

  async function build(config: Config): Promise<Generation> {
    const leases: Lease<unknown>[] = []
    const release = async (): Promise<void> => {
      await Promise.all(leases.map((lease) => lease.release()))
    }
    const hold = async <T>(acquired: Promise<Lease<T>>): Promise<T> => {
      const lease = await acquired
      leases.push(lease)
      return lease.value
    }
    try {
      const signer = createSigner({ ...config.token, now: Date.now, randomId, log })
      const { server, registry } = config
      // The ports first: a start that cannot have one has created nothing.
      const tokenPort = await hold(listeners.acquire({ ...server, moveWith: moveWith.server }))
      const registryPort = registry && (await hold(listeners.acquire({ ...registry, moveWith: moveWith.registry })))
      const store = registry && (await hold(stores.acquire(registry.rootdirectory)))

      const tokenServer = createTokenServer(config, signer, () => stopping, log)
      const registryServer = registry && store && (await createRegistryServer(config, registry, store, log))
      const serve = (): void => {
        tokenPort.use({
          handler: tokenServer,
          tls: server.tls,
          graceMs: TOKEN_GRACE_MS,
          requestTimeout: TOKEN_REQUEST_TIMEOUT_MS,
        })
        if (registry && registryServer) registryPort?.use({ ...registry, handler: registryServer, requestTimeout: 0 })
      }
      return { config, serve, release }
    } catch (error) {
      await release()
      throw error
    }
  }

  let current = await build(first)
  current.serve()
  let released: Promise<unknown> = Promise.resolve()
  return {
    async reload(config) {
      refuseOverlap(current.config, config)
      const next = await build(config)
      if (stopping) return next.release()
      const previous = current
      current = next
      current.serve()
      // In the background: the ports that moved still finish what they began.
      released = Promise.all([released, previous.release()])
    },
    async stop() {
      stopping = true
      await Promise.all([released, current.release()])
    },
  }
}

/** The token endpoint, answered before Express, and the pages around it. */
function createTokenServer(config: Config, signer: Signer, isStopping: () => boolean, log: Logger): RequestListener {
  const { server, token } = config
  const clientAddress = createClientAddress(server.clientAddress)
  const authenticate = createAuthenticator(config.authn, availableParallelism())
  const authorize = createAuthorizer({ acl: config.acl })
  const issue = createIssuer({ realm: token.issuer, authenticate, authorize, signer, log })
  const handleToken = createTokenHandler({ issue, clientAddress, log })
  const pages = createPages({
    issuer: token.issuer,
    prefix: server.pathPrefix,
    unready: async () => {
      if (isStopping()) return 'stopping'
      const signed = await signer.sign({ account: '', access: [] }, '').catch(() => undefined)
      return signed === undefined ? 'unable to sign tokens' : undefined
    },
    log,
  })
  const tokenPaths = [`${server.pathPrefix}/auth`, `${server.pathPrefix}/auth/token`]
  return (request, response) => {
    const fail = (error: unknown): void => writeError(request, response, error, 'token', log)
    try {
      if (server.hsts) response.setHeader('Strict-Transport-Security', 'max-age=63072000; includeSubDomains')
      if (tokenPaths.includes(pathOf(request.url ?? ''))) handleToken(request, response).catch(fail)
      else pages(request, response)
    } catch (error) {
      fail(error)
    }
  }
}

/** The embedded registry: what it knows of tokens it has from its own section's files. */
async function createRegistryServer(
  config: Config,
  registry: RegistrySettings,
  store: Store,
  log: Logger,
): Promise<RequestListener> {
  const verifier = await createVerifier({ ...registry.trust, now: Date.now })
  const clientAddress = createClientAddress(config.server.clientAddress)
  const app = express()
  app.disable('x-powered-by').disable('etag').set('env', 'production')
  app.use(
    createRegistryRouter({
      store,
      verifier,
      realm: registry.realm,
      service: registry.trust.service,
      ...(registry.baseUrl === undefined ? {} : { baseUrl: registry.baseUrl }),
      deleteEnabled: registry.deleteEnabled,
      log,
      clientIp: (request) => clientAddress(request) ?? '',
      idleTimeoutMs: IDLE_BODY_MS,
    }),
  )
  app.use(() => {
    throw registryError('UNSUPPORTED', { status: 404, message: 'this registry answers below /v2/ only' })
  })
  const answerError: express.ErrorRequestHandler = (error, request, response, _next) =>
    writeError(request, response, error, 'registry', log)
  app.use(answerError)
  return app
}

// Two listeners cannot share a port for a moment, and the old one cannot be closed first without refusing clients.
function refuseOverlap(current: Config, next: Config): void {
  for (const door of doorsOf(next)) {
    const where = formatAddress(door.address)
    for (const old of doorsOf(current)) {
      const same = formatAddress(old.address) === where
      if (same && (old.tls === undefined) !== (door.tls === undefined)) {
        throw new ConfigError(`${where} changes between http and https: that needs a restart`)
      }
      if (!same && isTcp(old.address) && isTcp(door.address) && old.address.port === door.address.port) {
        throw new ConfigError(`${where} replaces ${formatAddress(old.address)} on the same port: that needs a restart`)
      }
    }
  }
}

function doorsOf({ server, registry }: Config): { address: Address; tls: SecureContextOptions | undefined }[] {
  return registry === undefined ? [server] : [server, registry]
}

function isTcp(address: Address): address is Address & { kind: 'tcp' } {
  return address.kind === 'tcp'
}
