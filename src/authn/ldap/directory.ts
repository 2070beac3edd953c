// The directory as a whole: several servers that hold the same, asked one after the other, and the two kinds of connections to them.
import { BackendError } from '../../lib/errors.ts'
import type { Binding, LdapSettings } from './config.ts'
import { openConnection } from './connection.ts'
import type { Connection } from './connection.ts'
import { createConnections } from './connections.ts'
import type { Connections } from './connections.ts'
import { judge } from './verdict.ts'

/** How long a service account whose bind was refused is left alone, so that a wrong password does not lock it. */
const LEFT_ALONE_MS = 30e3

/** Where searches are made and where passwords are tried: never on the same connection, because a bind changes whose it is. */
export interface Directory {
  /** Bound already, to search with. */
  readonly searches: Connections
  /** Bound as whoever used it last: bind first. */
  readonly binds: Connections
}

/** Creates both kinds of connections; none is opened yet. */
export function createDirectory(ldapts: typeof import('ldapts'), settings: LdapSettings, now: () => number): Directory {
  const { servers } = settings
  const bindService = createServiceBind(settings.binding, now)
  // The one that worked last: others are asked when it fails, and it is asked again when they do.
  let preferred = 0

  async function open(prepare: (connection: Connection) => Promise<void>): Promise<Connection> {
    const failures: BackendError[] = []
    for (let tried = 0, first = preferred; tried < servers.length; tried++) {
      const index = (first + tried) % servers.length
      const server = servers[index]
      if (server === undefined) break
      // One that takes connections and then says nothing is passed over by both kinds.
      const passOver = (): void => {
        if (preferred === index) preferred = (index + 1) % servers.length
      }
      try {
        const connection = await openConnection(ldapts, server, settings, passOver)
        try {
          await prepare(connection)
        } catch (error) {
          connection.close()
          throw error
        }
        preferred = index
        return connection
      } catch (error) {
        if (!(error instanceof BackendError)) throw error
        failures.push(error)
      }
    }
    throw new BackendError([...new Set(failures.map(({ message }) => message))].join('; '), { cause: failures[0] })
  }

  const welcome = (connection: Connection): boolean => connection.server === servers[preferred]
  return {
    searches: createConnections(() => open(bindService), welcome),
    binds: createConnections(() => open(() => Promise.resolve()), welcome),
  }
}

function createServiceBind(binding: Binding, now: () => number): (connection: Connection) => Promise<void> {
  let refused: { readonly error: BackendError; readonly at: number } | undefined
  return async (connection) => {
    if (binding.as !== 'service') return
    const age = now() - (refused?.at ?? Infinity)
    // Less than nothing also when the clock was put back.
    if (refused !== undefined && age >= 0 && age < LEFT_ALONE_MS) throw refused.error
    const answer = await connection.bind(binding.dn, binding.password.reveal())
    if (judge(answer) === 'accepted') return
    const error = new BackendError(
      `the directory refuses bind_dn with the password of bind_password_file: ${answer.message.trim().replace(/\s+/g, ' ')}`,
    )
    refused = { error, at: now() }
    throw error
  }
}
