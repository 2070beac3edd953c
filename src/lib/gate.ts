// A few at a time, and a bounded queue: what costs much cannot take everything else with it.
import { BackendError } from './errors.ts'

// Longer than this nobody waits, however slow the work before them is: one back end that hangs must not hang whoever comes.
const LONGEST_WAIT_MS = 10_000

/** Runs work, a bounded amount of it at once. */
export interface Gate {
  /**
   * Runs this in its turn. Throws BackendError: busy, when too many wait already or its turn does not come within 10 s; or when
   * `signal` aborts before that.
   */
  run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T>
}

/** Creates a gate that lets `concurrency` through at once while `queue` wait; `busy` is what the log says when more come. */
export function createGate(options: {
  readonly concurrency: number
  readonly queue: number
  readonly busy: string
}): Gate {
  const waiting = new Set<() => void>()
  let running = 0

  // Whoever gives up makes room at once: clients that are gone must not keep the queue full.
  async function turn(signal: AbortSignal | undefined): Promise<void> {
    if (signal?.aborted === true) throw new BackendError('the client went away')
    if (running < options.concurrency) {
      running++
      return
    }
    const busy = new BackendError(options.busy, { retryAfter: 1 })
    if (waiting.size >= options.queue) throw busy
    await new Promise<void>((resolve, reject) => {
      const settle = (): void => {
        waiting.delete(enter)
        clearTimeout(limit)
        signal?.removeEventListener('abort', gone)
      }
      const leave = (why: BackendError): void => {
        settle()
        reject(why)
      }
      const gone = (): void => leave(new BackendError('the client went away'))
      const enter = (): void => {
        settle()
        resolve()
      }
      const limit = setTimeout(leave, LONGEST_WAIT_MS, busy)
      waiting.add(enter)
      signal?.addEventListener('abort', gone, { once: true })
    })
  }

  return {
    async run(work, signal) {
      await turn(signal)
      try {
        return await work()
      } finally {
        const [next] = waiting
        if (next === undefined) running--
        else next()
      }
    },
  }
}
