// The door of the room: the ordered list of everyone who knows accounts, asked one after the other.
import type { Authentication, Authenticator } from './authenticator.ts'
import { createPasswords, isBcryptHash } from './passwords.ts'
import { UsersConfig, createUsersAuthenticator } from './users.ts'
import type { Credentials } from '../protocol/identity.ts'

export type { Authentication, Authenticator } from './authenticator.ts'
export { UsersConfig } from './users.ts'
export { isBcryptHash } from './passwords.ts'

/** The back ends of a configuration. */
export interface AuthnConfig {
  readonly users?: UsersConfig | undefined
}

// Some seconds' worth: who would wait longer is better told to come back.
const QUEUE = 100

/**
 * Asks every configured back end in docker_auth's fixed order: `no-match` passes on, the first opinion decides, no opinion is `no-match`.
 * `cores` bounds how many passwords are checked at once (one fewer, so that tokens are still signed).
 */
export function createAuthenticator(config: AuthnConfig, cores: number): Authenticator['authenticate'] {
  const hashes = Object.values(config.users ?? {}).flatMap(({ password }) => password ?? [])
  const passwords = createPasswords({ hashes, concurrency: Math.max(1, cores - 1), queue: QUEUE })
  const backends: Authenticator[] = []
  if (config.users !== undefined) backends.push(createUsersAuthenticator(config.users, passwords))
  return createChain(backends, ({ password }, signal) => passwords.pretend(password, signal))
}

/** The chain itself. `pretend` takes the time a wrong password takes; it runs where nobody knew the account. */
export function createChain(
  backends: readonly Authenticator[],
  pretend: (credentials: Credentials, signal?: AbortSignal) => Promise<void>,
): Authenticator['authenticate'] {
  return async (credentials, signal): Promise<Authentication> => {
    // A password without an account is a mangled credential (containerd sends identity tokens so), never an anonymous one.
    if (credentials.account === '' && credentials.password.reveal() !== '')
      return { outcome: 'rejected', reason: 'refused' }
    for (const backend of backends) {
      const answer = await backend.authenticate(credentials, signal)
      if (answer.outcome !== 'no-match') return answer
    }
    if (credentials.account !== '') await pretend(credentials, signal)
    return { outcome: 'no-match' }
  }
}

/** What an admin should know about these back ends, by the path of the key that says so. */
export function authnWarnings(config: AuthnConfig): { readonly path: readonly string[]; readonly message: string }[] {
  return Object.entries(config.users ?? {}).flatMap(([account, { password }]) => {
    if (password === undefined) return account === '' ? [] : [{ path: ['users', account], message: ANYBODY }]
    return isBcryptHash(password) ? [] : [{ path: ['users', account, 'password'], message: NOBODY }]
  })
}

const ANYBODY = 'has no password: any password is accepted'
const NOBODY = 'is not a bcrypt hash: nobody can log in with it'
