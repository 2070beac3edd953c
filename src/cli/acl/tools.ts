// What the commands about access lists are lent by the roof.
import type { Writable } from 'node:stream'
import type { AclList, AuthorizationRequest, Explanation } from '../../authz/index.ts'

/** Each throws ConfigError when what it is asked for cannot be had. */
export interface AclTools {
  /** The list at a path: a configuration file (its `acl`, `acl_files` and `acl_tests`), a file of rules, or a folder of such files. */
  readonly loadList: (path: string) => Promise<AclList>
  /** Asks every back end of a configuration file what it says to these requests, and why. `time` is in ms since 1970. */
  readonly explain: (
    configFile: string,
    requests: readonly AuthorizationRequest[],
    time: number | undefined,
  ) => Promise<Explanation[]>
  /** Asks a running server the same, over the socket in its data folder. */
  readonly explainRunning: (
    dataFolder: string,
    requests: readonly AuthorizationRequest[],
    time: number | undefined,
  ) => Promise<Explanation[]>
  /** Where a server without a configuration file of its own keeps its data. */
  readonly dataFolder: string
  readonly now: () => number
  readonly out: Writable
  readonly err: Writable
  /** Whether `err` is a terminal, where progress may be shown. */
  readonly isTerminal: boolean
}
