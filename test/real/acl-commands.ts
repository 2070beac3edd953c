// The commands for access lists, run as an admin or a CI job runs them, and a server whose rules a test changes.
import type { Draft } from './draft.ts'
import { type Result, type Surroundings, run } from './children.ts'
import { type Server, mainFile, startServer } from './server.ts'

/** Runs a command of the program to its end. */
export const command = (args: readonly string[], where: Surroundings = {}): Promise<Result> =>
  run(process.execPath, [mainFile, ...args], where)

/** Runs `registry-auth acl …` to its end. */
export const acl = (args: readonly string[], where: Surroundings = {}): Promise<Result> =>
  command(['acl', ...args], where)

/** The configuration of a draft without its registry, with these sections instead of its own. */
export const configOf = (draft: Draft, sections: object): object => ({
  ...draft.config,
  registry: undefined,
  ...sections,
})

/** Starts the program on such a configuration, in the draft's folder; admin commands find it in the folder `data` there. */
export const startRules = (draft: Draft, sections: object): Promise<Server> =>
  startServer({
    config: configOf(draft, sections),
    url: `http://127.0.0.1:${draft.port}`,
    cwd: draft.folder,
    env: { REGISTRY_AUTH_DATA: draft.at('data') },
  })

/** The token lines of a server's log, oldest first. */
export const tokenLines = (server: Server): readonly Readonly<Record<string, unknown>>[] =>
  server.lines().filter(({ msg }) => msg === 'token')

/** The lines of a server's log that carry this message. */
export const linesSaying = (server: Server, message: string): readonly Readonly<Record<string, unknown>>[] =>
  server.lines().filter(({ msg }) => msg === message)
