// A PostgreSQL of one suite's own, from Debian's package or from the PATH.
import { copyFileSync, existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { type Child, endChild, freePort, startChild, succeeds, waitUntil } from './children.ts'
import type { CertificateFiles } from './certificate.ts'
import { program } from './requires.ts'
import { type SqlServer, give, serverFolder, unprivileged } from './sql-server.ts'

// Debian keeps the server's programs out of every PATH, one folder for each version.
const debian = '/usr/lib/postgresql'
const folders = existsSync(debian) ? readdirSync(debian).map((version) => join(debian, version, 'bin')) : []
const home = folders.find((folder) => existsSync(join(folder, 'postgres')))
const find = (name: string): string => (home === undefined ? program(name) : join(home, name))

/** What `startPostgres` needs, for `requires(...)`. */
export const postgresRequirement: readonly string[] = home === undefined ? ['postgres', 'initdb'] : []

const OWNER = 'owner-password'
const PASSWORD = "c4nary p@ss/w'rd\\?"

/** Starts a server with an empty database; with a certificate it speaks TLS, and without TLS only where clients ask for none. */
export const startPostgres = async (tls?: CertificateFiles): Promise<SqlServer> => {
  const folder = serverFolder()
  const port = await freePort()
  const data = join(folder, 'data')
  const secret = join(folder, 'owner')
  writeFileSync(secret, OWNER)
  give(secret)
  const initial = [
    '-D',
    data,
    '-U',
    'owner',
    '-A',
    'scram-sha-256',
    '--pwfile',
    secret,
    '-E',
    'UTF8',
    '--locale=C',
    '-N',
  ]
  await succeeds(...unprivileged(find('initdb'), initial), { cwd: folder })
  const settings = [`unix_socket_directories=${folder}`, 'listen_addresses=127.0.0.1', 'fsync=off']
  if (tls !== undefined) {
    for (const name of ['certificate', 'key'] as const) {
      copyFileSync(tls[name], join(folder, name))
      give(join(folder, name))
    }
    settings.push('ssl=on', `ssl_cert_file=${join(folder, 'certificate')}`, `ssl_key_file=${join(folder, 'key')}`)
  }
  const args = ['-D', data, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])]

  const script = async (statements: string): Promise<void> => {
    const client = new pg.Client({ host: '127.0.0.1', port, user: 'owner', password: OWNER, database: 'postgres' })
    client.on('error', () => undefined)
    await client.connect()
    try {
      await client.query(statements)
    } finally {
      await client.end()
    }
  }
  const start = async (): Promise<Child> => {
    const child = startChild(...unprivileged(find('postgres'), args), { cwd: folder })
    await waitUntil(child, () => script('SELECT 1').then(() => true))
    return child
  }
  let child = await start()
  await script(
    `CREATE ROLE registry_auth LOGIN PASSWORD '${PASSWORD.replaceAll("'", "''")}'; GRANT pg_read_all_data TO registry_auth`,
  )
  return {
    type: 'postgres',
    port,
    password: PASSWORD,
    connection: ({ port: other = port, password = PASSWORD, query = 'sslmode=disable' } = {}) =>
      `postgres://registry_auth:${encodeURIComponent(password)}@127.0.0.1:${other}/postgres?${query}`,
    script,
    // An immediate shutdown: SIGQUIT lets its own children end, which SIGKILL would leave behind.
    stop: async () => {
      await endChild(child, 'SIGQUIT')
    },
    restart: async () => {
      child = await start()
    },
  }
}
