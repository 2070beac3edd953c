// A MariaDB of one suite's own.
import { join } from 'node:path'
import mysql from 'mysql2/promise'
import { type Child, endChild, freePort, startChild, succeeds, waitUntil } from './children.ts'
import { program } from './requires.ts'
import { type SqlServer, serverFolder, unprivileged } from './sql-server.ts'

/** What `startMariadb` needs, for `requires(...)`. */
export const mariadbRequirement: readonly string[] = ['mariadbd', 'mariadb-install-db']

const PASSWORD = "c4nary:p@ss/w'rd\\?"

/** Starts a server with an empty database `registry`, with these settings (`sql_mode=…`). */
export const startMariadb = async (...settings: readonly string[]): Promise<SqlServer> => {
  const folder = serverFolder()
  const port = await freePort()
  const data = join(folder, 'data')
  const socketPath = join(folder, 'socket')
  const install = ['--no-defaults', `--datadir=${data}`, '--auth-root-authentication-method=normal', '--skip-test-db']
  await succeeds(...unprivileged(program('mariadb-install-db'), install), { cwd: folder })
  const args = [
    ...['--no-defaults', `--datadir=${data}`, `--socket=${socketPath}`, `--pid-file=${join(folder, 'pid')}`],
    ...['--bind-address=127.0.0.1', `--port=${port}`, '--skip-name-resolve', '--innodb-flush-log-at-trx-commit=2'],
    ...settings.map((setting) => `--${setting}`),
  ]

  const script = async (statements: string, database?: string): Promise<void> => {
    const to = database === undefined ? {} : { database }
    const client = await mysql.createConnection({ socketPath, user: 'root', multipleStatements: true, ...to })
    try {
      // Whatever the server was told, a backslash is an escape here.
      await client.query(`SET sql_mode = ''; ${statements}`)
    } finally {
      await client.end()
    }
  }
  const start = async (): Promise<Child> => {
    const child = startChild(...unprivileged(program('mariadbd'), args), { cwd: folder })
    await waitUntil(child, () => script('SELECT 1').then(() => true))
    return child
  }
  let child = await start()
  await script(
    `CREATE DATABASE registry CHARACTER SET utf8mb4; CREATE USER registry_auth IDENTIFIED BY ${mysql.escape(PASSWORD)};
    GRANT SELECT ON registry.* TO registry_auth`,
  )
  return {
    type: 'mysql',
    port,
    password: PASSWORD,
    connection: ({ port: other = port, password = PASSWORD, query = 'charset=utf8mb4' } = {}) =>
      `registry_auth:${password}@tcp(127.0.0.1:${other})/registry?${query}`,
    script: (statements) => script(statements, 'registry'),
    stop: async () => {
      await endChild(child, 'SIGKILL')
    },
    restart: async () => {
      child = await start()
    },
  }
}
