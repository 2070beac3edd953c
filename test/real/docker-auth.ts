// A configuration of docker_auth's under two servers: ours, and a reference in Go for what docker_auth does with it.
import { Agent } from 'node:http'
import { hashSync } from '@node-rs/bcrypt'
import { type Answer, accessOf, ask, basic } from './asking.ts'
import { type Child, freePort, startChild, waitUntil } from './children.ts'
import { createDraft } from './draft.ts'
import { LABELS } from './docker-auth-lists.ts'
import type { TokenRequest } from './docker-auth-lists.ts'
import { type Server, startServer } from './server.ts'

/**
 * The program that test/real/setup.sh builds: the rules of docker_auth's configuration under the libraries of Go that docker_auth
 * uses. docker_auth's own module is on no proxy that the tests may ask, so this is a second opinion and not docker_auth itself.
 */
export const REFERENCE = 'docker-auth-contract'

/** Both servers on the same file. */
export interface Pair {
  readonly server: Server
  readonly reference: Child
  readonly folder: string
  /** What each of them answers; asked one after the other, ours first. */
  readonly ask: (request: TokenRequest) => Promise<{ readonly ours: Answer; readonly theirs: Answer }>
  readonly stop: () => Promise<void>
}

const PASSWORD = 'correct horse'
const HASH = hashSync(PASSWORD, 4)
// One account has no password: any is accepted.
const users = Object.fromEntries(
  Object.entries(LABELS).map(([account, labels]) => [
    account,
    { ...(account !== '' && account !== 'b' && { password: HASH }), ...(labels && { labels }) },
  ]),
)

/** Writes the sections into a configuration that has users, in a folder of its own, and starts both servers on it. */
export async function startPair(sections: (folder: string) => Readonly<Record<string, unknown>>): Promise<Pair> {
  const { config, folder, port } = await createDraft()
  const { server: address, token } = config
  const server = await startServer({
    config: { server: address, token, users, ...sections(folder) },
    url: `http://127.0.0.1:${port}`,
    cwd: folder,
  })
  const other = await freePort()
  const reference = startChild(REFERENCE, ['-logtostderr', server.configFile, `127.0.0.1:${other}`], { cwd: folder })
  await waitUntil(reference, async () => (await fetch(`http://127.0.0.1:${other}/`)).status === 404)
  const agents = new Map<string, Agent>()
  const agentFor = (localAddress: string): Agent => {
    const agent = agents.get(localAddress) ?? new Agent({ localAddress, keepAlive: true })
    agents.set(localAddress, agent)
    return agent
  }
  return {
    server,
    reference,
    folder,
    ask: async ({ account, service, from, scopes }) => {
      const query = new URLSearchParams([['service', service], ...scopes.map((scope) => ['scope', scope])])
      const headers = account === '' ? {} : basic(account, account === 'b' ? 'anything' : PASSWORD)
      const question = { path: `/auth?${query.toString()}`, headers, agent: agentFor(from) }
      return { ours: await ask({ port, ...question }), theirs: await ask({ port: other, ...question }) }
    },
    stop: async () => {
      for (const agent of agents.values()) agent.destroy()
      reference.signal('SIGTERM')
      await Promise.all([server.stop(), reference.gone])
    },
  }
}

/** What an answer grants, scope by scope, or its status where there is no token. */
export const grantedBy = ({ status, body }: Answer): unknown =>
  status === 200 ? accessOf(body).map(({ type, name, actions }) => [type, name, actions]) : status

export interface Comparison {
  readonly request: TokenRequest
  readonly ours: unknown
  readonly theirs: unknown
}

/** Asks both servers all of it, in turn. */
export const compare = async (pair: Pair, requests: readonly TokenRequest[]): Promise<Comparison[]> => {
  const compared: Comparison[] = []
  for (const request of requests) {
    const { ours, theirs } = await pair.ask(request)
    compared.push({ request, ours: grantedBy(ours), theirs: grantedBy(theirs) })
  }
  return compared
}

/** Those that were not decided alike. */
export const differing = (compared: readonly Comparison[]): Comparison[] =>
  compared.filter(({ ours, theirs }) => JSON.stringify(ours) !== JSON.stringify(theirs))

/** How many scopes the reference granted anything of. */
export const countGranted = (compared: readonly Comparison[]): number =>
  compared.flatMap(({ theirs }) => theirs as [string, string, string[]][]).filter(([, , actions]) => actions.length > 0)
    .length
