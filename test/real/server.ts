// The program under test, started as its users start it: the built dist/main.js with a configuration file of its own.
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Child, endChild, scratchFolder, startChild, waitUntil } from './children.ts'

const root = join(import.meta.dirname, '..', '..')

/** The built program; `npm test` builds it first. */
export const mainFile = join(root, 'dist', 'main.js')

export interface ServerOptions {
  /** The configuration: its text, or a value (JSON is YAML). */
  readonly config: string | object
  /** Where the token server will answer, for example `http://127.0.0.1:5001`. */
  readonly url: string
  /** The working directory, which relative paths in the configuration start from; a new folder when left out. */
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  /** Further arguments after `serve config.yml`. */
  readonly args?: readonly string[]
}

export interface Server {
  readonly child: Child
  readonly configFile: string
  /** The log so far, one value per line of stdout. */
  lines(): Readonly<Record<string, unknown>>[]
  /** Ends the server by SIGTERM; throws, with its output, unless it exits with status 0. */
  stop(): Promise<void>
}

const logLines = (text: string): Readonly<Record<string, unknown>>[] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('{') && line.endsWith('}'))
    .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>)

/** Starts the program and waits until it says it is healthy; throws with its output when it does not come up. */
export const startServer = async (options: ServerOptions): Promise<Server> => {
  if (!existsSync(mainFile))
    throw new Error('dist/main.js is missing: run "npm test", which builds it, or "npm run build"')
  const cwd = options.cwd ?? scratchFolder()
  const configFile = join(cwd, 'config.yml')
  const { config } = options
  writeFileSync(configFile, typeof config === 'string' ? config : JSON.stringify(config, null, 2), { mode: 0o600 })
  const child = startChild(process.execPath, [mainFile, 'serve', configFile, ...(options.args ?? [])], {
    cwd,
    ...(options.env && { env: options.env }),
  })
  const isReady = (): boolean => logLines(child.stdout()).some(({ msg }) => msg === 'ready')
  await waitUntil(child, async () => (await fetch(`${options.url}/healthz`)).ok && isReady())
  return {
    child,
    configFile,
    lines: () => logLines(child.stdout()),
    stop: async () => {
      const status = await endChild(child)
      if (status !== 0) throw new Error(`the server ended with ${String(status)}:\n${child.output()}`)
    },
  }
}
