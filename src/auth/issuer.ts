// One token request, start to finish: authenticate, authorize, sign, and say so in one log line.
import { setImmediate } from 'node:timers/promises'
import type { Authentication, Authenticator } from '../authn/index.ts'
import type { AuthorizationRequest } from '../authz/index.ts'
import { ApiError, BackendError } from '../lib/errors.ts'
import type { Logger } from '../lib/logger.ts'
import type { Identity, Labels } from '../protocol/identity.ts'
import { formatScope } from '../protocol/scope.ts'
import type { ResourceActions } from '../protocol/scope.ts'
import type { IssuedToken, Signer } from '../token/index.ts'
import type { TokenRequest } from './request.ts'

const TURN_MS = 10

/** A token, and the scopes of it that grant anything, as they are written on the wire. */
export interface Issued extends IssuedToken {
  readonly granted: string
}

/** What the issuer is made of. `realm` is what a refused client is told it failed to log in to. */
export interface IssuerParts {
  readonly realm: string
  readonly authenticate: Authenticator['authenticate']
  /** Decides one resource; the answer never holds more than was asked. */
  readonly authorize: (
    request: AuthorizationRequest,
  ) => Promise<{ readonly actions: readonly string[]; readonly rule?: string | undefined }>
  /** Whether a rule compares the label of this name: the log line then carries its values, so that it can be replayed. */
  readonly mentions: (label: string) => boolean
  readonly signer: Signer
  readonly log: Logger
}

/** Creates the issuer. It throws ApiError: 401 for who is not let in, 500 or 503 for an outage. */
export function createIssuer(parts: IssuerParts): (request: TokenRequest, signal?: AbortSignal) => Promise<Issued> {
  const { authenticate, authorize, mentions, signer, log } = parts
  const challenge = { 'WWW-Authenticate': `Basic realm="${headerText(parts.realm)}"` }

  return async (request, signal) => {
    const started = performance.now()
    let step: Step = 'Authentication failed'
    let { account } = request.credentials
    let known: LabelFields = NO_LABELS
    // Written out field by field: this runs for every request, and absent fields do not show.
    const report = (outcome: Outcome, { reason, granted, rules }: Findings): void => {
      const { credentials, service, ip } = request
      const typed = credentials.account === account ? undefined : credentials.account
      const asked = formatScopes(request.scopes)
      const ms = Math.round((performance.now() - started) * 1000) / 1000
      const { labels, quoted_labels } = known
      log.info(
        { account, typed, labels, quoted_labels, service, asked, granted, rules, reason, outcome, ip, ms },
        'token',
      )
    }

    try {
      const authentication = await authenticate(request.credentials, signal)
      if (authentication.outcome !== 'accepted') {
        report('refused', { reason: refusal(authentication) })
        throw new ApiError(401, { text: 'Auth failed.' }, { headers: challenge })
      }
      step = 'Authorization failed'
      const { identity } = authentication
      account = identity.account
      known = labelFields(identity, mentions)
      const { access, rules } = await authorizeAll(authorize, request, identity)
      step = 'Failed to generate token'
      const issued = await signer.sign({ account: identity.account, access }, request.service)
      const granted = formatScopes(access.filter(({ actions }) => actions.length > 0))
      report(outcomeOf(access, request.scopes), { granted, rules: rules.join(' ') })
      return { token: issued.token, expiresIn: issued.expiresIn, issuedAt: issued.issuedAt, granted }
    } catch (error) {
      if (error instanceof ApiError) throw error
      report('outage', { reason: step })
      throw toApiError(step, error)
    }
  }
}

/** `granted` also where nothing but a login was asked; `denied` where none of what was asked was granted. */
type Outcome = 'granted' | 'partial' | 'denied' | 'refused' | 'outage'

function outcomeOf(access: readonly ResourceActions[], asked: readonly ResourceActions[]): Outcome {
  const count = (scopes: readonly ResourceActions[]): number =>
    scopes.reduce((sum, { actions }) => sum + actions.length, 0)
  if (count(access) === count(asked)) return 'granted'
  return count(access) === 0 ? 'denied' : 'partial'
}

/** `quoted_labels` where rules take the values literally. */
interface LabelFields {
  readonly labels?: Labels
  readonly quoted_labels?: true
}

const NO_LABELS: LabelFields = {}

function labelFields({ labels, labelsArePatterns }: Identity, mentions: IssuerParts['mentions']): LabelFields {
  const names = Object.keys(labels).filter(mentions)
  if (names.length === 0) return NO_LABELS
  const compared = Object.fromEntries(names.map((name) => [name, labels[name] ?? []]))
  return labelsArePatterns ? { labels: compared } : { labels: compared, quoted_labels: true }
}

interface Findings {
  readonly reason?: string
  readonly granted?: string
  readonly rules?: string
}

type Step = 'Authentication failed' | 'Authorization failed' | 'Failed to generate token'

function formatScopes(scopes: readonly ResourceActions[]): string {
  return scopes.map(formatScope).join(' ')
}

async function authorizeAll(
  authorize: IssuerParts['authorize'],
  request: TokenRequest,
  identity: Identity,
): Promise<{ access: ResourceActions[]; rules: string[] }> {
  const access: ResourceActions[] = []
  const rules: string[] = []
  let resumed = performance.now()
  for (const resource of request.scopes) {
    // Many scopes against many rules: others get their turn in between.
    if (performance.now() - resumed > TURN_MS) {
      await setImmediate()
      resumed = performance.now()
    }
    const { actions, rule } = await authorize({ identity, resource, service: request.service, ip: request.ip })
    access.push(withActions(resource, actions))
    rules.push(rule ?? 'none')
  }
  return { access, rules }
}

// Not spread, for the same reason.
function withActions(
  { type, class: resourceClass, name }: ResourceActions,
  actions: readonly string[],
): ResourceActions {
  return resourceClass === undefined ? { type, name, actions } : { type, class: resourceClass, name, actions }
}

function refusal(authentication: Exclude<Authentication, { outcome: 'accepted' }>): string {
  return authentication.outcome === 'rejected' ? authentication.reason : 'unknown account'
}

function toApiError(text: Step, error: unknown): ApiError {
  const retryAfter = error instanceof BackendError ? error.retryAfter : undefined
  const body = { text: `${text} (the server's log says why)` }
  if (retryAfter === undefined) return new ApiError(500, body, { cause: error })
  return new ApiError(503, body, { cause: error, headers: { 'Retry-After': String(retryAfter) } })
}

function headerText(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').replace(/["\\]/g, '\\$&')
}
