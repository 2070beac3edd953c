// Programs that are run once for each question: found in PATH, told something, heard out, and ended when they take too long.
import { access, constants, stat } from 'node:fs/promises'
import { delimiter, isAbsolute, join, resolve } from 'node:path'
import { BackendError, ConfigError } from './errors.ts'
import { startProcess } from './process-group.ts'
import type { ProcessGroup, Program } from './process-group.ts'
import { within } from './within.ts'

/** What a program that ended by itself left behind. */
export interface Ended {
  readonly status: number
  /** Its standard output. */
  readonly output: string
}

const MAX_OUTPUT = 1024 * 1024

/** The absolute path of a command: itself where it has a slash, else the first of that name in `path`. Throws ConfigError. */
export async function findProgram(command: string, path: string): Promise<string> {
  if (command.includes('/')) {
    const file = resolve(command)
    if (await isExecutable(file)) return file
    const found = await stat(file).catch(() => undefined)
    const why = found === undefined ? 'does not exist' : found.isFile() ? 'is not executable' : 'is not a file'
    throw new ConfigError([{ message: why, file }])
  }
  // A folder that depends on where the server was started is no place to look for programs.
  for (const folder of path.split(delimiter).filter(isAbsolute)) {
    const file = join(folder, command)
    if (await isExecutable(file)) return file
  }
  throw new ConfigError(`"${command}" is not an executable file in any folder of PATH (${path})`)
}

async function isExecutable(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK)
    return (await stat(file)).isFile()
  } catch {
    return false
  }
}

/** A program that is run anew for each question. */
export interface ProgramRunner {
  /**
   * Tells it `input` and answers what it said. Throws BackendError, after killing it and all it started, when it takes too long,
   * writes more than 1 MiB, or `signal` aborts; and when it cannot be started or is ended by a signal.
   */
  run(input: string, signal?: AbortSignal): Promise<Ended>
  /** Kills what still runs. */
  close(): Promise<void>
}

/** Creates one; each run may take `timeout` ms. */
export function createProgramRunner(program: Program, timeout: number): ProgramRunner {
  const { command } = program
  const running = new Set<ProcessGroup>()
  let closed = false

  return {
    async run(input, signal) {
      if (closed) throw new BackendError(`${command} has been stopped`)
      const chunks: Buffer[] = []
      let size = 0
      const take = (chunk: Buffer): void => {
        size += chunk.length
        if (size > MAX_OUTPUT) group.signal('SIGKILL')
        else chunks.push(chunk)
      }
      const group = startProcess(program, take, input)
      running.add(group)
      try {
        const ending = await within({ what: command, ms: timeout, signal }, () => group.ended)
        if (size > MAX_OUTPUT) throw new BackendError(`${command} wrote more than 1 MiB`)
        if ('failure' in ending) throw new BackendError(`${command} ${ending.failure}`)
        return { status: ending.status, output: Buffer.concat(chunks).toString() }
      } finally {
        // Does nothing to one that has ended.
        group.signal('SIGKILL')
        running.delete(group)
      }
    },
    async close() {
      closed = true
      for (const group of running) group.signal('SIGKILL')
      await Promise.all([...running].map(({ ended }) => ended))
    },
  }
}
