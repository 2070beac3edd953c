// What one request carries from rule to rule: the request itself, its address in one spelling, the time, what is known about its labels,
// and a budget for their combinations.
import type { Choice } from '../../lib/glob.ts'
import { parseIp } from '../../lib/ip.ts'
import type { AuthorizationRequest } from '../authorizer.ts'
import type { Field } from './template.ts'

/** The values of a label, as far as they can be part of a match with a field. */
export interface Candidates {
  readonly all: readonly string[]
  /** Whether every one of them is text and none is a piece of a pattern. */
  readonly plain: boolean
  /** Those that occur in the field's value. */
  readonly occurring: readonly string[]
  readonly choice: Choice
}

/** `budget` is what is left to spend on label combinations; below zero, the rule being matched could not be decided. */
export interface Walk {
  readonly request: AuthorizationRequest
  readonly ip: string
  /** ms since 1970 */
  readonly now: number
  /** By kind of pattern, field and label. */
  readonly candidates: Map<string, Candidates>
  budget: number
}

// Some 30 ms of label combinations, which is 500 expressions. It takes hundreds of labels and a name made for the purpose to spend it.
const BUDGET = 1_000_000

/** Sets out with a request. `now` is in ms since 1970. */
export function startWalk(request: AuthorizationRequest, now: number): Walk {
  return { request, ip: parseIp(request.ip) ?? '', now, candidates: new Map(), budget: BUDGET }
}

/** The request's value of a field. */
export function valueOf({ identity, resource, service }: AuthorizationRequest, field: Field): string {
  switch (field) {
    case 'account':
      return identity.account
    case 'name':
      return resource.name
    case 'type':
      return resource.type
    case 'service':
      return service
  }
}
