// Where a SQL database is and how it is reached, whatever the configuration calls it.
import type { Secret } from './secret.ts'

/** How the server's certificate is checked: not at all, by its authority, or by its authority and its name. */
export interface SqlTls {
  readonly verify: 'nothing' | 'authority' | 'name'
  /** PEM; Node's own authorities when left out. */
  readonly authorities?: string
  readonly client?: { readonly certificate: string; readonly key: Secret }
}

/** A MySQL, MariaDB or PostgreSQL server. */
export interface SqlServer {
  readonly kind: 'mysql' | 'postgres'
  /** `path` is a socket: for PostgreSQL, which numbers them by port, the folder it is in. */
  readonly address: { readonly host: string; readonly port: number } | { readonly path: string; readonly port: number }
  readonly user: string
  readonly password: Secret | undefined
  readonly database: string
  readonly tls: SqlTls | undefined
  /** In ms; undefined where nothing was said. */
  readonly connectTimeout: number | undefined
  /** What a PostgreSQL session begins with, in the form of its `options`. */
  readonly options: string
}

/** A file of SQLite's, by its URI. */
export interface SqlFile {
  readonly kind: 'sqlite'
  readonly path: string
  readonly uri: string
}

/** A database. `timeout` is for one question and its answer, connecting included, in ms. */
export type SqlSettings = (SqlServer | SqlFile) & { readonly timeout: number }
