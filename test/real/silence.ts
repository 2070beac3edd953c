// Servers that say nothing: one that never did, and a way through to a real one that can be made to fall silent.
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'

export interface Silence {
  readonly port: number
  close(): void
}

export interface Passage extends Silence {
  /** From now on nothing comes through, and nobody is told. */
  hush(): void
  /** New connections come through again; the silent ones stay silent. */
  speak(): void
}

const listen = async (met: (socket: Socket) => void): Promise<Silence> => {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => undefined))
    met(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    close: () => {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}

/** Takes connections and never says a word. */
export const startSilence = (): Promise<Silence> => listen(() => undefined)

/** Passes everything on to a server on this machine, until it is told to hush. */
export const startPassage = async (port: number): Promise<Passage> => {
  let silent = false
  const cut: (() => void)[] = []
  const silence = await listen((socket) => {
    if (silent) return
    const other = connect(port, '127.0.0.1')
    const end = (): void => {
      socket.destroy()
      other.destroy()
    }
    other.on('error', end)
    socket.on('close', end)
    socket.pipe(other).pipe(socket)
    cut.push(() => {
      socket.unpipe(other)
      other.unpipe(socket)
      socket.resume()
      other.resume()
    })
  })
  return {
    ...silence,
    hush: () => {
      silent = true
      for (const each of cut.splice(0)) each()
    },
    speak: () => {
      silent = false
    },
  }
}
