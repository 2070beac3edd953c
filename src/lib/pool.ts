// What outlives a reload: opened once per key, shared and counted by the generations that use it, closed when the last lets go.

/** One generation's hold on something opened. */
export interface Lease<T> {
  readonly value: T
  /** Lets go, once; closes what nobody holds any more. Rejects with what `close` throws. */
  release(): Promise<void>
}

/** Things of one kind, by key. */
export interface Pool<Settings, T> {
  /**
   * The open thing for these settings, opened if nobody holds it yet, but not before one that is being closed is closed. Rejects
   * with what `open` throws, holding nothing.
   */
  acquire(settings: Settings): Promise<Lease<T>>
}

/** Creates a pool. Two settings with one key mean the same thing. Callers take turns: reloads are serialised. */
export function createPool<Settings, T>(kind: {
  readonly key: (settings: Settings) => string
  readonly open: (settings: Settings) => Promise<T>
  readonly close: (value: T) => Promise<void>
}): Pool<Settings, T> {
  const held = new Map<string, { readonly value: T; holders: number }>()
  const closing = new Map<string, Promise<void>>()
  return {
    async acquire(settings) {
      const key = kind.key(settings)
      for (let end = closing.get(key); end !== undefined; end = closing.get(key)) await end.catch(() => undefined)
      const entry = held.get(key) ?? { value: await kind.open(settings), holders: 0 }
      held.set(key, entry)
      entry.holders++
      let released = false
      return {
        value: entry.value,
        async release() {
          if (released) return
          released = true
          if (--entry.holders > 0) return
          held.delete(key)
          closing.set(key, kind.close(entry.value))
          await closing.get(key)?.finally(() => closing.delete(key))
        },
      }
    },
  }
}
