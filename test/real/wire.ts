// A raw connection to a server under test: any bytes go out, whatever comes back is kept, and nothing is interpreted.
import { connect } from 'node:net'

export interface Wire {
  /** Resolves when the bytes have been handed to the system, or, if they cannot be, once the connection is over. */
  send(bytes: string | Uint8Array): Promise<void>
  /** Everything that came back so far, a character per byte. */
  received(): string
  /** Resolves with everything received once that matches; rejects when the connection ends before. */
  until(pattern: RegExp): Promise<string>
  /** Resolves with everything received once the connection is over, however it ended. */
  readonly over: Promise<string>
  isOver(): boolean
  /** Sends FIN; what still comes back is kept. */
  end(): void
  /** Sends RST, or just closes after an `end`. */
  reset(): void
}

/** Connects to a port of this machine. */
export const openWire = (port: number): Promise<Wire> =>
  new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true })
    let text = ''
    let isOver = false
    let notify = (): void => undefined
    const over = new Promise<string>((settle) => {
      socket.once('close', () => {
        isOver = true
        notify()
        settle(text)
      })
    })
    socket.once('error', reject)
    socket.on('error', () => undefined)
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
      notify()
    })
    socket.on('end', () => socket.end())
    const wire: Wire = {
      send: (bytes) =>
        new Promise((sent) => {
          socket.write(bytes, (error) => void (error ? over.then(() => sent()) : sent()))
        }),
      received: () => text,
      until: (pattern) =>
        new Promise((matched, failed) => {
          notify = () => {
            if (pattern.test(text)) matched(text)
            else if (isOver) failed(new Error(`the connection ended before ${String(pattern)}:\n${text}`))
          }
          notify()
        }),
      over,
      isOver: () => isOver,
      end: () => void socket.end(),
      reset: () => {
        // Node cannot reset a connection that it has begun to end, and before it resets one it waits for unsent bytes.
        if (!socket.writableEnded) socket.resetAndDestroy()
        socket.destroy()
      },
    }
    socket.once('connect', () => resolve(wire))
  })

/** The status codes of the answers in what came back. */
export const statusesOf = (text: string): number[] =>
  [...text.matchAll(/HTTP\/1\.[01] (\d{3})[^\r\n]*\r\n/g)].map(([, status]) => Number(status))
