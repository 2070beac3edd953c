// PostgreSQL through its driver: a few connections, each with time limits, and none kept that failed.
import { checkServerIdentity } from 'node:tls'
import type { ConnectionOptions } from 'node:tls'
import type { PoolClient } from 'pg'
import { nowhere } from './sql-driver.ts'
import type { SqlDriver } from './sql-driver.ts'
import type { SqlServer } from './sql-settings.ts'

const CONNECTIONS = 5
const IDLE_MS = 60_000

/** Creates the pool; connects to nothing yet. */
export async function createPostgres(settings: SqlServer & { readonly timeout: number }): Promise<SqlDriver> {
  const [{ Pool }, { PostgresDialect }] = await Promise.all([import('pg'), import('kysely')])
  const { address, user, password, database, options, timeout } = settings
  const pool = new Pool({
    host: 'path' in address ? address.path : address.host,
    port: address.port,
    user,
    password: password?.reveal(),
    database,
    ssl: tlsOf(settings) ?? false,
    application_name: 'registry-auth',
    ...(options !== '' && { options }),
    connectionTimeoutMillis: Math.min(settings.connectTimeout ?? timeout, timeout),
    query_timeout: timeout,
    max: CONNECTIONS,
    idleTimeoutMillis: IDLE_MS,
    keepAlive: true,
    // Every value as its text: what a column holds is for whoever asked to read.
    types: { getTypeParser: () => (value: string) => value },
  })
  // A connection that breaks while nobody uses it; the next question gets another.
  pool.on('error', () => undefined)
  pool.on('connect', (client) => client.on('error', () => undefined))
  const using = new Set<PoolClient>()

  // Thrown away when what it was used for failed.
  function release(client: PoolClient, failed: boolean): void {
    if (using.delete(client)) client.release(failed)
  }

  return {
    dialect: new PostgresDialect({ pool: nowhere }),
    async rows(sql, parameters) {
      const client = await pool.connect()
      using.add(client)
      let failed = true
      try {
        const { rows } = await client.query<object>(sql, [...parameters])
        failed = false
        return rows
      } finally {
        release(client, failed)
      }
    },
    close() {
      for (const client of using) release(client, true)
      return pool.end()
    },
  }
}

function tlsOf({ tls, address }: SqlServer): ConnectionOptions | undefined {
  if (tls === undefined || 'path' in address) return undefined
  return {
    rejectUnauthorized: tls.verify !== 'nothing',
    // The driver itself would compare an address with "localhost".
    checkServerIdentity: (_, certificate) =>
      tls.verify === 'name' ? checkServerIdentity(address.host, certificate) : undefined,
    ...(tls.authorities !== undefined && { ca: tls.authorities }),
    ...(tls.client !== undefined && { cert: tls.client.certificate, key: tls.client.key.reveal() }),
  }
}
