// A whole access list as the admin's tools look at it: its rules with their places, its tests, and what surrounds it.
import type { Acl } from './acl.ts'
import type { AclEntryConfig, AclTestConfig } from './config.ts'

/** A place in a file; line and column count from 1. */
export interface Place {
  readonly file: string
  readonly line: number
  readonly column: number
}

/** A rule of a list and where it stands. */
export interface ListedRule {
  readonly entry: AclEntryConfig
  /** Its id, or `file:line`: what logs and explanations call it. */
  readonly name: string
  /** `file:line` */
  readonly position: string
  readonly syntax: 1 | 2
  /** Where the value at this path below the rule stands: `['match', 'name']`. */
  place(path: readonly (string | number)[]): Place
}

/** A test of a list and where it stands. */
export interface ListedTest {
  readonly test: AclTestConfig
  readonly place: Place
}

/** What the rest of a configuration says that matters to its rules. */
export interface AclSetting {
  /** Whether somebody who shows no credentials is let in: as the account `''`. */
  readonly anonymous: boolean
  /** Whether the client's address comes from a header that a proxy sets. */
  readonly proxyHeader: boolean
  /** The labels that its back ends can give; undefined where they can give any. */
  readonly labels: readonly string[] | undefined
  /** Its other back ends that decide, of whose rules a list knows nothing. */
  readonly others: readonly string[]
}

/** A list that loads. */
export interface AclList {
  readonly rules: readonly ListedRule[]
  readonly acl: Acl
  readonly tests: readonly ListedTest[]
  /** Undefined for files of rules that no configuration surrounds. */
  readonly setting: AclSetting | undefined
}
