// Token ids: random, and without a system call each.

const ID_BYTES = 16
const IDS_PER_FILL = 256

/** A source of ids of 128 random bits in hexadecimal. `randomFill` fills a buffer from a CSPRNG; it is called once per 256 ids. */
export function createIdSource(randomFill: (buffer: Uint8Array) => unknown): () => string {
  const pool = Buffer.alloc(ID_BYTES * IDS_PER_FILL)
  let used = pool.length
  return () => {
    if (used === pool.length) {
      randomFill(pool)
      used = 0
    }
    used += ID_BYTES
    return pool.toString('hex', used - ID_BYTES, used)
  }
}
