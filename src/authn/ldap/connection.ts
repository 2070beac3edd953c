// One connection to a directory server: ldapts on a socket of ours, so that every wait and every answer has its limit.
import type { Entry } from 'ldapts'
import { BackendError } from '../../lib/errors.ts'
import type { LdapSettings } from './config.ts'
import { clientOn, dial } from './dial.ts'
import { formatServer } from './server.ts'
import type { Server } from './server.ts'
import { askForPolicy } from './verdict.ts'
import type { BindAnswer } from './verdict.ts'

// Answers are two entries or some groups, and a few attributes of them.
const MAX_ANSWER = 4 * 1024 * 1024
const CLOSED = 'the connection was closed'

/** A search below `base`; `limit` is how many entries are asked for at most, all when left out. */
export interface Query {
  readonly base: string
  readonly scope: 'base' | 'sub'
  readonly filter: string
  readonly attributes: readonly string[]
  readonly limit?: number
}

/** `lost` was closed by the other side, `closed` by us. */
export type ConnectionState = 'open' | 'lost' | 'closed'

/** One operation at a time. Whatever a server answers is a value or, after the connection failed, a BackendError. */
export interface Connection {
  readonly server: Server
  state(): ConnectionState
  bind(name: string, password: string): Promise<BindAnswer>
  /** The entries found, references to other servers left out. Throws BackendError for any answer but success. */
  search(query: Query): Promise<readonly Entry[]>
  close(): void
}

/** Connects to a server, encrypted as it says; `onSilence` is told when it leaves an operation unanswered. Throws BackendError when that fails. */
export async function openConnection(
  ldapts: typeof import('ldapts'),
  server: Server,
  settings: LdapSettings,
  onSilence: () => void,
): Promise<Connection> {
  const { timeouts } = settings
  const failure = (what: string, cause?: unknown): BackendError =>
    new BackendError(`directory ${formatServer(server)}: ${what}`, { cause })

  let state: ConnectionState = 'open'
  let received = 0
  let fail: ((error: BackendError) => void) | undefined
  const end = (how: ConnectionState, why: string): void => {
    if (state === 'open') state = how
    socket.destroy()
    fail?.(failure(why))
  }

  const socket = await dial(ldapts, server, settings).catch((error: unknown) => {
    throw failure(error instanceof Error ? error.message : String(error), error)
  })
  const client = clientOn(ldapts, socket)
  socket.once('close', () => end('lost', CLOSED))
  socket.on('data', (chunk: Buffer) => {
    received += chunk.length
    if (received > MAX_ANSWER) end('closed', `an answer of more than ${MAX_ANSWER / 1024 / 1024} MiB`)
  })

  async function within<T>(limit: number, what: string, work: () => Promise<T>): Promise<T> {
    if (state !== 'open') throw failure(CLOSED)
    received = 0
    const timer = setTimeout(() => {
      onSilence()
      end('closed', `no answer to a ${what} within ${limit / 1000} s`)
    }, limit)
    try {
      return await new Promise<T>((resolve, reject) => {
        fail = reject
        work().then(resolve, reject)
      })
    } finally {
      clearTimeout(timer)
      fail = undefined
    }
  }

  // A result code is an answer; after anything else nobody knows what the next bytes belong to.
  const codeOf = (error: unknown): number => {
    if (error instanceof BackendError) throw error
    if (error instanceof ldapts.ResultCodeError) return error.code
    const what = socket.destroyed ? CLOSED : 'an answer that cannot be read'
    end(socket.destroyed ? 'lost' : 'closed', what)
    throw failure(what, error)
  }

  return {
    server,
    state: () => state,
    async bind(name, password) {
      // Without a name or a password a bind is one as nobody; and ldapts takes some names for SASL mechanisms.
      if (name === '' || password === '' || ldapts.SASL_MECHANISMS.some((mechanism) => mechanism === name))
        return { code: 49, message: 'these are no credentials', policy: undefined }
      const policy = askForPolicy(ldapts)
      const answer = await within(timeouts.bind, 'bind', () => client.bind(name, password, policy.control)).then(
        () => ({ code: 0, message: 'success' }),
        (error: unknown) => ({ code: codeOf(error), message: describe(error) }),
      )
      return { ...answer, policy: policy.error() }
    },
    async search({ base, scope, filter, attributes, limit }) {
      const query = {
        ...{ scope, filter, attributes: [...attributes], timeLimit: Math.ceil(timeouts.search / 1000) },
        ...(limit === undefined ? {} : { sizeLimit: limit }),
      }
      try {
        const { searchEntries } = await within(timeouts.search, 'search', () => client.search(base, query))
        return searchEntries
      } catch (error) {
        throw failure(`a search was answered with result code ${codeOf(error)}: ${describe(error)}`, error)
      }
    },
    close() {
      if (state === 'open') state = 'closed'
      void client
        .unbind()
        .catch(() => undefined)
        .finally(() => socket.destroy())
    },
  }
}

// The server's own words, which may be long.
function describe(error: unknown): string {
  return error instanceof Error ? error.message.slice(0, 300) : ''
}
