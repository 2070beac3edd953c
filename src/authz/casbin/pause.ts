// Long work in pieces, so that nobody else waits for it.
import { setImmediate } from 'node:timers/promises'

const PIECE_MS = 5

/** True at once, or after everybody else had a turn when the last was a while ago. */
export type Pause = () => true | Promise<true>

/** Creates a pause, to be called in every step of the work. */
export function createPause(): Pause {
  let since = performance.now()
  return () => {
    if (performance.now() - since < PIECE_MS) return true
    return setImmediate<true>(true).finally(() => (since = performance.now()))
  }
}
