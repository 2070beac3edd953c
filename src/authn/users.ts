// Users written in the configuration.
import type { z } from 'zod'
import { mapOf, strict, text, texts } from '../lib/schema.ts'
import { defineSection } from '../lib/section.ts'
import type { Authenticator } from './authenticator.ts'
import { isBcryptHash } from './passwords.ts'
import { createVerifyHash } from './tools.ts'
import type { AuthnTools } from './tools.ts'

/** `users`: account to bcrypt hash and labels. No password admits any password; the account `""` is anonymous. */
export const UsersConfig = mapOf(
  strict({
    password: text.optional(),
    labels: mapOf(texts, 'must be a map of label names and lists of values').optional(),
  }),
  'must be a map of account names',
)
export type UsersConfig = z.infer<typeof UsersConfig>

const ANYBODY = 'has no password: any password is accepted'
const NOBODY = 'is not a bcrypt hash: nobody can log in with it'

export const users = defineSection({
  section: 'users',
  schema: UsersConfig,
  read(config, { report }) {
    for (const [account, { password }] of Object.entries(config)) {
      if (password === undefined && account !== '') report.warning([account], ANYBODY)
      if (password !== undefined && !isBcryptHash(password)) report.warning([account, 'password'], NOBODY)
    }
    return config
  },
  open: createUsersAuthenticator,
})

/** Knows the accounts of the configuration. */
export function createUsersAuthenticator(config: UsersConfig, tools: AuthnTools): Authenticator {
  const accounts = new Map(Object.entries(config))
  const verify = createVerifyHash('users', tools)
  tools.passwords.expect(Object.values(config).flatMap(({ password }) => password ?? []))
  return {
    name: 'users',
    async authenticate(credentials, signal) {
      const { account } = credentials
      const user = accounts.get(account)
      if (user === undefined) return { outcome: 'no-match' }
      if (user.password !== undefined && !(await verify(credentials, user.password, signal))) {
        return { outcome: 'rejected', reason: 'wrong-password' }
      }
      return { outcome: 'accepted', identity: { account, labels: user.labels ?? {}, labelsArePatterns: true } }
    },
  }
}
