// Long work in pieces, so that nobody else waits for it.
import { setImmediate } from 'node:timers/promises'

// Longer than this no request waits.
const PIECE_MS = 5

/** True at once, or after everybody else had a turn when the last was a while ago. Throws the signal's reason once that is aborted. */
export type TakeTurns = () => true | Promise<true>

/** Creates it for one piece of work, which calls it in every step. */
export function createTurns(signal?: AbortSignal): TakeTurns {
  let since = performance.now()
  return () => {
    signal?.throwIfAborted()
    if (performance.now() - since < PIECE_MS) return true
    return setImmediate<true>(true).finally(() => (since = performance.now()))
  }
}
