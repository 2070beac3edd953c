// Installations of the whole program with back ends, and what tests ask of them. Knows nothing of any one back end.
import { chmodSync, writeFileSync } from 'node:fs'
import { type AddressInfo, type Socket, createServer } from 'node:net'
import { expect } from '@jest/globals'
import { type Answer, type Question, accessOf, ask, basic, eventually, tokenPath } from './asking.ts'
import type { Draft } from './draft.ts'
import { type Server, startServer } from './server.ts'

/** A back end that runs: the sections of the configuration that lead to it, and somebody it knows as one of `developers`. */
export interface Backend {
  readonly sections: object
  readonly account: string
  readonly password: string
}

/** Whoever belongs to a team, wherever the label comes from, may do this below the team's name. */
export const teamRules = [
  { match: { account: '/.+/', name: '${labels:team}/*' }, actions: ['pull', 'push'] },
  { match: { account: '/.+/', name: '${labels:teams}/*' }, actions: ['pull', 'push'] },
]

/** Below the name of the team that the somebodies of these tests belong to. */
export const scope = 'repository:developers/app:pull,push'

/** The draft's configuration with these sections; its one user is not in it. */
export const configWith = (draft: Draft, sections: object): object => ({
  ...draft.config,
  users: undefined,
  acl: teamRules,
  ...sections,
})

/** Starts the program with these sections, in the draft's folder. */
export const startWith = (draft: Draft, sections: object): Promise<Server> =>
  startServer({ config: configWith(draft, sections), url: `http://127.0.0.1:${draft.port}`, cwd: draft.folder })

/** A request for a token below the team's name. */
export const askToken = (
  port: number,
  { account, password }: Pick<Backend, 'account' | 'password'>,
  more: Partial<Question> = {},
): Promise<Answer> => ask({ port, path: tokenPath(scope), headers: basic(account, password), ...more })

/** What an answer says, in short: the actions it grants, or its status. */
export const saysOf = ({ status, body }: Answer): string =>
  status === 200
    ? accessOf(body)
        .map(({ actions }) => actions.join())
        .join(' ') || 'nothing'
    : String(status)

/** Of an answer everything that a client can see and that does not change by itself. */
export const visible = ({ status, headers: { date: _, ...headers }, body }: Answer): object => ({
  status,
  headers,
  body,
})

/** The text of a probe's page. */
export const readyz = async (port: number): Promise<Pick<Answer, 'status' | 'body'>> => {
  const { status, body } = await ask({ port, path: '/readyz' })
  return { status, body }
}

/** What a client is told of an outage. */
export const outage = "Authentication failed (the server's log says why)\n"

/** An outage as a client sees it: one sentence, and no word about what stands where. */
export const expectOutage = ({ status, headers, body }: Answer): void => {
  expect({ status, body }).toEqual({ status: 500, body: outage })
  expect(headers).not.toHaveProperty('www-authenticate')
}

/** A probe is never kept waiting, so that it may learn of an outage the next time only. */
export const expectDegraded = (port: number, ...names: readonly string[]): Promise<void> =>
  eventually(`${names.join()} are degraded`, async () => {
    const { status, body } = await readyz(port)
    expect(status).toBe(200)
    return body === `ok\ndegraded: ${names.join(', ')}\n`
  })

/** Writes a program into the draft's folder and answers its path. */
export const writeProgram = (draft: Draft, name: string, text: string): string => {
  writeFileSync(draft.at(name), text)
  chmodSync(draft.at(name), 0o755)
  return draft.at(name)
}

/** Whoever connects is never told anything. Answers its port and what ends it. */
export const startSilence = async (): Promise<{ readonly port: number; readonly stop: () => Promise<void> }> => {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    // Read, so that whoever hangs up is gone.
    socket.on('error', () => undefined).resume()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    stop: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy()
        server.close(() => resolve())
      }),
  }
}
