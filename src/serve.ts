// Runs a configuration until a signal ends it, reloading it whenever it changes.
import { ExplainQuestion } from './admin-questions.ts'
import { openAdminSocket } from './admin-socket.ts'
import type { AdminSocket } from './admin-socket.ts'
import { startApp } from './app.ts'
import type { App, MoveWith } from './app.ts'
import { loadConfig } from './config.ts'
import type { Config, Overrides } from './config.ts'
import { formatAddress } from './lib/address.ts'
import { ConfigError, formatProblem } from './lib/errors.ts'
import { createFileSet } from './lib/files.ts'
import type { Logger, LogOutput } from './lib/logger.ts'
import { watch } from './watch.ts'
import type { Attempt } from './watch.ts'

const FLUSH_MS = 500
// At each reload; there may be one for every rule.
const MOST_WARNINGS = 100

/** What to run. */
export interface ServeOptions {
  readonly configFile: string
  readonly overrides: Overrides
  readonly moveWith: MoveWith
  /** Where admin commands find this server, if anywhere. */
  readonly dataFolder: string | undefined
  readonly output: LogOutput
  /** Called once, when the first request can be served. */
  readonly ready: (config: Config) => void
}

/** Serves until SIGTERM or SIGINT, then finishes what is in flight and ends the process with status 0. Throws ConfigError when it cannot start. */
export async function serve({
  configFile,
  overrides,
  moveWith,
  dataFolder,
  output,
  ready,
}: ServeOptions): Promise<void> {
  const { log } = output
  const stopped = new Promise<string>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve(signal))
  })
  let reloadNow = (): void => undefined
  // Before it is of use already: without a handler this signal ends the process.
  process.on('SIGHUP', () => reloadNow())
  const load = async (): Promise<Attempt<Config | Error>> => {
    const files = createFileSet()
    try {
      return { result: await loadConfig(configFile, files, overrides), files }
    } catch (error) {
      return { result: error instanceof Error ? error : new Error(String(error)), files }
    }
  }
  const first = await load()
  if (first.result instanceof Error) throw first.result
  const app = await startApp(first.result, log, moveWith)
  const announce = (config: Config, message: string): void => {
    for (const problem of config.warnings.slice(0, MOST_WARNINGS))
      log.warn({ config: config.file }, formatProblem(problem))
    const more = config.warnings.length - MOST_WARNINGS
    if (more > 0) log.warn({ config: config.file }, `${more} more warnings: registry-auth check prints them`)
    log.info({ config: config.file, server: formatAddress(config.server.address), ...registryAddress(config) }, message)
  }
  const reload = async (result: Config | Error): Promise<void> => {
    try {
      if (result instanceof Error) throw result
      await app.reload(result)
      announce(result, 'reloaded')
    } catch (error) {
      const why = error instanceof ConfigError ? { reasons: error.problems.map(formatProblem) } : { err: error }
      log.error({ config: configFile, ...why }, 'reload refused; the previous configuration goes on serving')
    }
  }
  const admin = dataFolder === undefined ? undefined : await openAdmin(dataFolder, app, log)
  const watching = watch(first.files, load, reload)
  reloadNow = watching.trigger
  announce(first.result, 'ready')
  ready(first.result)

  const signal = await stopped
  log.info({ signal }, 'stopping')
  watching.close()
  await admin?.close()
  await app.stop()
  log.info({}, 'stopped')
  await output.flush(FLUSH_MS)
  process.exit(0)
}

function registryAddress({ registry }: Config): { registry?: string } {
  return registry === undefined ? {} : { registry: formatAddress(registry.address) }
}

// Without it the server serves all the same.
async function openAdmin(folder: string, app: App, log: Logger): Promise<AdminSocket | undefined> {
  const answer = async (value: unknown): Promise<unknown> => {
    const question = ExplainQuestion.safeParse(value)
    if (!question.success) throw new ConfigError('the running server is another version: it does not know this command')
    return app.explain(question.data.explain)
  }
  return openAdminSocket(folder, answer, log).catch((error: unknown) => {
    log.warn({ err: error }, 'admin commands cannot ask this server')
    return undefined
  })
}
