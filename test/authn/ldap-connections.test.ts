// Connections that are kept, and questions that are asked once.
import { describe, expect, test } from '@jest/globals'
import type { Connection } from '../../src/authn/ldap/connection.ts'
import { createConnections } from '../../src/authn/ldap/connections.ts'
import type { Connections } from '../../src/authn/ldap/connections.ts'
import { createOnce } from '../../src/authn/ldap/once.ts'
import { BackendError } from '../../src/lib/errors.ts'
import { authnTools } from '../support/authn-tools.ts'

interface Fake extends Connection {
  readonly number: number
  become(state: 'open' | 'lost' | 'closed'): void
}

const world = (): {
  readonly opened: Fake[]
  readonly connections: Connections
  unwelcome: number
  refuse: boolean
} => {
  const opened: Fake[] = []
  const open = (): Promise<Connection> => {
    if (facts.refuse) return Promise.reject(new BackendError('no server'))
    let state: ReturnType<Connection['state']> = 'open'
    const connection: Fake = {
      number: opened.length + 1,
      server: { host: 'localhost', port: 389, tls: 'none' },
      state: () => state,
      bind: () => Promise.reject(new Error('not here')),
      search: () => Promise.reject(new Error('not here')),
      close: () => void (state = state === 'open' ? 'closed' : state),
      become: (other) => void (state = other),
    }
    opened.push(connection)
    return Promise.resolve(connection)
  }
  const facts = { opened, unwelcome: 0, refuse: false }
  const connections = createConnections(open, (connection) => connection !== opened[facts.unwelcome - 1])
  return Object.assign(facts, { connections })
}

const which = (connection: Connection): Promise<number> => Promise.resolve((connection as Fake).number)

describe('a connection', () => {
  test('is used again, by one at a time', async () => {
    const { connections, opened } = world()
    const both = await Promise.all([connections.use(which), connections.use(which)])
    expect(both).toEqual([1, 2])
    expect(await connections.use(which)).toBeLessThanOrEqual(2)
    expect(opened).toHaveLength(2)
    connections.close()
  })

  test('that was closed while it was kept is not used again', async () => {
    const { connections, opened } = world()
    await connections.use(which)
    opened[0]!.become('lost')
    expect(await connections.use(which)).toBe(2)
    connections.close()
  })

  test('that turns out to be closed is replaced, once', async () => {
    const { connections, opened } = world()
    await connections.use(which)
    const fall = (connection: Connection): Promise<number> => {
      ;(connection as Fake).become('lost')
      return Promise.reject(new BackendError(`lost ${(connection as Fake).number}`))
    }
    await expect(connections.use(fall)).rejects.toThrow('lost 2')
    expect(opened).toHaveLength(2)
    connections.close()
  })

  test('that failed in any other way is an outage at once', async () => {
    const { connections, opened } = world()
    await connections.use(which)
    const fail = (connection: Connection): Promise<number> => {
      connection.close()
      return Promise.reject(new BackendError('no answer'))
    }
    await expect(connections.use(fail)).rejects.toThrow('no answer')
    expect(opened).toHaveLength(1)
    expect(await connections.use(which)).toBe(2)
    connections.close()
  })

  test('to a server that is not wanted any more is closed', async () => {
    const facts = world()
    await facts.connections.use(which)
    facts.unwelcome = 1
    expect(await facts.connections.use(which)).toBe(2)
    expect(facts.opened[0]!.state()).toBe('closed')
    facts.connections.close()
  })

  test('that cannot be opened is an outage, and the next one is tried again', async () => {
    const facts = world()
    facts.refuse = true
    await expect(facts.connections.use(which)).rejects.toThrow('no server')
    facts.refuse = false
    expect(await facts.connections.use(which)).toBe(1)
    facts.connections.close()
  })

  test('is not kept after the end', async () => {
    const { connections, opened } = world()
    await connections.use(which)
    connections.close()
    connections.close()
    expect(opened[0]!.state()).toBe('closed')
    await connections.use(which)
    expect(opened[1]!.state()).toBe('closed')
  })

  test('is one of few; who comes when too many wait is told to come back', async () => {
    const { connections, opened } = world()
    let finish = (): void => undefined
    const busy = new Promise<void>((resolve) => (finish = resolve))
    const waiting = Array.from({ length: 508 }, () => connections.use(() => busy))
    await expect(connections.use(which)).rejects.toMatchObject({ retryAfter: 1 })
    finish()
    await Promise.all(waiting)
    expect(opened.length).toBe(8)
    connections.close()
  })
})

describe('a question', () => {
  const ask = createOnce<string>(authnTools(), (answer) => answer === 'no')

  test('is asked once while it is being asked, whatever the answer', async () => {
    let asked = 0
    const slow = (): Promise<string> => (asked++, new Promise((resolve) => setTimeout(resolve, 5, 'yes')))
    expect(await Promise.all([ask(['a'], slow), ask(['a'], slow), ask(['a'], slow)])).toEqual(['yes', 'yes', 'yes'])
    expect(asked).toBe(1)
    await ask(['a'], slow)
    expect(asked).toBe(2)
  })

  test('with an answer worth keeping is not asked again', async () => {
    let asked = 0
    const no = (): Promise<string> => (asked++, Promise.resolve('no'))
    expect([await ask(['b', 'c'], no), await ask(['b', 'c'], no)]).toEqual(['no', 'no'])
    expect(asked).toBe(1)
    await ask(['bc'], no)
    expect(asked).toBe(2)
  })

  test('that failed is asked again', async () => {
    await expect(ask(['d'], () => Promise.reject(new BackendError('down')))).rejects.toThrow('down')
    expect(await ask(['d'], () => Promise.resolve('yes'))).toBe('yes')
  })
})
