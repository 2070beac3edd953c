// A time limit on work that cannot be told to stop.
import { BackendError } from './errors.ts'

/** A limit for work on `what`, in ms. When it passes, `late` is called to let go of what hangs. */
export interface Limit {
  readonly what: string
  readonly ms: number
  readonly signal?: AbortSignal | undefined
  readonly late?: () => void
}

/**
 * Waits for the work, for at most `ms` and until `signal` aborts; what still comes of it then is ignored. Throws BackendError, naming
 * `what`, for the limit and for whatever goes wrong.
 */
export function within<T>({ what, ms, signal, late }: Limit, work: () => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const fail = (message: string, cause?: unknown): void => {
      settle()
      reject(cause instanceof BackendError ? cause : new BackendError(message, { cause }))
    }
    const leave = (): void => fail('the client went away')
    const timer = setTimeout(() => {
      fail(`${what} did not answer within ${ms} ms`)
      late?.()
    }, ms)
    const settle = (): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', leave)
    }
    if (signal?.aborted === true) return leave()
    signal?.addEventListener('abort', leave, { once: true })
    work().then(
      (value) => {
        settle()
        resolve(value)
      },
      (cause: unknown) => fail(`${what} failed`, cause),
    )
  })
}
