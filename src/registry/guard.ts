// The guard at every route: a bearer token becomes a Grant, or the answer is a Challenge. Always 401, never 403.
// https://distribution.github.io/distribution/spec/auth/token/
import type { IncomingMessage } from 'node:http'
import { ApiError } from '../lib/errors.ts'
import type { Logger } from '../lib/logger.ts'
import type { Challenge } from '../protocol/challenge.ts'
import { formatChallenge } from '../protocol/challenge.ts'
import { formatScope } from '../protocol/scope.ts'
import type { ResourceActions } from '../protocol/scope.ts'
import type { Grant, Verifier } from '../token/index.ts'
import { registryError } from './errors.ts'

/** Everything a request needs to be granted, in the order in which a challenge asks for it. */
export type Access = readonly ResourceActions[]

export const CATALOG_ACCESS: Access = [{ type: 'registry', name: 'catalog', actions: ['*'] }]

const ACTIONS: Readonly<Partial<Record<string, readonly string[]>>> = {
  GET: ['pull'],
  HEAD: ['pull'],
  POST: ['pull', 'push'],
  PUT: ['pull', 'push'],
  PATCH: ['pull', 'push'],
  DELETE: ['delete'],
}

/**
 * What `method` needs on the repository `name`, and on the one it takes a blob `from`, if any. Nothing for a method that no
 * route answers. `actions` stands in for what the method itself needs.
 */
export function repositoryAccess(method: string, name: string, from?: string, actions = ACTIONS[method] ?? []): Access {
  const needed = [
    { type: 'repository', name, actions },
    { type: 'repository', name: from ?? name, actions: from === undefined || from === name ? [] : ['pull'] },
  ]
  return needed.filter((resource) => resource.actions.length > 0)
}

export interface Guard {
  /**
   * The grant of the request's token when it covers everything required, or everything in `orElse`; throws the 401 that
   * asks for what is required otherwise.
   */
  authorize(req: IncomingMessage, required: Access, orElse?: Access): Promise<Grant>
}

interface GuardOptions {
  readonly verifier: Verifier
  readonly realm: string
  readonly service: string
  readonly log: Logger
  readonly clientIp: (req: IncomingMessage) => string
}

export function createGuard({ verifier, realm, service, log, clientIp }: GuardOptions): Guard {
  const refuse = (required: Access, error?: Challenge['error']): ApiError =>
    registryError('UNAUTHORIZED', {
      detail: required.length === 0 ? null : required.flatMap(describe),
      headers: {
        'WWW-Authenticate': formatChallenge({
          realm,
          service,
          scope: required,
          ...(error === undefined ? {} : { error }),
        }),
      },
    })
  return {
    authorize: async (req, required, orElse = required) => {
      const token = readBearer(req)
      if (token === undefined) throw refuse(required)
      const verification = await verifier.verify(token)
      if (verification.outcome === 'invalid') {
        log.warn({ check: verification.check, ip: clientIp(req) }, 'token refused')
        throw refuse(required, verification.malformed ? undefined : 'invalid_token')
      }
      const { grant } = verification
      if (covers(grant, required) || covers(grant, orElse)) return grant
      const fields = {
        account: grant.account,
        needed: written(required),
        granted: written(grant.access),
        ip: clientIp(req),
      }
      log.warn(fields, 'token not enough')
      throw refuse(required, 'insufficient_scope')
    },
  }
}

function written(access: Access): string {
  return access.map(formatScope).join(' ')
}

// The scheme ends at the first space; whatever follows is the token.
function readBearer(req: IncomingMessage): string | undefined {
  return /^bearer (.*)$/i.exec(req.headers.authorization ?? '')?.[1]
}

// Names are compared as they are, never as patterns; only `*` as an action means any action.
function covers(grant: Grant, required: Access): boolean {
  return required.every(({ type, name, actions }) => {
    const granted = grant.access.filter((entry) => entry.type === type && entry.name === name)
    return actions.every((action) =>
      granted.some((entry) => entry.actions.includes(action) || entry.actions.includes('*')),
    )
  })
}

// The form Distribution's clients know, capitals included.
function describe({ type, name, actions }: ResourceActions): object[] {
  return actions.map((action) => ({ Type: type, Class: '', Name: name, Action: action }))
}
