// A way through to a MongoDB server without change streams that has them: it answers for them itself, from the writes that pass.
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { BSON, Long } from 'mongodb'
import type { Document } from 'mongodb'
import { type Mongo, startMongo } from './mongo.ts'

export interface Streams {
  /** Its connection string, without a database. */
  readonly uri: string
  /** The pipelines of the streams that are open. */
  pipelines(): readonly unknown[]
  /** How many were opened so far. */
  opened(): number
  /** Breaks every connection. */
  cut(): void
  /** How many connections there are. */
  connections(): number
  /** Refuses streams from now on, with this code and these words. */
  refuse(code: number, errmsg: string): void
  /** Opens streams again. */
  accept(): void
  readonly close: () => void
}

// https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol/
const OP_MSG = 2013
const WRITES = ['insert', 'update', 'delete', 'findAndModify']

interface Message {
  readonly bytes: Buffer
  readonly id: number
  readonly answers: number
  /** The command, where it is one. */
  readonly body: Document | undefined
}

/** A stream that was opened, its events not fetched yet, and who waits for them. */
interface Stream {
  readonly namespace: string
  readonly pipeline: unknown
  readonly events: Document[]
  deliver?: (() => void) | undefined
}

/** Cuts what arrives on a socket into messages. */
function onMessages(socket: Socket, met: (message: Message) => void): void {
  let rest = Buffer.alloc(0)
  socket.on('data', (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk])
    while (rest.length >= 16 && rest.length >= rest.readInt32LE(0)) {
      const bytes = rest.subarray(0, rest.readInt32LE(0))
      rest = rest.subarray(bytes.length)
      const isCommand = bytes.readInt32LE(12) === OP_MSG && bytes[20] === 0
      const body = isCommand ? BSON.deserialize(bytes.subarray(21, 21 + bytes.readInt32LE(21))) : undefined
      met({ bytes, id: bytes.readInt32LE(4), answers: bytes.readInt32LE(8), body })
    }
  })
}

function reply({ id }: Message, body: Document): Buffer {
  const document = BSON.serialize(body)
  const head = Buffer.alloc(21)
  head.writeInt32LE(head.length + document.length, 0)
  head.writeInt32LE(id, 8)
  head.writeInt32LE(OP_MSG, 12)
  return Buffer.concat([head, document])
}

/** Starts it in front of a server on this machine. */
export async function startStreams({ port }: Pick<Mongo, 'port'>): Promise<Streams> {
  const streams = new Map<number, Stream>()
  const sockets = new Set<Socket>()
  let refusal: Document | undefined
  let token = 0
  let opened = 0

  const nextToken = (): Document => ({ _data: String(++token).padStart(10, '0') })

  function tell(namespace: string): void {
    for (const stream of streams.values()) {
      if (stream.namespace !== namespace) continue
      stream.events.push({ _id: nextToken() })
      stream.deliver?.()
    }
  }

  /** The answer to what has to do with streams, when there is one; undefined for everything else. */
  function answer({ body }: Message): Promise<Document> | undefined {
    if (body === undefined) return undefined
    const { aggregate, pipeline, getMore, killCursors, $db } = body
    const [first] = Array.isArray(pipeline) ? (pipeline as Document[]) : []
    if (first?.['$changeStream'] !== undefined) {
      if (refusal !== undefined) return Promise.resolve(refusal)
      const id = 1_000_000 + ++opened
      const namespace = `${String($db)}.${String(aggregate)}`
      streams.set(id, { namespace, pipeline, events: [] })
      const cursor = { id: Long.fromNumber(id), ns: namespace, firstBatch: [], postBatchResumeToken: nextToken() }
      return Promise.resolve({ ok: 1, cursor })
    }
    const [killed] = Array.isArray(body['cursors']) ? (body['cursors'] as unknown[]) : []
    if (killCursors !== undefined && streams.delete(Number(killed))) return Promise.resolve({ ok: 1 })
    const stream = streams.get(Number(getMore))
    return stream && more(Number(getMore), stream, Number(body['maxTimeMS']))
  }

  async function more(id: number, stream: Stream, maxTimeMS: number): Promise<Document> {
    if (stream.events.length === 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, maxTimeMS)
        stream.deliver = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
    const nextBatch = stream.events.splice(0)
    const postBatchResumeToken = nextToken()
    return { ok: 1, cursor: { id: Long.fromNumber(id), ns: stream.namespace, nextBatch, postBatchResumeToken } }
  }

  const server = createServer((client) => {
    const behind = connect(port, '127.0.0.1')
    const writes = new Map<number, string>()
    const end = (): void => {
      client.destroy()
      behind.destroy()
      sockets.delete(client)
    }
    for (const socket of [client, behind]) socket.on('error', end).on('close', end)
    sockets.add(client)
    onMessages(client, (message) => {
      const answered = answer(message)
      if (answered !== undefined) return void answered.then((body) => client.write(reply(message, body)))
      const write = WRITES.find((name) => message.body?.[name] !== undefined)
      if (write !== undefined)
        writes.set(message.id, `${String(message.body?.['$db'])}.${String(message.body?.[write])}`)
      behind.write(message.bytes)
    })
    onMessages(behind, ({ bytes, answers }) => {
      client.write(bytes)
      const namespace = writes.get(answers)
      if (writes.delete(answers) && namespace !== undefined) tell(namespace)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const cut = (): void => {
    streams.clear()
    for (const socket of sockets) socket.destroy()
  }
  return {
    uri: `mongodb://127.0.0.1:${(server.address() as AddressInfo).port}`,
    pipelines: () => [...streams.values()].map(({ pipeline }) => pipeline),
    opened: () => opened,
    cut,
    connections: () => sockets.size,
    refuse: (code, errmsg) => {
      refusal = { ok: 0, code, errmsg, codeName: 'Refused' }
    },
    accept: () => {
      refusal = undefined
    },
    close: () => {
      server.close()
      cut()
    },
  }
}

/** A server with change streams: that of MONGODB_TEST_URI, which has to be of a replica set, or one behind this way through. */
export async function startMongoWithStreams(): Promise<Pick<Mongo, 'uri' | 'database'> & { close(): void }> {
  const mongo = await startMongo()
  if (mongo.program === 'MONGODB_TEST_URI') return { ...mongo, close: () => undefined }
  const { uri, close } = await startStreams(mongo)
  return { uri, database: mongo.database, close }
}
