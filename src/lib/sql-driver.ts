// What the three kinds of SQL database have in common.
import type { Dialect } from 'kysely'

/** One kind of database. Whatever goes wrong is thrown as it is. */
export interface SqlDriver {
  /** Writes statements; it is never connected. */
  readonly dialect: Dialect
  rows(sql: string, parameters: readonly unknown[]): Promise<readonly unknown[]>
  /** Ends what is under way, whose questions may never be answered then. */
  close(): Promise<void>
}

/** For a dialect, which wants to know where to connect, although only its statements are used. */
export function nowhere(): Promise<never> {
  return Promise.reject(new Error('statements are only written here'))
}
