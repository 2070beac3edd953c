// The rows of a policy file: comma-separated values, one row a line, as docker_auth reads them.
import { ConfigError } from '../../lib/errors.ts'
import type { Problem } from '../../lib/errors.ts'
import { createTurns } from '../../lib/turns.ts'

/** A row: the definition it belongs to (`p`, `g`), its values, and where it stands. */
export interface PolicyRow {
  readonly key: string
  readonly values: readonly string[]
  readonly line: number
}

// A value in quotes, in which a quote is written twice; or one without any.
const VALUE = /[ \t]*(?:"((?:[^"]|"")*)"[ \t]*|([^",]*))(,|$)/y

/** Reads the rows of a file. Throws ConfigError with every line that is none. */
export async function parsePolicy(text: string, file: string): Promise<readonly PolicyRow[]> {
  const takeTurns = createTurns()
  const rows: PolicyRow[] = []
  const problems: Problem[] = []
  for (const [index, source] of text.split('\n').entries()) {
    await takeTurns()
    const written = source.trim()
    if (written === '' || written.startsWith('#')) continue
    const line = index + 1
    const [key, ...values] = parseLine(written) ?? []
    if (key === undefined) problems.push({ file, line, message: NO_ROW })
    else rows.push({ key, values, line })
  }
  if (problems.length > 0) throw new ConfigError(problems)
  return rows
}

const NO_ROW = 'a value with a quote in it has to be in quotes, and its own quotes doubled: "{""team"": [""web""]}"'

function parseLine(line: string): string[] | undefined {
  const values: string[] = []
  VALUE.lastIndex = 0
  for (;;) {
    const [matched, quoted, plain = '', end] = VALUE.exec(line) ?? []
    if (matched === undefined) return undefined
    values.push(quoted === undefined ? plain.trim() : quoted.replaceAll('""', '"'))
    if (end === '') return values
  }
}
