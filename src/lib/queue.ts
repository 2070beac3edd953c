// Turns for whoever changes the same thing.

/** Runs work of one key strictly one after another, work of different keys side by side. */
export type Queue = <T>(key: string, work: () => Promise<T>) => Promise<T>

/** A queue that remembers a key only while somebody waits for it. */
export function createQueue(): Queue {
  const tails = new Map<string, Promise<unknown>>()
  return async (key, work) => {
    const turn = (tails.get(key) ?? Promise.resolve()).then(work)
    const tail = turn.catch(() => undefined)
    tails.set(key, tail)
    try {
      return await turn
    } finally {
      if (tails.get(key) === tail) tails.delete(key)
    }
  }
}
