// An installation whose people sign in with a browser: the program, its embedded registry, and what the docker command says to it.
import { dirname, delimiter } from 'node:path'
import { accessOf, ask, basic, tokenPath } from './asking.ts'
import { type Result, run, scratchFolder } from './children.ts'
import { createDraft } from './draft.ts'
import { program } from './requires.ts'
import { type Server, startServer } from './server.ts'

export interface WebSite {
  /** Where browsers find the pages; without a slash at its end. */
  readonly url: string
  /** The program's own address, which is another where it stands behind something. */
  readonly own: string
  /** The embedded registry, as the docker command takes it. */
  readonly registry: string
  readonly server: Server
  readonly folder: string
  /** What the token server grants of `actions` on `repository` to this password, or the status of its refusal. */
  granted(account: string, password: string, repository: string, action: string): Promise<readonly string[] | number>
}

export interface WebSiteOptions {
  /** The providers' sections and whatever else differs; made of the URL the pages have. */
  readonly sections: (url: string) => object
  /** Where browsers find the pages when that is not the program's own port. */
  readonly publicUrl?: string
  readonly prefix?: string
  readonly env?: Readonly<Record<string, string>>
}

/** Starts the program, reached by the name `localhost`. Whoever signs in may pull; members of the group `ops` may push to `ops/`. */
export const startWebSite = async ({ sections, publicUrl, prefix = '', env }: WebSiteOptions): Promise<WebSite> => {
  const draft = await createDraft()
  const { port, registryPort, folder } = draft
  const origin = publicUrl ?? `http://localhost:${port}`
  const url = `${origin}${prefix}`
  const own = `http://127.0.0.1:${port}${prefix}`
  const server = await startServer({
    url: own,
    cwd: folder,
    ...(env && { env }),
    config: {
      ...draft.config,
      server: { ...draft.config.server, public_url: origin, ...(prefix !== '' && { path_prefix: prefix }) },
      acl: [
        { match: { account: '/.+/', name: 'ops/*', labels: { groups: 'ops' } }, actions: ['*'] },
        { match: { account: '/.+/' }, actions: ['pull'] },
      ],
      ...sections(url),
    },
  })
  return {
    url,
    own,
    registry: `localhost:${registryPort}`,
    server,
    folder,
    granted: async (account, password, repository, action) => {
      const path = `${prefix}${tokenPath(`repository:${repository}:${action}`)}`
      const { status, body } = await ask({ port, path, headers: basic(account, password) })
      return status === 200 ? accessOf(body).flatMap(({ actions }) => actions) : status
    },
  }
}

/** Runs a command as a person who pastes it into a shell, with the docker command, no engine, and no memory of earlier logins. */
export const paste = (command: string): Promise<Result> => {
  const folder = scratchFolder()
  return run('sh', ['-c', command], {
    env: {
      PATH: `${dirname(program('docker'))}${delimiter}${process.env['PATH'] ?? ''}`,
      DOCKER_CONFIG: folder,
      DOCKER_HOST: `unix://${folder}/no-engine.sock`,
    },
  })
}
