// Users written in the configuration.
import type { z } from 'zod'
import { mapOf, strict, text, texts } from '../lib/schema.ts'
import type { Authenticator } from './authenticator.ts'
import type { Passwords } from './passwords.ts'

/** `users`: account to bcrypt hash and labels. No password admits any password; the account `""` is anonymous. */
export const UsersConfig = mapOf(
  strict({
    password: text.optional(),
    labels: mapOf(texts, 'must be a map of label names and lists of values').optional(),
  }),
  'must be a map of account names',
)
export type UsersConfig = z.infer<typeof UsersConfig>

/** Knows the accounts of the configuration. */
export function createUsersAuthenticator(users: UsersConfig, passwords: Passwords): Authenticator {
  const accounts = new Map(Object.entries(users))
  return {
    name: 'users',
    async authenticate({ account, password }, signal) {
      const user = accounts.get(account)
      if (user === undefined) return { outcome: 'no-match' }
      if (user.password !== undefined && !(await passwords.verify(password, user.password, signal))) {
        return { outcome: 'rejected', reason: 'wrong-password' }
      }
      return { outcome: 'accepted', identity: { account, labels: user.labels ?? {}, labelsArePatterns: true } }
    },
  }
}
