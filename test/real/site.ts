// A whole installation for one suite: key, certificate, users, rules and, if wanted, the embedded registry, all freshly made.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort, scratchFolder, succeeds } from './children.ts'
import type { TokenAuth } from './distribution.ts'
import { type Server, startServer } from './server.ts'

// The hashes are as `htpasswd -B` writes them, at the lowest cost.
const users = {
  /** May do everything. */
  admin: { password: 'admin-password', hash: '$2y$04$Jt1DjF9WZ2M/6yvr3sQuDeBO5.RcJSrymZrPHjHvjNMF32aUuAUTu' },
  /** May do everything below `alice/`. */
  alice: { password: 'alice-password', hash: '$2y$04$5aF6WRPVcQ4Z2P9f.KUzbeERFGU8WETKddAHM5mV1uYUAwZN7miya' },
  /** May pull everything, and nothing else. */
  bob: { password: 'bob-password', hash: '$2y$04$dOqbW0j/tITRDMnKjXzfb.oS91Bv6zTXSTg59JLpDcfUgNOv2Hf2G' },
} as const

export type User = keyof typeof users

/** `user:password`, as the command lines take it. */
export const credentialsOf = (user: User): string => `${user}:${users[user].password}`

export const passwordOf = (user: User): string => users[user].password

const acl = [
  { match: { account: 'admin' }, actions: ['*'] },
  { match: { account: 'alice', name: 'alice/*' }, actions: ['*'] },
  { match: { account: 'bob' }, actions: ['pull'] },
]

const keyOptions = { ec: ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256'], rsa: ['rsa:2048'] } as const

export interface SiteOptions {
  readonly key: keyof typeof keyOptions
  /** The embedded registry's folder; without it there is no embedded registry. */
  readonly rootdirectory?: string
}

export interface Site {
  readonly server: Server
  /** What a Distribution registry needs under `auth.token` to take this site's tokens. */
  readonly token: TokenAuth
  /** The embedded registry's `localhost:port`. */
  readonly host: string
}

/** Makes the keys and the configuration and starts the program; every `token` key but the key pair is left at its default. */
export const startSite = async ({ key, rootdirectory }: SiteOptions): Promise<Site> => {
  const folder = scratchFolder()
  const [port, registryPort] = [await freePort(), await freePort()]
  const certificate = join(folder, 'token.crt')
  await succeeds('openssl', [
    ...['req', '-x509', '-nodes', '-days', '2', '-subj', '/CN=token signing', '-newkey', ...keyOptions[key]],
    ...['-keyout', join(folder, 'token.key'), '-out', certificate],
  ])
  const token = {
    // A name, not an address: crane refuses a realm on an IP literal with another port than the registry's.
    realm: `http://localhost:${port}/auth`,
    service: 'Test registry',
    issuer: 'Test issuer',
    rootcertbundle: certificate,
  }
  const registry = {
    http: { addr: `127.0.0.1:${registryPort}` },
    storage: { filesystem: { rootdirectory }, delete: { enabled: true } },
    auth: { token },
  }
  const server = await startServer({
    url: `http://127.0.0.1:${port}`,
    cwd: folder,
    config: {
      server: { addr: `127.0.0.1:${port}` },
      token: { issuer: token.issuer, expiration: 900, certificate: 'token.crt', key: 'token.key' },
      users: {
        ...Object.fromEntries(Object.entries(users).map(([user, { hash }]) => [user, { password: hash }])),
        '': {},
      },
      acl,
      ...(rootdirectory !== undefined && { registry }),
    },
  })
  return { server, token, host: `localhost:${registryPort}` }
}

/** A configuration folder for docker, crane, oras and regctl in which one user is signed in to one registry. */
export const signedIn = (host: string, user: User): Readonly<Record<string, string>> => {
  const folder = scratchFolder()
  const auths = { [host]: { auth: Buffer.from(credentialsOf(user)).toString('base64') } }
  writeFileSync(join(folder, 'config.json'), JSON.stringify({ auths }), { mode: 0o600 })
  return { DOCKER_CONFIG: folder, HOME: folder }
}
