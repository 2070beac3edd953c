// Connections kept for the next one who needs them: a few at once, each used by one at a time.
import { createGate } from '../../lib/gate.ts'
import type { Connection } from './connection.ts'

const AT_ONCE = 8
const QUEUE = 500
// Shorter than firewalls and directories take to forget a connection without a word.
const IDLE_MS = 60e3

/** Lends connections. */
export interface Connections {
  /**
   * Does some work on a connection. Work that found a kept connection closed by the other side is done once more on a new one.
   * Throws BackendError: busy, when too many wait; an outage, when no connection can be opened; and what the work throws.
   */
  use<T>(work: (connection: Connection) => Promise<T>, signal?: AbortSignal): Promise<T>
  close(): void
}

/** Creates them; `open` makes a new one, and one that is not `welcome` any more is not used again. */
export function createConnections(
  open: () => Promise<Connection>,
  welcome: (connection: Connection) => boolean,
): Connections {
  const gate = createGate({ concurrency: AT_ONCE, queue: QUEUE, busy: 'too many logins wait for the directory' })
  const idle: { readonly connection: Connection; readonly timer: NodeJS.Timeout }[] = []
  let closed = false

  const usable = (connection: Connection): boolean => connection.state() === 'open' && welcome(connection)

  function take(): Connection | undefined {
    for (let kept = idle.pop(); kept !== undefined; kept = idle.pop()) {
      clearTimeout(kept.timer)
      if (usable(kept.connection)) return kept.connection
      kept.connection.close()
    }
    return undefined
  }

  function keep(connection: Connection): void {
    if (closed || !usable(connection)) {
      connection.close()
      return
    }
    const expire = (): void => {
      idle.splice(
        idle.findIndex((kept) => kept.connection === connection),
        1,
      )
      connection.close()
    }
    idle.push({ connection, timer: setTimeout(expire, IDLE_MS).unref() })
  }

  async function lend<T>(connection: Connection, work: (connection: Connection) => Promise<T>): Promise<T> {
    try {
      return await work(connection)
    } finally {
      keep(connection)
    }
  }

  return {
    use: (work, signal) =>
      gate.run(async () => {
        const kept = take()
        if (kept === undefined) return lend(await open(), work)
        try {
          return await lend(kept, work)
        } catch (error) {
          if (kept.state() !== 'lost') throw error
          return lend(await open(), work)
        }
      }, signal),
    close() {
      closed = true
      for (const { connection, timer } of idle.splice(0)) {
        clearTimeout(timer)
        connection.close()
      }
    },
  }
}
