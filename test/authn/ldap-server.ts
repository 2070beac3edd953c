// A directory made of the answers a test gives it, for what no real server at hand says.
import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { Ber, BerReader, BerWriter } from 'ldapts'

/** The protocol's operations, as they are tagged on the wire. https://www.rfc-editor.org/rfc/rfc4511#section-4 */
export const BIND = 0x60
export const SEARCH = 0x63
export const EXTENDED = 0x77

export interface Request {
  readonly id: number
  readonly operation: number
  /** What a bind was made as, the base of a search. */
  readonly name: string
  readonly bytes: Buffer
  /** Of all connections so far, this one's number, from 1. */
  readonly connection: number
}

/** Bytes to send, or nothing: then the client waits. */
export type Answers = (request: Request) => Buffer | undefined

export interface FakeDirectory {
  readonly address: string
  /** Everything asked so far, a farewell (unbind) left out. */
  readonly requests: readonly Request[]
  /** Connections that are open now. */
  readonly connections: () => number
  /** Cuts every connection. */
  readonly cut: () => void
  close(): void
}

/** Starts one; with `tls` it encrypts right after its first answer, which is one to StartTLS. */
export const fakeDirectory = async (
  answers: Answers,
  tls?: { readonly key: string; readonly cert: string },
): Promise<FakeDirectory> => {
  const requests: Request[] = []
  const sockets = new Set<Socket>()
  let connections = 0

  const serve = (socket: Socket, connection: number, after: () => void): void => {
    socket.on('error', () => undefined)
    socket.on('data', (data: Buffer) => {
      const request = readRequest(data, connection)
      if (request === undefined) return
      requests.push(request)
      const answer = answers(request)
      if (answer !== undefined) socket.write(answer, after)
    })
  }
  const server = createServer((socket) => {
    const connection = ++connections
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    serve(socket, connection, () => {
      if (tls === undefined) return
      socket.removeAllListeners('data')
      serve(new TLSSocket(socket, { isServer: true, ...tls }), connection, () => undefined)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const cut = (): void => sockets.forEach((socket) => socket.destroy())
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    connections: () => sockets.size,
    cut,
    close() {
      server.close()
      cut()
    },
  }
}

const readRequest = (data: Buffer, connection: number): Request | undefined => {
  // Somebody who begins with TLS.
  if (data[0] !== Ber.Sequence + Ber.Constructor) return undefined
  const reader = new BerReader(data)
  reader.readSequence()
  const id = reader.readInt()!
  const operation = reader.readSequence()!
  if (operation !== BIND && operation !== SEARCH && operation !== EXTENDED) return undefined
  if (operation === BIND) reader.readInt()
  const name = operation === EXTENDED ? '' : reader.readString()!
  return { id, operation, name, bytes: data, connection }
}

const message = (id: number, tag: number, write: (writer: BerWriter) => void): Buffer => {
  const writer = new BerWriter()
  writer.startSequence()
  writer.writeInt(id)
  writer.startSequence(tag)
  write(writer)
  writer.endSequence()
  writer.endSequence()
  return writer.buffer
}

/** The final answer to an operation. */
export const result = ({ id, operation }: Request, code: number, text = ''): Buffer =>
  message(id, operation === SEARCH ? 0x65 : operation + 1, (writer) => {
    writer.writeEnumeration(code)
    writer.writeString('')
    writer.writeString(text)
  })

/** One entry that a search found. */
export const entry = (
  { id }: Request,
  dn: string,
  attributes: Readonly<Record<string, readonly (string | Buffer)[]>> = {},
): Buffer =>
  message(id, 0x64, (writer) => {
    writer.writeString(dn)
    writer.startSequence()
    for (const [type, values] of Object.entries(attributes)) {
      writer.startSequence()
      writer.writeString(type)
      writer.startSequence(0x31)
      for (const value of values) writer.writeBuffer(Buffer.from(value), Ber.OctetString)
      writer.endSequence()
      writer.endSequence()
    }
    writer.endSequence()
  })

/** A directory with one person: everything may be searched, `bind` answers for the person's binds. */
export const onePerson = (
  bind: (request: Request) => Buffer | undefined,
  attributes: Readonly<Record<string, readonly (string | Buffer)[]>> = {},
): Answers => {
  return (request) => {
    if (request.operation === BIND) return bind(request)
    return Buffer.concat([entry(request, 'uid=bob,dc=example', attributes), result(request, 0)])
  }
}
