// Users in a SQL database, in docker_auth's table: xorm_user (id, username, password_hash, labels as JSON).
import { z } from 'zod'
import { parseJson } from '../lib/json.ts'
import { strict } from '../lib/schema.ts'
import { defineSection } from '../lib/section.ts'
import { createSql } from '../lib/sql.ts'
import type { Sql } from '../lib/sql.ts'
import { readSql, sqlKeys } from '../lib/sql-config.ts'
import type { Authentication, Authenticator } from './authenticator.ts'
import { createVerifyHash } from './tools.ts'
import type { AuthnTools } from './tools.ts'
import { UserLabels, problemsOf } from './user-record.ts'

/** `xorm_auth`: where the database is. */
export const XormAuthConfig = strict(sqlKeys)
export type XormAuthConfig = z.infer<typeof XormAuthConfig>

export const xorm = defineSection({
  section: 'xorm_auth',
  schema: XormAuthConfig,
  read: readSql,
  open: async (settings, tools: AuthnTools) => createXormAuthenticator(await createSql<UserTables>(settings), tools),
})

/** The columns that are read. */
export interface UserTables {
  readonly xorm_user: {
    readonly id: number
    readonly username: string
    readonly password_hash: string
    readonly labels: string | null
  }
}

const NO_MATCH: Authentication = { outcome: 'no-match' }

// A collation may find some that are other accounts; among so many rows, the one asked for is.
const SPELLINGS = 100

const Named = z.object({ username: z.string() })

// Whoever wrote the row was not bound to a schema: what does not fit admits nobody.
const User = z.object({
  password_hash: z.string(),
  labels: z
    .string()
    .nullable()
    .transform((text) => (text === null || text === '' ? null : parseJson(text)))
    .pipe(UserLabels.nullable()),
})

/** Knows the users of this database. */
export function createXormAuthenticator(sql: Sql<UserTables>, tools: AuthnTools): Authenticator {
  const verify = createVerifyHash('xorm_auth', tools)
  return {
    name: 'xorm_auth',
    async authenticate(credentials, signal) {
      const { account, password } = credentials
      // PostgreSQL knows no text with a NUL in it.
      if (account === '' || password.reveal() === '' || account.includes('\0')) return NO_MATCH
      const rows = await sql.rows(
        (db) =>
          db
            .selectFrom('xorm_user')
            .select(['username', 'password_hash', 'labels'])
            .where('username', '=', account)
            .orderBy('id', 'desc')
            .limit((of) => of.lit(SPELLINGS)),
        signal,
      )
      // The newest of those that are spelled as asked for: collations ignore case and blanks, rules do not.
      const found = rows.find((row) => Named.safeParse(row).data?.username === account)
      if (found === undefined) return NO_MATCH
      const user = User.safeParse(found)
      if (!user.success) {
        tools.log.warn({ account }, `xorm_auth: the row of this user does not fit: ${problemsOf(user.error)}`)
        return { outcome: 'rejected', reason: 'refused' }
      }
      const { password_hash: hash, labels } = user.data
      if (!(await verify(credentials, hash, signal))) return { outcome: 'rejected', reason: 'wrong-password' }
      return { outcome: 'accepted', identity: { account, labels: labels ?? {}, labelsArePatterns: true } }
    },
    async check(signal) {
      await sql.rows(
        (db) =>
          db
            .selectFrom('xorm_user')
            .select('id')
            .limit((of) => of.lit(1)),
        signal,
      )
    },
    close: () => sql.close(),
  }
}
