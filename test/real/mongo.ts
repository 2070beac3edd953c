// A server that speaks MongoDB's protocol: the one of MONGODB_TEST_URI, a mongod, or FerretDB on SQLite; the first that is there.
import { randomBytes } from 'node:crypto'
import { connect } from 'node:net'
import { type Child, endChild, freePort, scratchFolder, startChild, waitUntil } from './children.ts'
import { program } from './requires.ts'

export interface Mongo {
  /** The connection string, without a database. */
  readonly uri: string
  /** Of the server's first address. */
  readonly host: string
  readonly port: number
  /** A name that no other suite uses. */
  readonly database: string
  readonly program: 'MONGODB_TEST_URI' | 'mongod' | 'ferretdb-test'
}

export interface OwnMongo extends Mongo {
  /** Ends it at once; its clients see their connections break. */
  stop(): Promise<void>
  /** Starts it again, after `stop`, on the same port with the same data. */
  restart(): Promise<void>
}

const isThere = (name: string): boolean => {
  try {
    return program(name) !== ''
  } catch {
    return false
  }
}

const ownProgram = (): 'mongod' | 'ferretdb-test' => (isThere('mongod') ? 'mongod' : 'ferretdb-test')

/** What `startOwnMongo` needs, for `requires(...)`. */
export const ownMongoRequirement = (): readonly string[] => [ownProgram()]

/** What `startMongo` needs, for `requires(...)`: any one of the three will do. */
export const mongoRequirement = (): readonly string[] =>
  process.env['MONGODB_TEST_URI'] === undefined ? ownMongoRequirement() : []

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', reject)
  })

const database = (): string => `registry_auth_test_${randomBytes(6).toString('hex')}`

/** Starts a server of this suite's own and waits until it takes connections; for suites that stop it in between. */
export const startOwnMongo = async (): Promise<OwnMongo> => {
  const name = ownProgram()
  const folder = scratchFolder()
  const port = await freePort()
  const args = {
    mongod: ['--bind_ip', '127.0.0.1', '--port', String(port), '--dbpath', folder, '--nounixsocket'],
    'ferretdb-test': [`127.0.0.1:${port}`, folder],
  } as const
  const start = async (): Promise<Child> => {
    const child = startChild(name, args[name])
    await waitUntil(child, () => answers(port))
    return child
  }
  let child = await start()
  return {
    ...{ uri: `mongodb://127.0.0.1:${port}`, host: '127.0.0.1', port, database: database(), program: name },
    stop: async () => {
      await endChild(child, 'SIGKILL')
    },
    restart: async () => {
      child = await start()
    },
  }
}

/** The server of MONGODB_TEST_URI where that is set, otherwise one of this suite's own. */
export const startMongo = async (): Promise<Mongo> => {
  const uri = process.env['MONGODB_TEST_URI']
  if (uri === undefined) return startOwnMongo()
  const [, host = '', port = '27017'] = /^mongodb(?:\+srv)?:\/\/(?:[^@/]*@)?([^:,/?]+)(?::(\d+))?/.exec(uri) ?? []
  return { uri, host, port: Number(port), database: database(), program: 'MONGODB_TEST_URI' }
}
