// Who is asking: what a client presents and what authentication makes of it. protocol/ knows no back end and no HTTP library.
import type { Secret } from '../lib/secret.ts'

/** Label name to values, as the back ends give them. */
export type Labels = Readonly<Record<string, readonly string[]>>

/** What a client presents. The account `''` is anonymous. */
export interface Credentials {
  readonly account: string
  readonly password: Secret
}

/** Who the client turned out to be. `labelsArePatterns` is false for labels from directories and identity providers: rules quote them. */
export interface Identity {
  readonly account: string
  readonly labels: Labels
  readonly labelsArePatterns: boolean
}
