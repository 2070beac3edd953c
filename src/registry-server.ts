// The embedded registry's server: what it knows of tokens it has from its own section's files.
import type { RequestListener } from 'node:http'
import express from 'express'
import type { Config } from './config.ts'
import type { RegistrySettings } from './config-registry.ts'
import { createClientAddress } from './lib/client-address.ts'
import type { Logger } from './lib/logger.ts'
import { writeError } from './middleware.ts'
import { registryError } from './registry/errors.ts'
import { createRegistryRouter } from './registry/router.ts'
import type { Store } from './registry/store.ts'
import { createVerifier } from './token/index.ts'

const IDLE_BODY_MS = 60_000

/** Creates what its port answers with. */
export async function createRegistryServer(
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
