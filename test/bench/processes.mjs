// Starts and stops what the benchmarks measure.
import { spawn, execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'

const here = import.meta.dirname
export const mainFile = join(here, '../../dist/main.js')
const run = promisify(execFile)

/** A port that was free a moment ago. */
export function freePort() {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address()
      probe.close(() => resolve(port))
    })
  })
}

const running = new Set()
process.on('exit', () => running.forEach((child) => child.kill()))

/** Starts a node program and resolves when a line of its output passes `isReady`. */
export function start(args, options, isReady) {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'], ...options })
  running.add(child)
  child.once('exit', () => running.delete(child))
  const stop = () => new Promise((resolve) => child.once('exit', resolve).kill('SIGTERM'))
  return new Promise((resolve, reject) => {
    let text = ''
    child.once('exit', (code) => reject(new Error(`${args[0]} ended with ${code}`)))
    child.stdout.setEncoding('utf8').on('data', (chunk) => {
      if (text !== undefined) text += chunk
      const line = text?.split('\n').find(isReady)
      if (line === undefined) return
      text = undefined // what follows is read and thrown away, as a log collector would
      resolve({ pid: child.pid, line, stop })
    })
  })
}

export async function load(options) {
  const running = run(process.execPath, [join(here, 'load.mjs')])
  running.child.stdin.end(JSON.stringify(options))
  const result = JSON.parse((await running).stdout)
  if (result.failed > 0) throw new Error(`${result.failed} of ${result.failed + result.done} requests failed`)
  return result
}

/** Load whose answers are nobody's concern; answers how to end it. */
export function flood(options) {
  const child = spawn(process.execPath, [join(here, 'load.mjs')], { stdio: ['pipe', 'ignore', 'inherit'] })
  running.add(child)
  child.once('exit', () => running.delete(child))
  child.stdin.end(JSON.stringify({ ...options, seconds: 3600 }))
  return () => new Promise((resolve) => child.once('exit', resolve).kill())
}

export async function signingLimit(keyFile, seconds) {
  const { stdout } = await run(process.execPath, [join(here, 'signing.mjs'), keyFile, String(seconds)])
  return Number(stdout)
}

export function startBaseline(keyFile, inputFile) {
  return start([join(here, 'baseline.mjs'), keyFile, inputFile], {}, (line) => /^\d+$/.test(line))
}

/** Resident memory of a process, in MiB. */
export function residentMiB(pid) {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024
}

export const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]
