// One configuration's token server: the token endpoint, answered before Express, and the pages around it.
import { randomBytes } from 'node:crypto'
import type { RequestListener } from 'node:http'
import type { Router } from 'express'
import { createTokenHandler } from './auth/handler.ts'
import { createIssuer } from './auth/issuer.ts'
import { pathOf } from './auth/request.ts'
import { createChain } from './authn/index.ts'
import type { Authenticator, Passwords, WebSignIn } from './authn/index.ts'
import { createAuthorizer } from './authz/index.ts'
import type { Authorizer } from './authz/index.ts'
import type { Config } from './config.ts'
import { createDegraded } from './degraded.ts'
import { createInFlight, ended } from './in-flight.ts'
import { clientHost } from './lib/address.ts'
import { createClientAddress } from './lib/client-address.ts'
import type { Logger } from './lib/logger.ts'
import { writeError } from './middleware.ts'
import { createPages } from './pages.ts'
import type { Credentials } from './protocol/identity.ts'
import type { Signer } from './token/index.ts'

/** What one configuration's token server is made of, opened. */
export interface TokenServerParts {
  readonly config: Config
  readonly signer: Signer
  /** In the order in which they are asked. */
  readonly authenticators: readonly Authenticator[]
  readonly authorizers: readonly Authorizer[]
  /** The one of the authenticators that browsers sign in to. */
  readonly signIn: WebSignIn | undefined
  readonly passwords: Passwords
  readonly isStopping: () => boolean
  readonly log: Logger
}

/** What its port answers with. */
export interface TokenServer {
  readonly handler: RequestListener
  /** Resolves when everything it was asked is answered, or after `limit` ms. */
  over(limit: number): Promise<void>
}

/** Creates it. */
export async function createTokenServer(parts: TokenServerParts): Promise<TokenServer> {
  const { config, signer, authenticators, authorizers, signIn, passwords, isStopping, log } = parts
  const { server, token, authn } = config
  const clientAddress = createClientAddress(server.clientAddress)
  const pretend = ({ password }: Credentials, signal?: AbortSignal): Promise<void> =>
    passwords.pretend(password, signal)
  const authenticate = createChain(authenticators, authn.chain, pretend, log)
  const authorize = createAuthorizer(authorizers)
  const mentions = (label: string): boolean => authorizers.some((one) => one.labels?.().has(label) === true)
  const issue = createIssuer({ realm: token.issuer, authenticate, authorize, mentions, signer, log })
  const handleToken = createTokenHandler({ issue, clientAddress, log })
  const pages = createPages({
    issuer: token.issuer,
    prefix: server.pathPrefix,
    login: signIn && (await createLoginRouter(config, signIn, log)),
    unready: async () => {
      if (isStopping()) return 'stopping'
      const signed = await signer.sign({ account: '', access: [] }, '').catch(() => undefined)
      return signed === undefined ? 'unable to sign tokens' : undefined
    },
    degraded: createDegraded([...authenticators, ...authorizers], log),
    log,
  })
  const tokenPaths = [`${server.pathPrefix}/auth`, `${server.pathPrefix}/auth/token`]
  const inFlight = createInFlight()
  const handler: RequestListener = (request, response) => {
    const fail = (error: unknown): void => writeError(request, response, error, 'token', log)
    try {
      if (server.hsts) response.setHeader('Strict-Transport-Security', 'max-age=63072000; includeSubDomains')
      if (tokenPaths.includes(pathOf(request.url ?? ''))) inFlight.add(handleToken(request, response).catch(fail))
      else {
        inFlight.add(ended(request, response))
        pages(request, response)
      }
    } catch (error) {
      fail(error)
    }
  }
  return { handler, over: (limit) => inFlight.over(limit) }
}

async function createLoginRouter(config: Config, signIn: WebSignIn, log: Logger): Promise<Router> {
  // Loaded where it is wanted only: it brings passport along.
  const { createLogin } = await import('./login/router.ts')
  const { server, token, authn, registry } = config
  const ownRegistry = registry && clientHost(registry.address)
  return createLogin({
    issuer: token.issuer,
    prefix: server.pathPrefix,
    publicUrl: server.statedUrl,
    secure: server.tls !== undefined || server.publicUrl.startsWith('https:'),
    providers: (authn.web?.providers ?? []).map((provider) => ({
      ...provider,
      registryUrl: provider.registryUrl ?? ownRegistry,
    })),
    signIn,
    now: Date.now,
    randomBytes,
    log,
  })
}
