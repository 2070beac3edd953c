// What was made once for a text is not made again while it is remembered.

/** Makes each value once and remembers up to `limit` of them; then it begins anew. What `make` throws is not remembered. */
export function remember<Value>(limit: number, make: (text: string) => Value): (text: string) => Value {
  const made = new Map<string, Value>()
  return (text) => {
    const known = made.get(text)
    if (known !== undefined) return known
    const value = make(text)
    if (made.size >= limit) made.clear()
    made.set(text, value)
    return value
  }
}
