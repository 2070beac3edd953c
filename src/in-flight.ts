// Which requests are being answered, so that nothing they use is closed meanwhile.
import type { RequestListener } from 'node:http'
import type { Socket } from 'node:net'

/** The requests of one handler that are not answered yet. */
export interface InFlight {
  readonly handler: RequestListener
  /** Resolves when the last of them is answered or its client is gone, or after `limit` ms. */
  over(limit: number): Promise<void>
}

/** Counts the requests that `handler` is given. */
export function createInFlight(handler: RequestListener): InFlight {
  const requests = new Map<Socket, number>()
  const known = new WeakSet<Socket>()
  let waiting: (() => void) | undefined

  // A response that waits for those before it on its connection never closes when that breaks off: connections are followed, too.
  function follow(socket: Socket): void {
    if (known.has(socket)) return
    known.add(socket)
    socket.once('close', () => set(socket, 0))
  }

  function set(socket: Socket, count: number): void {
    if (count > 0) requests.set(socket, count)
    else requests.delete(socket)
    if (requests.size === 0) waiting?.()
  }

  return {
    handler(request, response) {
      const { socket } = request
      follow(socket)
      set(socket, (requests.get(socket) ?? 0) + 1)
      response.once('close', () => set(socket, (requests.get(socket) ?? 0) - 1))
      handler(request, response)
    },
    over: (limit) =>
      new Promise((resolve) => {
        const timer = setTimeout(resolve, limit)
        waiting = () => {
          clearTimeout(timer)
          resolve()
        }
        if (requests.size === 0) waiting()
      }),
  }
}
