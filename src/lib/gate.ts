// A few at a time, and a bounded queue: what costs much cannot take everything else with it.
import { BackendError } from './errors.ts'

/** Runs work, a bounded amount of it at once. */
export interface Gate {
  /** Runs this in its turn. Throws BackendError: busy, when too many wait already; or when `signal` aborts before its turn comes. */
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
    if (waiting.size >= options.queue) throw new BackendError(options.busy, { retryAfter: 1 })
    await new Promise<void>((resolve, reject) => {
      const leave = (): void => {
        waiting.delete(enter)
        reject(new BackendError('the client went away'))
      }
      const enter = (): void => {
        signal?.removeEventListener('abort', leave)
        resolve()
      }
      waiting.add(enter)
      signal?.addEventListener('abort', leave, { once: true })
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
        else {
          waiting.delete(next)
          next()
        }
      }
    },
  }
}
