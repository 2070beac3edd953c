// The CNCF Distribution registry, both generations, with a token server as its realm.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Child, freePort, scratchFolder, startChild, waitUntil } from './children.ts'

/** The `auth.token` section: word for word the same for both generations. */
export interface TokenAuth {
  readonly realm: string
  readonly service: string
  readonly issuer: string
  readonly rootcertbundle: string
}

export interface DistributionOptions {
  readonly version: '2.8' | '3.1'
  /** The storage folder; a new one when left out. */
  readonly rootdirectory?: string
  /** Without it the registry is open to everybody. */
  readonly token?: TokenAuth
}

export interface Distribution {
  readonly child: Child
  /** `localhost:port`, the first part of every image name. */
  readonly host: string
}

/** The program of each generation: Debian's package, and the pinned build of test/real/setup.sh. */
export const distributionProgram = { '2.8': 'docker-registry', '3.1': 'registry' } as const

// Distribution takes every REGISTRY_… variable for a change to its configuration, REGISTRY_AUTH_… of ours included.
const quiet = {
  ...Object.fromEntries(
    Object.keys(process.env).flatMap((name) => (/^REGISTRY_/.test(name) ? [[name, undefined]] : [])),
  ),
  OTEL_TRACES_EXPORTER: 'none',
}

/** Starts a registry and waits until it answers. */
export const startDistribution = async (options: DistributionOptions): Promise<Distribution> => {
  const folder = scratchFolder()
  const port = await freePort()
  const config = {
    version: 0.1,
    log: { level: 'info' },
    storage: {
      filesystem: { rootdirectory: options.rootdirectory ?? join(folder, 'storage') },
      delete: { enabled: true },
    },
    http: { addr: `127.0.0.1:${port}` },
    ...(options.token && { auth: { token: options.token } }),
  }
  const file = join(folder, 'config.yml')
  writeFileSync(file, JSON.stringify(config, null, 2))
  const child = startChild(distributionProgram[options.version], ['serve', file], {
    cwd: folder,
    env: quiet,
  })
  const expected = options.token === undefined ? 200 : 401
  await waitUntil(child, async () => (await fetch(`http://127.0.0.1:${port}/v2/`)).status === expected)
  return { child, host: `localhost:${port}` }
}
