// An installation of the program alone: folder, keys and configuration, ready to be changed and started without other programs.
import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createSelfSigned } from '../../src/token/index.ts'
import { freePort, scratchFolder } from './children.ts'
import { type Server, startServer } from './server.ts'

/** The one user of a draft, who may do everything; the hash is of the lowest cost. */
export const admin = {
  account: 'admin',
  password: 'admin-password',
  hash: '$2y$04$Jt1DjF9WZ2M/6yvr3sQuDeBO5.RcJSrymZrPHjHvjNMF32aUuAUTu',
} as const

export const service = 'Test registry'

/** The sections of a configuration; what a test changes it copies. */
export interface DraftConfig {
  readonly server: Readonly<Record<string, unknown>>
  readonly token: Readonly<Record<string, unknown>>
  readonly users: Readonly<Record<string, unknown>>
  readonly acl?: readonly object[] | undefined
  readonly acl_files?: readonly string[]
  readonly registry?: object | undefined
}

export interface Draft {
  readonly folder: string
  readonly port: number
  readonly registryPort: number
  /** Both servers, one user, anonymous clients let in and allowed nothing. */
  readonly config: DraftConfig
  /** A path in the folder. */
  at(name: string): string
}

/** Makes the folder, `token.key` and `token.crt`, and chooses two free ports. */
export const createDraft = async (): Promise<Draft> => {
  const folder = scratchFolder()
  const [port, registryPort] = [await freePort(), await freePort()]
  const at = (name: string): string => join(folder, name)
  await writeKeyPair(at('token'))
  const token = { issuer: 'Test issuer', service, rootcertbundle: 'token.crt' }
  return {
    folder,
    port,
    registryPort,
    at,
    config: {
      server: { addr: `127.0.0.1:${port}` },
      token: { issuer: token.issuer, expiration: 900, certificate: 'token.crt', key: 'token.key' },
      users: { [admin.account]: { password: admin.hash }, '': {} },
      acl: [{ match: { account: admin.account }, actions: ['*'] }],
      registry: {
        http: { addr: `127.0.0.1:${registryPort}` },
        storage: { filesystem: { rootdirectory: 'registry' }, delete: { enabled: true } },
        auth: { token },
      },
    },
  }
}

/** Starts the program on a draft, in its folder. */
export const startDraft = (draft: Draft, config: DraftConfig = draft.config): Promise<Server> =>
  startServer({ config, url: `http://127.0.0.1:${draft.port}`, cwd: draft.folder })

/** Writes a fresh `stem.key` and `stem.crt`, each at once, and returns the certificate. */
export const writeKeyPair = async (stem: string): Promise<string> => {
  const pair = await createSelfSigned({ commonName: 'localhost', now: Date.now, days: 365 })
  replace(`${stem}.key`, pair.privateKeyPem)
  replace(`${stem}.crt`, pair.certificatePem)
  return pair.certificatePem
}

/** Replaces a file by a rename, as careful editors do. */
export const replace = (file: string, content: string | object): void => {
  writeFileSync(`${file}~`, typeof content === 'string' ? content : JSON.stringify(content, null, 2), { mode: 0o600 })
  renameSync(`${file}~`, file)
}
