// A program in a process group of its own, so that it can be ended together with everything it started.
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { closeSync, constants, openSync, writeSync } from 'node:fs'
import { errorCode } from './file-errors.ts'

/** A program by its path, and what it is called with. No shell reads either. */
export interface Program {
  readonly command: string
  readonly args: readonly string[]
}

/** How a program ended: by itself, with an exit status, or for a reason that reads on after the program's name. */
export type Ending = { readonly status: number } | { readonly failure: string }

/** A running program. After its end writing and signalling do nothing. */
export interface ProcessGroup {
  write(text: string): void
  /** Ends its standard input. */
  endInput(): void
  signal(name: NodeJS.Signals): void
  /** Resolves when all its output has been handed over. Never rejects: a program that cannot be started has ended, too. */
  readonly ended: Promise<Ending>
}

// What a program leaves running in the background may go on, but not hold its output open.
const GRACE_MS = 200

/**
 * Starts a program with this process's environment; `onOutput` gets its standard output. `input` is all it is told, where that is
 * known at once. Its standard error is thrown away: what a program complains about may well be the password it was given.
 */
export function startProcess(
  { command, args }: Program,
  onOutput: (chunk: Buffer) => void,
  input?: string,
): ProcessGroup {
  const file = input === undefined ? undefined : inMemory(input)
  try {
    const stdio = [file ?? ('pipe' as const), 'pipe' as const, 'ignore' as const]
    const group = follow(spawn(command, args, { shell: false, detached: true, stdio }), onOutput)
    if (input !== undefined && file === undefined) {
      group.write(input)
      group.endInput()
    }
    return group
  } catch (error) {
    const nothing = (): undefined => undefined
    return { write: nothing, endInput: nothing, signal: nothing, ended: Promise.resolve(notStarted(error)) }
  } finally {
    if (file !== undefined) closeSync(file)
  }
}

// https://man7.org/linux/man-pages/man2/open.2.html; Node has no name for it, and O_DIRECTORY differs between processors.
const O_TMPFILE = 0o20000000 | constants.O_DIRECTORY

// A file that never has a name nor touches a disk. The pipe that Node makes is a socket, and Linux lets no program open that as
// /dev/stdin, which many scripts do. https://github.com/nodejs/node/issues/21941
function inMemory(text: string): number | undefined {
  let file: number | undefined
  try {
    file = openSync('/dev/shm', O_TMPFILE | constants.O_RDWR, 0o600)
    const bytes = Buffer.from(text)
    if (writeSync(file, bytes, 0, bytes.length, 0) === bytes.length) return file
  } catch {
    // No such place, or it is full: the pipe serves all programs but those.
  }
  if (file !== undefined) closeSync(file)
  return undefined
}

function follow(child: ChildProcess, onOutput: (chunk: Buffer) => void): ProcessGroup {
  let over = false
  const signal = (name: NodeJS.Signals): void => {
    if (!over) signalGroup(child, name)
  }
  child.stdout?.on('data', onOutput)
  child.stdin?.on('error', () => undefined) // EPIPE: a program need not read what it is told.
  const ended = new Promise<Ending>((resolve) => {
    child.once('error', (error) => resolve(notStarted(error)))
    child.once('exit', (status, name) => {
      const straggling = setTimeout(() => {
        signal('SIGKILL')
        child.stdout?.destroy()
      }, GRACE_MS)
      child.once('close', () => {
        clearTimeout(straggling)
        over = true
        resolve(status === null ? { failure: `was ended by ${name ?? 'a signal'}` } : { status })
      })
    })
  })
  return {
    write: (text) => void child.stdin?.write(text),
    endInput: () => void child.stdin?.end(),
    signal,
    ended,
  }
}

function signalGroup({ pid }: ChildProcess, name: NodeJS.Signals): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, name)
  } catch {
    // Gone already, or by now somebody else's (a setuid program): nothing more can be done about it.
  }
}

function notStarted(error: unknown): Ending {
  return { failure: `cannot be started (${errorCode(error)})` }
}
