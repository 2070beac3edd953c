// Rules in a SQL database, in docker_auth's table: xorm_acl_entry (acl_entry as JSON, seq), asked for in ascending seq.
import { z } from 'zod'
import { ConfigError } from '../lib/errors.ts'
import { parseJson, repeatedKey } from '../lib/json.ts'
import { duration, strict } from '../lib/schema.ts'
import { defineSection } from '../lib/section.ts'
import type { SectionKind } from '../lib/section.ts'
import { createSql } from '../lib/sql.ts'
import type { Sql } from '../lib/sql.ts'
import { readSql, sqlKeys } from '../lib/sql-config.ts'
import type { Authorizer } from './authorizer.ts'
import { openStoredAcl } from './stored-acl.ts'
import type { AclRow, AclRows } from './stored-acl.ts'
import type { AuthzTools } from './tools.ts'

const MAX_RULES = 1_000_000

/** `acl_xorm`, and `acl_sql`, which is the same: where the database is, and how long its rules are used before they are read again. */
export const AclSqlConfig = strict({
  ...sqlKeys,
  cache_ttl: duration
    .refine((ms) => ms >= 1000 && ms <= 24 * 3600e3, {
      error: 'must be between 1s and 24h (a number without a unit counts nanoseconds)',
    })
    .default(60_000),
})
export type AclSqlConfig = z.infer<typeof AclSqlConfig>

export const aclXorm = sectionOf('acl_xorm')
export const aclSql = sectionOf('acl_sql')

function sectionOf(section: 'acl_xorm' | 'acl_sql'): SectionKind<AuthzTools, Authorizer> {
  return defineSection({
    section,
    schema: AclSqlConfig,
    async read({ cache_ttl: ttl, ...config }, reading) {
      const sql = await readSql(config, reading)
      return sql === undefined ? undefined : { sql, ttl }
    },
    open: async ({ sql, ttl }, tools: AuthzTools) =>
      openStoredAcl(createSqlRows(section, await createSql<AclTables>(sql)), { ttl }, tools),
  })
}

/** The columns that are read; docker_auth's table has no others. */
export interface AclTables {
  readonly xorm_acl_entry: { readonly acl_entry: string | null; readonly seq: number | null }
}

// Drivers give numbers as text where they may be too large for one.
const Row = z.object({
  acl_entry: z.string().nullable(),
  seq: z
    .union([
      z.number(),
      z
        .string()
        .regex(/^-?\d+$/)
        .transform(Number),
    ])
    .pipe(z.int()),
})

/** The rules of this database. */
export function createSqlRows(name: string, sql: Sql<AclTables>): AclRows {
  return {
    name,
    // One statement, so that no rule is missed that somebody moves meanwhile.
    async *load(signal): AsyncGenerator<AclRow> {
      const rows = await sql.rows(
        (db) =>
          db
            .selectFrom('xorm_acl_entry')
            .select(['acl_entry', 'seq'])
            .orderBy('seq')
            .limit((of) => of.lit(MAX_RULES + 1)),
        signal,
      )
      if (rows.length > MAX_RULES) throw new ConfigError(`${name}: there are more than ${MAX_RULES} rules`)
      let previous: number | undefined
      for (const row of rows) {
        const { acl_entry: entry, seq } = readRow(row, name)
        const position = `${name}:seq=${seq}`
        if (seq === previous) refuse(position, 'stands twice: which of the two rules comes first is not known')
        previous = seq
        yield { value: entry === null ? null : readEntry(entry, position), position }
      }
    },
    async check(signal) {
      await sql.rows(
        (db) =>
          db
            .selectFrom('xorm_acl_entry')
            .select('seq')
            .limit((of) => of.lit(1)),
        signal,
      )
    },
    close: () => sql.close(),
  }
}

function readRow(row: unknown, name: string): z.infer<typeof Row> {
  const read = Row.safeParse(row)
  if (read.success) return read.data
  const [about] = read.error.issues
  return about?.path[0] === 'seq'
    ? refuse(name, 'a rule has no seq, or one that is no whole number: where it stands is not known')
    : refuse(name, 'a rule is not text')
}

function refuse(path: string, message: string): never {
  throw new ConfigError([{ path, message }])
}

// Go's JSON adds a second match to the first, and JavaScript's forgets the first: here nobody has to guess.
function readEntry(entry: string, position: string): unknown {
  const repeated = repeatedKey(entry)
  if (repeated !== undefined) refuse(position, `"${repeated}" stands there twice`)
  return withLowerKeys(parseJson(entry), position)
}

// Go's JSON does not tell Match from match.
function withLowerKeys(value: unknown, position: string, deeper: readonly string[] = ['match']): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  const members = new Map<string, unknown>()
  for (const [written, member] of Object.entries(value)) {
    const key = written.toLowerCase()
    if (members.has(key)) refuse(position, `"${key}" stands there twice`)
    members.set(key, deeper.includes(key) ? withLowerKeys(member, position, []) : member)
  }
  return Object.fromEntries(members)
}
