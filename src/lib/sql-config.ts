// How to reach a SQL database, as the configuration says it: docker_auth's `database_type` and `conn_string`, a Go driver's.
import { z } from 'zod'
import { duration, nonEmpty } from './schema.ts'
import { Secret } from './secret.ts'
import type { Reading } from './section.ts'
import { readMysqlDsn } from './sql-mysql-dsn.ts'
import { readPostgresDsn } from './sql-postgres-dsn.ts'
import type { SqlSettings } from './sql-settings.ts'
import { readSqliteDsn } from './sql-sqlite-dsn.ts'

const DEFAULT_TIMEOUT_MS = 10_000
const MAX_TIMEOUT_MS = 3600e3

const READERS = {
  mysql: readMysqlDsn,
  mariadb: readMysqlDsn,
  postgres: readPostgresDsn,
  postgresql: readPostgresDsn,
  sqlite3: readSqliteDsn,
  sqlite: readSqliteDsn,
} as const

/** The keys of every section that reads from a SQL database. */
export const sqlKeys = {
  database_type: z.enum(['mysql', 'mariadb', 'postgres', 'postgresql', 'sqlite3', 'sqlite'], {
    error: 'must be mysql, postgres or sqlite3',
  }),
  conn_string: nonEmpty.transform((value) => new Secret(value)).optional(),
  conn_string_file: nonEmpty.optional(),
  timeout: duration
    .refine((ms) => ms >= 1 && ms <= MAX_TIMEOUT_MS, {
      error: 'must be between 1ms and 1h (a number without a unit counts nanoseconds)',
    })
    .transform(Math.ceil)
    .default(DEFAULT_TIMEOUT_MS),
}
type SqlConfig = z.infer<z.ZodObject<typeof sqlKeys>>

/** The settings of a section, or undefined when the report was told what is wrong with it. Nothing reported repeats the password. */
export async function readSql(config: SqlConfig, { files, report }: Reading): Promise<SqlSettings | undefined> {
  const { conn_string: written, conn_string_file: file, database_type: type, timeout } = config
  if (written !== undefined && file !== undefined) {
    report.problem(['conn_string'], 'conn_string_file says where the database is: only one of the two can')
    return undefined
  }
  const path = [file === undefined ? 'conn_string' : 'conn_string_file']
  const dsn =
    file === undefined
      ? written
      : await report.guard(
          path,
          files.readText(file).then((text) => new Secret(text.trim())),
        )
  if (dsn === undefined) {
    if (file === undefined)
      report.problem([], 'conn_string or conn_string_file is needed to know where the database is')
    return undefined
  }
  const place = await READERS[type](dsn.reveal(), { files, report: report.at(path) })
  return place === undefined ? undefined : { ...place, timeout }
}
