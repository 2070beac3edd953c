// What one request carries from rule to rule: the request itself, its address in one spelling, the time, and a budget for label combinations.
import type { AuthorizationRequest } from '../authorizer.ts'
import type { Field } from './template.ts'

/** `budget` is what is left to spend on label combinations; below zero, the rule being matched could not be decided. */
export interface Walk {
  readonly request: AuthorizationRequest
  readonly ip: string
  /** ms since 1970 */
  readonly now: number
  budget: number
}

/** The request's value of a field. */
export function valueOf({ identity, resource, service }: AuthorizationRequest, field: Field): string {
  if (field === 'account') return identity.account
  return field === 'service' ? service : resource[field]
}
