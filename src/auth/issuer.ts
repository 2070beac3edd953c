// One token request, start to finish: authenticate, authorize, sign, and say so in one log line.
import type { Authentication, Authenticator } from '../authn/index.ts'
import type { AuthorizationRequest } from '../authz/index.ts'
import { ApiError, BackendError } from '../lib/errors.ts'
import type { Logger } from '../lib/logger.ts'
import type { Identity } from '../protocol/identity.ts'
import { formatScope } from '../protocol/scope.ts'
import type { ResourceActions } from '../protocol/scope.ts'
import type { IssuedToken, Signer } from '../token/index.ts'
import type { TokenRequest } from './request.ts'

/** A token and what it grants, in the order it was asked for. */
export interface Issued extends IssuedToken {
  readonly access: readonly ResourceActions[]
}

/** What the issuer is made of. `realm` is what a refused client is told it failed to log in to. */
export interface IssuerParts {
  readonly realm: string
  readonly authenticate: Authenticator['authenticate']
  /** Decides one resource; the answer never holds more than was asked. */
  readonly authorize: (
    request: AuthorizationRequest,
  ) => Promise<{ readonly actions: readonly string[]; readonly rule?: string | undefined }>
  readonly signer: Signer
  readonly log: Logger
}

/** Creates the issuer. It throws ApiError: 401 for who is not let in, 500 or 503 for an outage. */
export function createIssuer(parts: IssuerParts): (request: TokenRequest) => Promise<Issued> {
  const challenge = { 'WWW-Authenticate': `Basic realm="${headerText(parts.realm)}"` }

  return async (request) => {
    const started = performance.now()
    const asked = request.scopes.map(formatScope)
    const report = (outcome: string, fields: object): void => {
      const ms = Math.round((performance.now() - started) * 1000) / 1000
      parts.log.info(
        {
          account: request.credentials.account,
          service: request.service,
          asked,
          ...fields,
          outcome,
          ip: request.ip,
          ms,
        },
        'token',
      )
    }
    const outage =
      (text: string) =>
      (error: unknown): never => {
        report('outage', { during: text })
        throw toApiError(text, error)
      }

    const authentication = await parts.authenticate(request.credentials).catch(outage('Authentication failed'))
    if (authentication.outcome !== 'accepted') {
      report('refused', { reason: refusal(authentication) })
      throw new ApiError(401, { text: 'Auth failed.' }, { headers: challenge })
    }
    const { access, rules } = await authorizeAll(parts, request, authentication.identity).catch(
      outage('Authorization failed'),
    )
    const grant = { account: authentication.identity.account, access }
    const issued = await parts.signer.sign(grant, request.service).catch(outage('Failed to generate token'))
    report('issued', { granted: access.filter(({ actions }) => actions.length > 0).map(formatScope), rules })
    return { ...issued, access }
  }
}

async function authorizeAll(
  parts: IssuerParts,
  request: TokenRequest,
  identity: Identity,
): Promise<{ access: ResourceActions[]; rules: string[] }> {
  const access: ResourceActions[] = []
  const rules: string[] = []
  for (const resource of request.scopes) {
    const { actions, rule } = await parts.authorize({ identity, resource, service: request.service, ip: request.ip })
    access.push({ ...resource, actions })
    rules.push(rule ?? 'none')
  }
  return { access, rules }
}

function refusal(authentication: Exclude<Authentication, { outcome: 'accepted' }>): string {
  return authentication.outcome === 'rejected' ? authentication.reason : 'unknown account'
}

function toApiError(text: string, error: unknown): ApiError {
  const retryAfter = error instanceof BackendError ? error.retryAfter : undefined
  const body = { text: `${text} (the server's log says why)` }
  if (retryAfter === undefined) return new ApiError(500, body, { cause: error })
  return new ApiError(503, body, { cause: error, headers: { 'Retry-After': String(retryAfter) } })
}

function headerText(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').replace(/["\\]/g, '\\$&')
}
