// Child processes of one suite: clients run to their end, servers kept until the suite's clean-up; ended by their own id only.
import { spawn } from 'node:child_process'
import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { program } from './requires.ts'

export interface Child {
  readonly pid: number
  /** Everything written to stdout so far. */
  stdout(): string
  stderr(): string
  /** Everything written so far, both streams, in the order it came. */
  output(): string
  /** The exit status, or the name of the signal that ended it; undefined while it runs. */
  status(): number | string | undefined
  signal(name: NodeJS.Signals): void
  /** Resolves with the exit status, or the signal's name, once the process is gone. */
  readonly gone: Promise<number | string>
}

export interface Surroundings {
  readonly cwd?: string
  /** Changes to this process's own environment; undefined takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly input?: string
}

export interface Result {
  readonly status: number | string
  readonly stdout: string
  readonly stderr: string
}

const servers: { readonly name: string; readonly child: Child }[] = []
const folders: string[] = []

const launch = (command: string, args: readonly string[], { cwd, env, input }: Surroundings): Child => {
  const child = spawn(command.includes('/') ? command : program(command), args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  })
  const written: { readonly stream: 'stdout' | 'stderr'; readonly text: string }[] = []
  const read = (only?: 'stdout' | 'stderr'): string =>
    written
      .filter(({ stream }) => only === undefined || stream === only)
      .map(({ text }) => text)
      .join('')
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream]?.setEncoding('utf8').on('data', (text: string) => written.push({ stream, text }))
  }
  child.stdin?.on('error', () => undefined).end(input)
  let status: number | string | undefined
  const gone = new Promise<number | string>((resolve) => {
    const end = (how: number | string): void => {
      status = how
      resolve(how)
    }
    child.once('error', (error) => end(error.message))
    child.once('close', (code, signal) => end(code ?? signal ?? 'unknown'))
  })
  return {
    pid: child.pid ?? 0,
    stdout: () => read('stdout'),
    stderr: () => read('stderr'),
    output: () => read(),
    status: () => status,
    signal: (name) => void child.kill(name),
    gone,
  }
}

/** Starts a server that lives until `cleanUp`, or until it is ended by its own `signal`. */
export const startChild = (command: string, args: readonly string[], surroundings: Surroundings = {}): Child => {
  const child = launch(command, args, surroundings)
  servers.push({ name: `${basename(command)} ${args.join(' ')}`, child })
  return child
}

/** Waits until `ready` answers true; throws with the child's output when it ends first or takes more than a minute. */
export const waitUntil = async (child: Child, ready: () => Promise<boolean>): Promise<void> => {
  const deadline = Date.now() + 60_000
  while (!(await ready().catch(() => false))) {
    if (child.status() !== undefined) throw new Error(`ended with ${String(child.status())}:\n${child.output()}`)
    if (Date.now() > deadline) throw new Error(`was not ready within a minute:\n${child.output()}`)
    await sleep(50)
  }
}

/** Asks a server to end and returns its exit status; a server that has not obeyed after 30 s is killed. */
export const endChild = async (child: Child, signal: NodeJS.Signals = 'SIGTERM'): Promise<number | string> => {
  child.signal(signal)
  const killer = setTimeout(() => child.signal('SIGKILL'), 30_000)
  const status = await child.gone
  clearTimeout(killer)
  return status
}

/** The last words of every server of this suite: what a failed test needs to be understood. */
const lastWords = (): string =>
  servers
    .map(({ name, child }) => `--- ${name} (${String(child.status() ?? 'running')})\n${child.output().slice(-3000)}`)
    .join('\n')

/** Runs a client to its end, whatever its exit status; a client that takes more than five minutes is killed. */
export const run = async (command: string, args: readonly string[], where: Surroundings = {}): Promise<Result> => {
  const child = launch(command, args, where)
  const killer = setTimeout(() => child.signal('SIGKILL'), 300_000)
  const status = await child.gone
  clearTimeout(killer)
  return { status, stdout: child.stdout(), stderr: child.stderr() }
}

const explain = (command: string, args: readonly string[], { status, stdout, stderr }: Result): string =>
  `${command} ${args.join(' ')} → ${String(status)}\n${stdout}${stderr}\n${lastWords()}`

/** Runs a client that must succeed and returns what it wrote to stdout; throws with both sides' output otherwise. */
export const succeeds = async (command: string, args: readonly string[], where: Surroundings = {}): Promise<string> => {
  const result = await run(command, args, where)
  if (result.status !== 0) throw new Error(explain(command, args, result))
  return result.stdout
}

/** Runs a client that must fail by itself and returns everything it said; throws when it succeeds. */
export const fails = async (command: string, args: readonly string[], where: Surroundings = {}): Promise<string> => {
  const result = await run(command, args, where)
  if (result.status === 0 || typeof result.status === 'string') throw new Error(explain(command, args, result))
  return result.stdout + result.stderr
}

/** A new folder of this suite's own, removed by `cleanUp`. */
export const scratchFolder = (): string => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'registry-auth-')))
  folders.push(folder)
  return folder
}

/** A port of 127.0.0.1 that nobody listens on at the moment. */
export const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })

/** Ends every server of this suite, youngest first, and removes its folders; for `afterAll`. */
export const cleanUp = async (): Promise<void> => {
  for (const { child } of servers.splice(0).reverse()) {
    if (child.status() === undefined) await endChild(child)
  }
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
}
