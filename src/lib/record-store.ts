// The one interface of record stores: where docker passwords of people who signed in with a browser are kept.

/** Keys and values that outlive the process. Every method throws BackendError when the store does not answer in time. */
export interface RecordStore {
  get(key: string): Promise<Uint8Array | undefined>
  /** Replaces what was there. With `ttl` (ms) the store may forget it after that time; one that cannot keeps it. */
  put(key: string, value: Uint8Array, ttl?: number): Promise<void>
  delete(key: string): Promise<void>
  /**
   * Makes a key that no record has the caller's alone, for `ttl` ms at most, among everybody who shares the store.
   * Answers how to give it back, or undefined while somebody else has it.
   */
  claim(key: string, ttl: number): Promise<(() => Promise<void>) | undefined>
  /** Every record, perhaps twice, in no order anybody may rely on; records that come or go meanwhile may or may not be among them. */
  entries(): AsyncIterable<readonly [key: string, value: Uint8Array]>
  /** Resolves when the store answers. */
  check(signal: AbortSignal): Promise<void>
  /** Lets go of everything; a second call does nothing. */
  close(): Promise<void>
}
