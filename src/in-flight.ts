// What is being answered, so that nothing it uses is closed meanwhile.
import { setMaxListeners } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'

/** Answers that are not finished yet. */
export interface InFlight {
  /** Counts one until this settles; it must not reject. */
  add(answer: Promise<void>): void
  /** Resolves when none is left, or after `limit` ms. */
  over(limit: number): Promise<void>
}

/** Counts nothing yet. */
export function createInFlight(): InFlight {
  let count = 0
  let waiting: (() => void) | undefined
  const done = (): void => {
    if (--count === 0) waiting?.()
  }
  return {
    add(answer) {
      count++
      void answer.then(done)
    },
    over: (limit) =>
      new Promise((resolve) => {
        const timer = setTimeout(resolve, limit)
        waiting = () => {
          clearTimeout(timer)
          resolve()
        }
        if (count === 0) waiting()
      }),
  }
}

/** Resolves when the response was sent or its connection is gone: one that waits for those before it never closes by itself then. */
export function ended({ socket }: IncomingMessage, response: ServerResponse): Promise<void> {
  // Many requests may wait on one connection.
  setMaxListeners(0, socket)
  return new Promise((resolve) => {
    const end = (): void => {
      socket.off('close', end)
      resolve()
    }
    socket.once('close', end)
    response.once('close', end)
  })
}
