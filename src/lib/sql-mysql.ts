// MySQL and MariaDB through their driver: a few connections, each with time limits, and none kept that failed.
import type { PoolConnection, RowDataPacket } from 'mysql2/promise'
import { nowhere } from './sql-driver.ts'
import type { SqlDriver } from './sql-driver.ts'
import type { SqlServer } from './sql-settings.ts'

const CONNECTIONS = 5
const IDLE_MS = 60_000
// The driver keeps those who wait although their time has passed: a server that says nothing must not make them ever more.
const QUEUE = 1000

/** Creates the pool; connects to nothing yet. */
export async function createMysql(settings: SqlServer & { readonly timeout: number }): Promise<SqlDriver> {
  const [{ createPool }, { MysqlDialect }] = await Promise.all([import('mysql2/promise'), import('kysely')])
  const { address, user, password, database, tls, timeout } = settings
  const pool = createPool({
    ...('path' in address ? { socketPath: address.path } : address),
    user,
    ...(password !== undefined && { password: password.reveal() }),
    database,
    ...(tls !== undefined && {
      ssl: { rejectUnauthorized: tls.verify !== 'nothing', verifyIdentity: tls.verify === 'name' },
    }),
    connectTimeout: Math.min(settings.connectTimeout ?? timeout, timeout),
    connectionLimit: CONNECTIONS,
    queueLimit: QUEUE,
    maxIdle: 1,
    idleTimeout: IDLE_MS,
    supportBigNumbers: true,
    jsonStrings: true,
    // A server must not be able to ask for this machine's files.
    flags: ['-LOCAL_FILES'],
  })

  const using = new Set<PoolConnection>()

  return {
    dialect: new MysqlDialect({ pool: nowhere }),
    async rows(sql, parameters) {
      const connection = await pool.getConnection()
      using.add(connection)
      try {
        // Prepared by the server: values that are written into the statement depend on its idea of a backslash.
        const [rows] = await connection.execute<RowDataPacket[]>({ sql, values: parameters.map(String), timeout })
        connection.release()
        return rows
      } catch (error) {
        connection.destroy()
        throw error
      } finally {
        using.delete(connection)
      }
    },
    close() {
      // The pool would wait for their answers.
      for (const connection of using) connection.destroy()
      return pool.end()
    },
  }
}
