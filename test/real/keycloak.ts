// Keycloak, with the realm of test/real/keycloak/realm.json.
import { createHash } from 'node:crypto'
import { copyFileSync, existsSync, readFileSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { type Child, freePort, scratchFolder, startChild, waitUntil } from './children.ts'
import { SLOW, program } from './requires.ts'

/** What `startKeycloak` needs, for `requires(...)`. */
export const keycloakRequirement = [SLOW, 'kc.sh', 'java'] as const

/** alice is in the groups dev and ops, bob in none, and mallory's e-mail address is not verified. */
export const keycloakUsers = {
  alice: { password: 'alice-password', email: 'alice@example.org' },
  bob: { password: 'bob-password', email: 'bob@example.org' },
  mallory: { password: 'mallory-password', email: 'mallory@example.org' },
} as const

export type KeycloakUser = keyof typeof keycloakUsers

export interface Keycloak {
  readonly child: Child
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: string
  /** Groups are `dev` and `ops`. */
  joinGroup(user: KeycloakUser, group: string): Promise<void>
  leaveGroup(user: KeycloakUser, group: string): Promise<void>
  setEnabled(user: KeycloakUser, enabled: boolean): Promise<void>
  /** Ends all of the user's sessions: no refresh token of theirs works any more. */
  logOut(user: KeycloakUser): Promise<void>
  /** Anything else of Keycloak's admin API; the path starts after `/admin/realms/registry`. Throws unless it succeeds. */
  admin(method: string, path: string, body?: unknown): Promise<unknown>
}

const realmFile = join(import.meta.dirname, 'keycloak', 'realm.json')

/** The database in which test/real/setup.sh has imported this very realm. */
const preparedDatabase = (): string => {
  const realm = createHash('sha256').update(readFileSync(realmFile)).digest('hex').slice(0, 16)
  const file = join(realpathSync(program('kc.sh')), '..', '..', 'realms', `${realm}.mv.db`)
  if (!existsSync(file)) throw new Error('realm.json is not what Keycloak was prepared for (run test/real/setup.sh)')
  return file
}

const adminApi = (server: string): Keycloak['admin'] => {
  const token = async (): Promise<string> => {
    const response = await fetch(`${server}/realms/registry/protocol/openid-connect/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: 'admin-api',
        client_secret: 'admin-api-client-secret',
      }),
    })
    return ((await response.json()) as { access_token: string }).access_token
  }
  return async (method, path, body) => {
    const response = await fetch(`${server}/admin/realms/registry${path}`, {
      method,
      headers: { authorization: `Bearer ${await token()}`, 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${method} ${path} → ${response.status} ${text}`)
    return text === '' ? undefined : (JSON.parse(text) as unknown)
  }
}

/** Starts a Keycloak of the suite's own and waits until it answers; takes about six seconds on an idle machine. */
export const startKeycloak = async (): Promise<Keycloak> => {
  const database = join(scratchFolder(), 'keycloak')
  copyFileSync(preparedDatabase(), `${database}.mv.db`)
  const port = await freePort()
  const server = `http://127.0.0.1:${port}`
  const issuer = `${server}/realms/registry`
  const child = startChild(
    'kc.sh',
    [
      ...['start', '--optimized', '--cache=local', `--db-url=jdbc:h2:file:${database};NON_KEYWORDS=VALUE`],
      ...['--http-enabled=true', '--http-host=127.0.0.1', `--http-port=${port}`, '--hostname-strict=false'],
    ],
    { env: { JAVA_OPTS_KC_HEAP: '-Xmx128m', JAVA_OPTS_APPEND: '-XX:TieredStopAtLevel=1' } },
  )
  await waitUntil(child, async () => (await fetch(`${issuer}/.well-known/openid-configuration`)).ok)

  const admin = adminApi(server)
  const first = async (path: string): Promise<string> => ((await admin('GET', path)) as { id: string }[])[0]!.id
  const pathOf = async (user: KeycloakUser): Promise<string> =>
    `/users/${await first(`/users?exact=true&username=${user}`)}`
  const membership = async (user: KeycloakUser, group: string): Promise<string> =>
    `${await pathOf(user)}/groups/${await first(`/groups?exact=true&search=${group}`)}`
  return {
    ...{ child, issuer, clientId: 'registry-auth', clientSecret: 'registry-auth-client-secret', admin },
    joinGroup: async (user, group) => {
      await admin('PUT', await membership(user, group))
    },
    leaveGroup: async (user, group) => {
      await admin('DELETE', await membership(user, group))
    },
    setEnabled: async (user, enabled) => {
      await admin('PUT', await pathOf(user), { enabled })
    },
    logOut: async (user) => {
      await admin('POST', `${await pathOf(user)}/logout`)
    },
  }
}
