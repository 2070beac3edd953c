// Whom to ask outside of this process: a program run for each question, one that stays, or an HTTP service. Knows no question.
import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { z } from 'zod'
import { BackendError } from './errors.ts'
import { createGate } from './gate.ts'
import { createJsonPost, requireSafeUrl } from './json-post.ts'
import type { Logger } from './logger.ts'
import { createPersistentProgram } from './persistent-program.ts'
import type { Program } from './process-group.ts'
import { createProgramRunner, findProgram } from './program.ts'
import type { Ended } from './program.ts'
import type { Report } from './report.ts'
import { duration, int, nonEmpty, text } from './schema.ts'
import type { YamlPath } from './yaml.ts'

const QUEUE = 100
const BUSY = 'too many questions wait for an external program or service'

const noNul = (value: string): boolean => !value.includes('\0')
const NUL = { error: 'must not hold a NUL character' }

/** How long something outside may take, in ms: the key `timeout`. */
export const externalTimeout = duration
  .refine((ms) => ms >= 1 && ms <= 600_000, { error: 'must be between 1ms and 10m, with its unit: 10s' })
  .default(10_000)

/** The keys of a section that asks a program (`command`, `args`, `mode`) or a service (`url`), at most `max_concurrent` questions at once. */
export const externalShape = {
  command: nonEmpty.refine(noNul, NUL).optional(),
  args: z.array(text.refine(noNul, NUL), { error: 'must be a list' }).optional(),
  mode: z.enum(['once', 'persistent'], { error: 'must be once or persistent' }).optional(),
  url: nonEmpty.optional(),
  timeout: externalTimeout,
  max_concurrent: int
    .refine((count) => count >= 1 && count <= 1000, { error: 'must be between 1 and 1000' })
    .default(8),
}

/** Whom to ask. `timeout` is in ms. */
export type ExternalSettings = {
  readonly timeout: number
  readonly concurrency: number
} & (
  { readonly kind: 'once' | 'persistent'; readonly program: Program } | { readonly kind: 'url'; readonly url: string }
)

/** Checks the keys of `externalShape` and looks the program up in PATH; undefined when the report was told what is wrong. */
export async function readExternal(
  { command, args, mode, url, timeout, max_concurrent }: z.infer<z.ZodObject<typeof externalShape>>,
  report: Report,
): Promise<ExternalSettings | undefined> {
  const limits = { timeout, concurrency: max_concurrent }
  if (url === undefined) {
    if (command === undefined) return refuse(report, [], 'needs a command or a url')
    const found = await report.guard(['command'], findProgram(command, process.env['PATH'] ?? ''))
    return found === undefined
      ? undefined
      : { ...limits, kind: mode ?? 'once', program: { command: found, args: args ?? [] } }
  }
  if (command !== undefined) return refuse(report, ['url'], 'stands beside a command: only one of them can be asked')
  if (args !== undefined) return refuse(report, ['args'], 'are for a command, and a url is asked')
  if (mode !== undefined) return refuse(report, ['mode'], 'is for a command, and a url is asked')
  return report.guard(['url'], () => {
    requireSafeUrl(url)
    return { ...limits, kind: 'url' as const, url }
  })
}

function refuse(report: Report, path: YamlPath, message: string): undefined {
  report.problem(path, message)
}

/** Someone outside to ask; every method throws BackendError on an outage. */
export type External = {
  /** Resolves when it could be asked now. */
  check(signal: AbortSignal): Promise<void>
  close(): Promise<void>
} & (
  | { readonly kind: 'run'; run(input: string, signal?: AbortSignal): Promise<Ended> }
  | { readonly kind: 'ask'; ask(question: object, signal?: AbortSignal): Promise<unknown> }
)

/** Opens it; nothing is started or connected to before the first question. */
export function openExternal(settings: ExternalSettings, log: Logger): External {
  const { timeout, concurrency } = settings
  const inTurn = createTurns(concurrency)
  if (settings.kind === 'url') {
    const service = createJsonPost(settings.url, timeout, concurrency)
    return {
      kind: 'ask',
      ask: (question, signal) => inTurn(() => service.ask(question, signal), signal),
      check: (signal) => service.check(signal),
      close: () => Promise.resolve(service.close()),
    }
  }
  const { kind, program } = settings
  if (kind === 'once') {
    const runner = createProgramRunner(program, timeout)
    return {
      kind: 'run',
      run: (input, signal) => inTurn(() => runner.run(input, signal), signal),
      check: () => requireProgram(program),
      close: () => runner.close(),
    }
  }
  const running = createPersistentProgram(program, timeout, log)
  return {
    kind: 'ask',
    ask: (question, signal) => inTurn(() => running.ask(question), signal),
    async check() {
      await requireProgram(program)
      running.check()
    },
    close: () => running.close(),
  }
}

async function requireProgram({ command }: Program): Promise<void> {
  await access(command, constants.X_OK).catch((cause: unknown) => {
    throw new BackendError(`${command} cannot be executed`, { cause })
  })
}

/** Work that waits for its turn, and is not waited for any longer when its client is gone. */
type InTurn = <T>(work: () => Promise<T>, signal?: AbortSignal) => Promise<T>

// Whoever is gone keeps the turn until the work is done: a program that is still busy must not be asked ever more.
function createTurns(concurrency: number): InTurn {
  const gate = createGate({ concurrency, queue: QUEUE, busy: BUSY })
  return (work, signal) =>
    new Promise((resolve, reject) => {
      const gone = (): void => reject(new BackendError('the client went away'))
      signal?.addEventListener('abort', gone, { once: true })
      void gate
        .run(work, signal)
        .then(resolve, reject)
        .finally(() => signal?.removeEventListener('abort', gone))
    })
}
