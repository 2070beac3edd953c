// The composition root: a configuration goes in, running servers come out, and the next configuration takes over without a gap.
import { randomFillSync } from 'node:crypto'
import type { SecureContextOptions } from 'node:tls'
import type { Authenticator } from './authn/index.ts'
import { createAclAuthorizer, createShadowed, explain } from './authz/index.ts'
import type { AuthorizationRequest, Authorizer, Explanation } from './authz/index.ts'
import type { Config } from './config.ts'
import { formatAddress } from './lib/address.ts'
import type { Address } from './lib/address.ts'
import { ConfigError } from './lib/errors.ts'
import type { Logger } from './lib/logger.ts'
import type { Lease } from './lib/pool.ts'
import { createRegistryServer } from './registry-server.ts'
import { createResources } from './resources.ts'
import { createIdSource, createSigner } from './token/index.ts'
import { createTokenServer } from './token-server.ts'

const TOKEN_GRACE_MS = 10_000
const TOKEN_REQUEST_TIMEOUT_MS = 20_000
// Longer than this nothing is kept open for the requests of a configuration that was replaced.
const LONGEST_ANSWER_MS = 120_000

/** Running servers. */
export interface App {
  /** Serves this configuration from now on. Rejects with ConfigError, and goes on as before, when it cannot be served. */
  reload(config: Config): Promise<void>
  /** What the rules that are served now say to a request, and why. Rejects on an outage. */
  explain(request: AuthorizationRequest): Promise<Explanation>
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
  readonly authorizers: readonly Authorizer[]
  serve(): void
  /** Closes what no other generation holds: ports at once, the rest when the last request is answered. Never rejects. */
  release(): Promise<void>
}

/** Opens everything `first` asks for and serves it. Throws ConfigError when that cannot be had. */
export async function startApp(first: Config, log: Logger, moveWith: MoveWith): Promise<App> {
  const resources = createResources(log)
  const { listeners, stores, signIns } = resources
  const randomId = createIdSource(randomFillSync)
  let stopping = false

  async function build(config: Config): Promise<Generation> {
    const ports: Lease<unknown>[] = []
    const parts: Lease<unknown>[] = []
    const hold = async <T>(acquired: Promise<Lease<T>>, among = parts): Promise<T> => {
      const lease = await acquired
      among.push(lease)
      return lease.value
    }
    const letGo = async (leases: readonly Lease<unknown>[]): Promise<void> => {
      const report = (error: unknown): void => log.error({ err: error }, 'something could not be closed')
      await Promise.all(leases.map((lease) => lease.release().catch(report)))
    }
    try {
      const signer = createSigner({ ...config.token, now: Date.now, randomId, log })
      const { server, registry } = config
      // The ports first: a start that cannot have one has created nothing.
      const tokenPort = await hold(listeners.acquire({ ...server, moveWith: moveWith.server }), ports)
      const registryPort =
        registry && (await hold(listeners.acquire({ ...registry, moveWith: moveWith.registry }), ports))
      const store = registry && (await hold(stores.acquire(registry.rootdirectory)))

      const { plans, web, cache } = config.authn
      const signIn = web && (await hold(signIns.acquire({ plan: web, cache })))
      const authenticators: Authenticator[] = []
      for (const plan of plans) {
        const isWeb = plan === web && signIn !== undefined
        authenticators.push(isWeb ? signIn : await hold(resources.authenticators.acquire({ plan, cache })))
      }
      const authorizers = config.acl === undefined ? [] : [createAclAuthorizer(config.acl, Date.now)]
      for (const plan of config.authz) authorizers.push(await hold(resources.authorizers.acquire(plan)))
      const listed = authorizers.findIndex((one) => one.labels !== undefined)
      const live = authorizers[listed]
      if (config.shadow !== undefined && live !== undefined) {
        const shadowed = createShadowed(live, config.shadow, { now: Date.now, log })
        authorizers[listed] = shadowed.authorizer
        parts.push({ value: shadowed, release: () => Promise.resolve(shadowed.close()) })
      }
      const tokenServer = await createTokenServer({
        config,
        signer,
        authenticators,
        authorizers,
        signIn,
        passwords: resources.passwords,
        isStopping: () => stopping,
        log,
      })
      const registryServer = registry && store && (await createRegistryServer(config, registry, store, log))
      const serve = (): void => {
        tokenPort.use({
          handler: tokenServer.handler,
          tls: server.tls,
          graceMs: TOKEN_GRACE_MS,
          requestTimeout: TOKEN_REQUEST_TIMEOUT_MS,
        })
        if (registry && registryServer) registryPort?.use({ ...registry, handler: registryServer, requestTimeout: 0 })
      }
      const release = async (): Promise<void> => {
        await letGo(ports)
        await tokenServer.over(LONGEST_ANSWER_MS)
        await letGo(parts)
      }
      return { config, authorizers, serve, release }
    } catch (error) {
      await letGo([...ports, ...parts])
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
      // In the background: what the previous one began is still finished.
      released = Promise.all([released, previous.release()])
    },
    explain: (request) => explain(current.authorizers, request),
    async stop() {
      stopping = true
      await Promise.all([released, current.release()])
    },
  }
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
