// A socket to a directory server, encrypted before anything secret is said.
import { EventEmitter, once } from 'node:events'
import { connect, isIP } from 'node:net'
import type { Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { Client } from 'ldapts'
import type { LdapSettings } from './config.ts'
import type { Server } from './server.ts'

const START_TLS = '1.3.6.1.4.1.1466.20037'
const PIECE = 8 * 1024

/** Connects within the connect limit, TLS included. Rejects, with no socket left open, when that fails; never falls back to clear text. */
export async function dial(
  ldapts: typeof import('ldapts'),
  { host, port, tls }: Server,
  { ca, verify, timeouts }: Pick<LdapSettings, 'ca' | 'verify' | 'timeouts'>,
): Promise<Socket> {
  const sockets: Socket[] = []
  const drop = (error?: Error): void => sockets.forEach((socket) => socket.destroy(error))
  const ready = async <S extends Socket>(socket: S, event: 'connect' | 'secureConnect'): Promise<S> => {
    sockets.push(socket)
    // One that fails after it was given up must not end the process.
    socket.on('error', () => undefined)
    await once(socket, event)
    return socket
  }
  const place = { host, port, noDelay: true, keepAlive: true }
  const encrypt = {
    ...place,
    rejectUnauthorized: verify,
    ...(ca === undefined ? {} : { ca }),
    ...(isIP(host) === 0 ? { servername: host } : {}),
  }

  const limit = timeouts.connect
  const timer = setTimeout(() => drop(new Error(`no connection within ${limit / 1000} s`)), limit)
  try {
    if (tls === 'always') return await ready(connectTls(encrypt), 'secureConnect')
    const plain = await ready(connect(place), 'connect')
    if (tls === 'none') return plain
    // A client of its own: what somebody slipped in before the encryption must not be left in the parser of what comes after it.
    await clientOn(ldapts, plain).exop(START_TLS)
    plain.removeAllListeners('data')
    return await ready(connectTls({ ...encrypt, socket: plain }), 'secureConnect')
  } catch (error) {
    drop()
    throw error
  } finally {
    clearTimeout(timer)
  }
}

/**
 * A client that uses this socket and never opens another: ldapts reconnects on its own, and would send passwords over a connection
 * that is not encrypted where StartTLS had been used.
 */
export function clientOn(ldapts: typeof import('ldapts'), socket: Socket): Client {
  let taken = false
  emitPieces(socket)
  return new ldapts.Client({
    url: 'ldap://localhost',
    createConnection: () => {
      if (taken) throw new Error('the connection was closed')
      taken = true
      return socket
    },
  })
}

// ldapts reads each message of a chunk one call deeper than the one before: thousands of tiny ones would end the process.
function emitPieces(socket: Socket): void {
  socket.emit = (event: string | symbol, ...details: unknown[]): boolean => {
    const emit = (...rest: unknown[]): boolean => EventEmitter.prototype.emit.call(socket, event, ...rest)
    const [chunk] = details
    if (event !== 'data' || !Buffer.isBuffer(chunk)) return emit(...details)
    for (let start = 0; start < chunk.length && !socket.destroyed; start += PIECE)
      emit(chunk.subarray(start, start + PIECE))
    return true
  }
}
