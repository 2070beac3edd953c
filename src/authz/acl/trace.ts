// Why a request is decided as it is: the same walk as the decision's, with its reasons.
import type { Authorization } from '../authorization.ts'

/** A condition that failed: its key under `match` (`name`, `labels.team`), its pattern as written, and the value it was held against. */
export interface FailedCondition {
  readonly condition: string
  readonly pattern: string
  /** The pattern with its placeholders filled in, where it has any. */
  readonly filled?: string
  readonly value: string
}

/** One rule that was looked at. */
export interface RuleTrace {
  /** The rule's id, or where it stands. */
  readonly rule: string
  /** `file:line` */
  readonly position: string
  readonly matched: boolean
  /** Every condition that failed; empty where the rule matched. */
  readonly failed: readonly FailedCondition[]
  /** The actions the rule grants. */
  readonly actions: readonly string[]
}

/** Every rule looked at, up to and including the one that decided. */
export interface Trace {
  readonly rules: readonly RuleTrace[]
  readonly decision: Authorization
}
