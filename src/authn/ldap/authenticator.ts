// People in an LDAP directory.
import type { Credentials } from '../../protocol/identity.ts'
import { defineSection } from '../../lib/section.ts'
import type { Authentication, Authenticator } from '../authenticator.ts'
import { remembered } from '../remembered.ts'
import type { AuthnTools } from '../tools.ts'
import { LdapConfig, readLdap } from './config.ts'
import type { LdapSettings } from './config.ts'
import { createDirectory } from './directory.ts'
import { createLogin } from './login.ts'

const NAME = 'ldap_auth'
// Characters that directories take out before they compare, and those that no account has.
const IGNORED = /[\p{Cc}\p{Cf}\p{Cs}\p{Default_Ignorable_Code_Point}\u1806\ufffc]/u
const ROOT = { base: '', scope: 'base', filter: '(objectClass=*)', attributes: ['1.1'] } as const

export const ldapAuth = defineSection({
  section: NAME,
  schema: LdapConfig,
  read: readLdap,
  open: createLdapAuthenticator,
})

/** Knows the people of a directory. What was accepted is remembered, as an identity, for the time of `credential_cache`. */
export async function createLdapAuthenticator(settings: LdapSettings, tools: AuthnTools): Promise<Authenticator> {
  const directory = createDirectory(await import('ldapts'), settings, tools.now)
  const login = createLogin(settings, directory, tools)

  async function ask({ account, password }: Credentials, signal?: AbortSignal): Promise<Authentication> {
    const person = await login(account, password.reveal(), signal)
    if (person === 'no-match') return { outcome: 'no-match' }
    if (typeof person !== 'string') return { outcome: 'accepted', identity: { ...person, labelsArePatterns: false } }
    // An account that nobody knows costs a comparison in the end: so does one that is known here. Too many that wait for theirs
    // do not make this answer an outage, which the chain may be told to pass on.
    await tools.passwords.pretend(password, signal).catch(() => undefined)
    return { outcome: 'rejected', reason: person }
  }

  const askUnlessRemembered = remembered(NAME, ask, tools.cache, tools)
  return {
    name: NAME,
    authenticate: async (credentials, signal) =>
      withoutAsking(credentials) ?? (await askUnlessRemembered(credentials, signal)),
    async check(signal) {
      const connections = settings.binding.as === 'user' ? directory.binds : directory.searches
      await connections.use(async (connection) => {
        // Any answer will do: not every directory shows its root to everybody.
        await connection.search(ROOT).catch((error: unknown) => {
          if (connection.state() !== 'open') throw error
        })
      }, signal)
    },
    close() {
      directory.searches.close()
      directory.binds.close()
      return Promise.resolve()
    },
  }
}

/**
 * What needs no directory: an empty password would be a bind as nobody, which succeeds, and a directory takes other spellings of an
 * account, with blanks around it or characters that it ignores, for the account. https://www.rfc-editor.org/rfc/rfc4518#section-2
 */
function withoutAsking({ account, password }: Credentials): Authentication | undefined {
  const secret = password.reveal()
  if (account === '' || secret === '') return { outcome: 'no-match' }
  if (account.trim() !== account) return { outcome: 'rejected', reason: 'refused' }
  if (IGNORED.test(account)) return { outcome: 'no-match' }
  if (secret.trim() === '' || /[\0\p{Cs}]/u.test(secret)) return { outcome: 'rejected', reason: 'refused' }
  return undefined
}
