// Results worth keeping, and never more than so many of them.

export interface Cache<Value> {
  get(key: string): Value | undefined
  /** Keeps the value; the oldest one goes when there are too many. */
  set(key: string, value: Value): void
}

/** An empty cache for at most `limit` values. */
export function createCache<Value>(limit: number): Cache<Value> {
  const values = new Map<string, Value>()
  return {
    get: (key) => values.get(key),
    set(key, value) {
      const [oldest] = values.keys()
      if (values.size >= limit && oldest !== undefined) values.delete(oldest)
      values.set(key, value)
    },
  }
}
