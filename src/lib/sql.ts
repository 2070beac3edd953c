// A SQL database that is only read, asked within time limits. It is connected when it is first asked, and again whenever that is lost.
import type { Compilable, Kysely } from 'kysely'
import { BackendError } from './errors.ts'
import { errorCode } from './file-errors.ts'
import type { SqlDriver } from './sql-driver.ts'
import type { SqlSettings } from './sql-settings.ts'
import { within } from './within.ts'

// For the driver, which has limits of its own, to say what is wrong.
const GRACE_MS = 500
const CLOSE_MS = 2000

/** A database whose tables are `Tables`, if whoever made them kept to it: a row may hold anything. */
export interface Sql<Tables> {
  /** All rows that this statement answers with. Throws BackendError when it fails, takes too long or `signal` aborts. */
  rows(statement: (db: Kysely<Tables>) => Compilable, signal?: AbortSignal): Promise<readonly unknown[]>
  /** Lets go of every connection, and fails what is being asked; a second call does nothing. */
  close(): Promise<void>
}

/** Creates the handle; connects to nothing yet. Throws ConfigError when the driver is not there. */
export async function createSql<Tables>(settings: SqlSettings): Promise<Sql<Tables>> {
  const { Kysely } = await import('kysely')
  const driver = await createDriver(settings)
  const db = new Kysely<Tables>({ dialect: driver.dialect })
  const what = describe(settings)
  const underWay = new Set<(why: BackendError) => void>()
  let closed: Promise<void> | undefined

  async function ask(sql: string, parameters: readonly unknown[]): Promise<readonly unknown[]> {
    try {
      return await driver.rows(sql, parameters)
    } catch (cause) {
      if (parameters.length > 0 && OTHER_LETTERS.has(errorCode(cause))) return []
      throw isMissingTable(cause) ? new BackendError(`${what} ${NO_TABLE}`, { cause }) : cause
    }
  }

  async function close(): Promise<void> {
    for (const fail of underWay) fail(new BackendError(`${what} was closed`))
    // One that is still being connected is let go of when its time is over.
    await within({ what: `the end of ${what}`, ms: CLOSE_MS }, () => driver.close()).catch(() => undefined)
  }

  return {
    rows(statement, signal) {
      const { sql, parameters } = statement(db).compile()
      const answer = (): Promise<readonly unknown[]> =>
        new Promise((resolve, reject) => {
          if (closed !== undefined) return reject(new BackendError(`${what} is closed`))
          underWay.add(reject)
          void ask(sql, parameters)
            .then(resolve, reject)
            .finally(() => underWay.delete(reject))
        })
      return within({ what, ms: settings.timeout + GRACE_MS, signal }, answer)
    },
    close: () => (closed ??= close()),
  }
}

const NO_TABLE = 'has no such table, or not where it is looked for; the statements that make it are in examples/sql'

// Text with letters that the character set of a column (MySQL) or of the database (PostgreSQL) does not have is in none of its rows.
const OTHER_LETTERS = new Set(['ER_CANT_AGGREGATE_2COLLATIONS', '22P05'])

async function createDriver(settings: SqlSettings): Promise<SqlDriver> {
  if (settings.kind === 'sqlite') return (await import('./sql-sqlite.ts')).createSqlite(settings)
  if (settings.kind === 'postgres') return (await import('./sql-postgres.ts')).createPostgres(settings)
  return (await import('./sql-mysql.ts')).createMysql(settings)
}

function describe(settings: SqlSettings): string {
  if (settings.kind === 'sqlite') return `SQLite (${settings.path})`
  const { address, database } = settings
  const name = settings.kind === 'postgres' ? 'PostgreSQL' : 'MySQL'
  return `${name} (${'path' in address ? address.path : `${address.host}:${address.port}`} ${database})`
}

function isMissingTable(error: unknown): boolean {
  const missing = ['42P01', 'ER_NO_SUCH_TABLE'].includes(errorCode(error))
  return missing || (error instanceof Error && error.message.startsWith('no such table'))
}
