// What the database servers of these suites have in common; they refuse to run as root, so root runs them as nobody.
import { chownSync } from 'node:fs'
import { scratchFolder } from './children.ts'

/** A server of one suite's own. */
export interface SqlServer {
  readonly type: 'postgres' | 'mysql'
  /** The connection string of the user this program is given, who may read; `changes` replace parts of it. */
  connection(changes?: { readonly port?: number; readonly password?: string; readonly query?: string }): string
  readonly port: number
  /** The password of that user. */
  readonly password: string
  /** Runs statements as somebody who may do everything. */
  script(statements: string): Promise<void>
  /** Ends it at once; its clients see their connections break. */
  stop(): Promise<void>
  /** Starts it again, after `stop`, on the same port with the same data. */
  restart(): Promise<void>
}

const NOBODY = 65_534
const isRoot = process.getuid?.() === 0

/** The command that runs this one as somebody whom a database server accepts. */
export const unprivileged = (command: string, args: readonly string[]): [string, readonly string[]] =>
  isRoot
    ? ['setpriv', [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups', '--', command, ...args]]
    : [command, args]

/** Gives a file or folder to whom `unprivileged` runs things as. */
export const give = (path: string): string => {
  if (isRoot) chownSync(path, NOBODY, NOBODY)
  return path
}

/** A folder of this suite's own for a server. */
export const serverFolder = (): string => give(scratchFolder())
