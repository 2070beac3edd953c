// The connection string of SQLite: a path, or a URI with parameters.
// https://pkg.go.dev/github.com/mattn/go-sqlite3#SQLiteDriver.Open
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Reading } from './section.ts'
import type { SqlFile } from './sql-settings.ts'

/** Reads `users.db` or `file:users.db?mode=ro`. The file is only ever read. Undefined when the report was told what is wrong with it. */
export function readSqliteDsn(dsn: string, { report }: Pick<Reading, 'report'>): SqlFile | undefined {
  const [, scheme, written = '', query] = /^(file:)?([^?]*)(?:\?(.*))?$/s.exec(dsn) ?? []
  const parameters = new URLSearchParams(query)
  const name = scheme === undefined ? written : pathOf(written)
  if (name === '' || name === ':memory:' || parameters.get('mode') === 'memory') {
    report.problem([], 'must be the path of a database: one in memory would be empty')
    return undefined
  }
  if (name === undefined || name.includes('\0')) {
    report.problem([], 'must be the path of a file, or file: and a path whose % are written %25')
    return undefined
  }
  // Those with an underscore are the Go driver's; they are about writing, or about waiting, which has its own limit here.
  for (const key of parameters.keys())
    if (!key.startsWith('_') && !['mode', 'cache', 'immutable'].includes(key))
      report.warning([], `has a parameter without effect${/^\w{1,32}$/.test(key) ? `: "${key}"` : ''}`)
  const path = resolve(name)
  const immutable = parameters.get('immutable') === '1' ? '&immutable=1' : ''
  return { kind: 'sqlite', path, uri: `${pathToFileURL(path).href}?mode=ro${immutable}` }
}

function pathOf(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replace(/^\/\/(?:localhost)?(?=\/)/, ''))
  } catch {
    return undefined
  }
}
