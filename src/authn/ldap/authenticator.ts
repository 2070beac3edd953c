// People in an LDAP directory.
import type { Credentials, Identity } from '../../protocol/identity.ts'
import { defineSection } from '../../lib/section.ts'
import type { Authentication, Authenticator } from '../authenticator.ts'
import { createMemory } from '../tools.ts'
import type { AuthnTools } from '../tools.ts'
import { LdapConfig, readLdap } from './config.ts'
import type { LdapSettings } from './config.ts'
import { createDirectory } from './directory.ts'
import { createLogin } from './login.ts'
import type { Person } from './login.ts'

const NAME = 'ldap_auth'
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
  const memory = createMemory<Identity>(tools)

  async function ask({ account, password }: Credentials, signal?: AbortSignal): Promise<Authentication> {
    const person = await login(account, password.reveal(), signal)
    if (person === 'no-match') return { outcome: 'no-match' }
    if (typeof person === 'string') return { outcome: 'rejected', reason: person }
    const spelling = spell(settings.account, account, person)
    if (spelling !== undefined)
      return { outcome: 'accepted', identity: { account: spelling, labels: person.labels, labelsArePatterns: false } }
    tools.log.warn({ account }, `${NAME}: the entry does not have exactly one value of account.attribute`)
    return { outcome: 'rejected', reason: 'refused' }
  }

  return {
    name: NAME,
    async authenticate(credentials, signal) {
      const known = withoutAsking(credentials)
      if (known !== undefined) return known
      const parts = [credentials.account, credentials.password.reveal()]
      const remembered = memory.get(parts)
      if (remembered !== undefined) return { outcome: 'accepted', identity: remembered }
      const answer = await ask(credentials, signal)
      if (answer.outcome === 'accepted') memory.set(parts, answer.identity)
      return answer
    },
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
  if (/[\p{Cc}\p{Cf}\p{Cs}]/u.test(account)) return { outcome: 'no-match' }
  if (secret.trim() === '' || /[\0\p{Cs}]/u.test(secret)) return { outcome: 'rejected', reason: 'refused' }
  return undefined
}

/** The account as rules and tokens see it; undefined when the directory has no single spelling of it. */
function spell(config: LdapSettings['account'], typed: string, { entry }: Person): string | undefined {
  if (config === undefined) return typed
  const [spelling, another] = entry.values(config.attribute)
  if (spelling === undefined || spelling === '' || another !== undefined) return undefined
  return config.lower_case ? spelling.toLowerCase() : spelling
}
