// SQLite through libsql, opened for every question: a file that was replaced is noticed, and nothing is locked in between.
import { setImmediate, setTimeout } from 'node:timers/promises'
import type Database from 'libsql'
import { ConfigError } from './errors.ts'
import { errorCode } from './file-errors.ts'
import { nowhere } from './sql-driver.ts'
import type { SqlDriver } from './sql-driver.ts'
import type { SqlFile } from './sql-settings.ts'

const ROWS_A_TURN = 500
const BUSY_MS = 20

/** Creates the handle; opens nothing yet. Throws ConfigError when the driver is not there. */
export async function createSqlite({ uri, timeout }: SqlFile & { readonly timeout: number }): Promise<SqlDriver> {
  const { SqliteDialect } = await import('kysely')
  const Libsql = await loadDriver()

  // The driver works in this very thread, so others get a turn between rows.
  async function read(sql: string, parameters: readonly unknown[]): Promise<readonly unknown[]> {
    const database = new Libsql(uri)
    try {
      const rows: unknown[] = []
      for (const row of database.prepare(sql).iterate(parameters)) {
        if (rows.push(row) % ROWS_A_TURN === 0) await setImmediate()
      }
      return rows
    } finally {
      database.close()
    }
  }

  return {
    dialect: new SqliteDialect({ database: nowhere }),
    async rows(sql, parameters) {
      for (let left = timeout; ; left -= BUSY_MS) {
        try {
          return await read(sql, parameters)
        } catch (error) {
          // Somebody writes. Waiting is done here, because the driver would wait with all that this thread has to do.
          if (errorCode(error) !== 'SQLITE_BUSY' || left <= 0) throw error
          await setTimeout(BUSY_MS)
        }
      }
    },
    close: () => Promise.resolve(),
  }
}

async function loadDriver(): Promise<typeof Database> {
  try {
    return (await import('libsql')).default
  } catch (cause) {
    throw new ConfigError(
      'SQLite needs the npm package "libsql", which is not installed or not made for this machine',
      {
        cause,
      },
    )
  }
}
