// A stream of changes, followed for as long as somebody wants to know of them: opened again whenever it breaks.
import { setTimeout as sleep } from 'node:timers/promises'
import { within } from './within.ts'

const RETRY_MS = 1000
const MAX_RETRY_MS = 30_000
// Who refuses will do so for a while, and may write a line each time.
const MAX_REFUSED_MS = 3600e3
const CLOSE_MS = 1000

/** What is needed of the driver's stream; `tryNext` answers null when nothing changed for a while. */
interface Stream {
  readonly closed: boolean
  tryNext(): Promise<unknown>
  close(): Promise<void>
}

/** Somebody who is told of changes. */
export interface Watching {
  /** Nobody is told of anything any more. */
  close(): Promise<void>
}

/**
 * Follows the streams that `open` gives, one after the other. `changed` is called for each change and for each stream, before which
 * there may have been some. `refused` hears of the first failure that is a `refusal` of the server, and not just an outage.
 */
export function watchStreams(
  watched: {
    readonly open: () => Promise<Stream>
    readonly changed: () => void
    readonly refusal: (error: unknown) => Error | undefined
    readonly refused: (error: Error) => void
  },
  pause: (ms: number, signal: AbortSignal) => Promise<void> = pauseUnlessAborted,
): Watching {
  const ending = new AbortController()
  const { signal } = ending
  let stream: Stream | undefined
  let failures = 0
  let wasRefused = false

  async function follow(): Promise<void> {
    stream = await watched.open()
    for (let isNew = true; !stream.closed; isNew = false) {
      const change = await stream.tryNext()
      if (signal.aborted) return
      failures = 0
      if (isNew || change !== null) watched.changed()
    }
  }

  /** Answers how long to wait at most, in ms. */
  function broken(error: unknown): number {
    const refusal = watched.refusal(error)
    if (refusal === undefined) return MAX_RETRY_MS
    if (!wasRefused && !signal.aborted) watched.refused(refusal)
    wasRefused = true
    return MAX_REFUSED_MS
  }

  const letGo = (): Promise<void> =>
    within({ what: 'the end of a change stream', ms: CLOSE_MS }, async () => stream?.close()).catch(() => undefined)

  async function followAll(): Promise<void> {
    while (!signal.aborted) {
      const longest = await follow().then(() => MAX_RETRY_MS, broken)
      await letGo()
      await pause(Math.min(longest, RETRY_MS * 2 ** failures++), signal)
    }
  }

  void followAll()
  return {
    async close() {
      ending.abort()
      await letGo()
    },
  }
}

function pauseUnlessAborted(ms: number, signal: AbortSignal): Promise<void> {
  return sleep(ms, undefined, { signal, ref: false }).catch(() => undefined)
}
