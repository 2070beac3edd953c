// A program in a process group of its own, so that it can be ended together with everything it started.
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
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
 * Starts a program with this process's environment; `onOutput` gets its standard output. Its standard error is thrown away: what a
 * program complains about may well be the password it was given.
 */
export function startProcess({ command, args }: Program, onOutput: (chunk: Buffer) => void): ProcessGroup {
  try {
    return follow(spawn(command, args, { shell: false, detached: true, stdio: ['pipe', 'pipe', 'ignore'] }), onOutput)
  } catch (error) {
    const nothing = (): undefined => undefined
    return { write: nothing, endInput: nothing, signal: nothing, ended: Promise.resolve(notStarted(error)) }
  }
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
