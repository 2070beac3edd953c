// A token that a log says was handed out, whichever server wrote the log.
import type { Labels } from '../../protocol/identity.ts'
import type { ResourceActions } from '../../protocol/scope.ts'

/** One resource that was asked for, and what of it was granted. */
export interface LoggedScope {
  readonly asked: ResourceActions
  readonly granted: readonly string[]
  /** The rule that decided, where the log names it. */
  readonly rule?: string | undefined
}

/** A token that was handed out. */
export interface LoggedToken {
  readonly source: 'registry-auth' | 'docker_auth'
  readonly account: string
  readonly labels: Labels
  readonly labelsArePatterns: boolean
  /** False where a label's values may be fewer than they seem: the log puts spaces between them, and values may hold some. */
  readonly labelsAreCertain: boolean
  readonly service: string
  readonly ip: string
  /** ms since 1970 */
  readonly time: number
  readonly scopes: readonly LoggedScope[]
}

/** `undecided`: a request that no rule was asked about. `unreadable`: a token line that is damaged. `other`: no token line. */
export type LogEntry = LoggedToken | 'undecided' | 'unreadable' | 'other'

/** Whether a value is an object with keys. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Whether a value is a list of texts. */
export function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string')
}
