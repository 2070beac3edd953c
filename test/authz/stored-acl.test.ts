// An access list that lives in a database: when it is loaded, what is in force meanwhile, and that nothing is left of it at its end.
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals'
import fc from 'fast-check'
import type { AuthorizationRequest, Authorizer } from '../../src/authz/index.ts'
import { openStoredAcl } from '../../src/authz/stored-acl.ts'
import type { AclRow, AclRows } from '../../src/authz/stored-acl.ts'
import { BackendError, ConfigError } from '../../src/lib/errors.ts'
import { authzTools } from '../support/authz-tools.ts'
import { createRecorder } from '../support/recorder.ts'
import { CONFORMANCE_RULES, authorizerConformance } from './conformance.ts'
import { request } from './request.ts'

const TTL = 60_000

/** A table of rules in memory, and everything that was done to it. */
function createTable(rules: readonly unknown[] = []) {
  const table = {
    rules,
    /** What the next loads throw. */
    failure: undefined as Error | undefined,
    /** Loads say nothing until this is called. */
    hang: false,
    loads: 0,
    running: 0,
    mostRunning: 0,
    aborted: 0,
    closed: 0,
    watchersClosed: 0,
    release: (): void => undefined,
    changed: (): void => undefined,
  }
  async function* load(signal: AbortSignal): AsyncGenerator<AclRow> {
    table.loads++
    table.mostRunning = Math.max(table.mostRunning, ++table.running)
    signal.addEventListener('abort', () => table.aborted++)
    try {
      if (table.hang)
        await new Promise<void>((resolve) => {
          table.release = resolve
          signal.addEventListener('abort', () => resolve())
        })
      if (table.failure !== undefined) throw table.failure
      for (const [index, value] of table.rules.entries()) {
        await Promise.resolve()
        yield { value, position: `table:${index + 1}` }
      }
    } finally {
      table.running--
    }
  }
  const rows: AclRows = {
    name: 'table',
    load,
    close: () => {
      table.closed++
      return Promise.resolve()
    },
  }
  const watched: AclRows = {
    ...rows,
    watch: (changed) => {
      table.changed = changed
      return {
        close: () => {
          table.watchersClosed++
          return Promise.resolve()
        },
      }
    },
  }
  return Object.assign(table, { rows, watched })
}

const allow = (...actions: readonly string[]): object => ({ match: {}, actions })
const bad = { match: { acount: 'alice' }, actions: ['*'] }
const down = (): Error => new BackendError('the table does not answer')

const opened: Authorizer[] = []
beforeEach(() => {
  // With the clock that measures turns: what is short takes none, however busy this machine is.
  jest.useFakeTimers({ doNotFake: ['Date', 'nextTick', 'setImmediate', 'queueMicrotask'] })
})
afterEach(async () => {
  for (const authorizer of opened.splice(0)) await authorizer.close?.()
  jest.useRealTimers()
})

const pass = (ms: number): Promise<void> => jest.advanceTimersByTimeAsync(ms)
/** The turn that a load takes whose time has passed, and then some. */
const breath = async (): Promise<void> => {
  for (let count = 0; count < 5; count++) await new Promise((resolve) => setImmediate(resolve))
}

async function open(rows: AclRows, tools: Parameters<typeof authzTools>[0] = {}) {
  const recorder = createRecorder()
  const authorizer = await openStoredAcl(rows, { ttl: TTL }, authzTools({ log: recorder.log, ...tools }))
  opened.push(authorizer)
  const logged = (level: string): string[] =>
    recorder.lines.filter((line) => line.level === level).map(({ message }) => message)
  return { authorizer, lines: recorder.lines, logged }
}

/** What it grants of everything one can ask for. */
async function granted(authorizer: Authorizer, asked: AuthorizationRequest = everything): Promise<readonly string[]> {
  const answer = await authorizer.authorize(asked)
  return answer.outcome === 'decided' ? answer.actions : ['no-match']
}
const everything = request({ actions: ['pull', 'push', 'delete'] })
const check = async (authorizer: Authorizer): Promise<void> => authorizer.check?.(new AbortController().signal)

authorizerConformance('stored', () => openStoredAcl(createTable(CONFORMANCE_RULES).rows, { ttl: TTL }, authzTools()))

describe('an access list in a database', () => {
  test('is loaded once when it is opened, and decides in order, naming where the rule stands', async () => {
    const table = createTable([{ match: { account: 'bob' }, actions: [] }, allow('pull'), allow('push')])
    const { authorizer, lines } = await open(table.rows)
    expect(table.loads).toBe(1)
    await expect(authorizer.authorize(everything)).resolves.toEqual({
      outcome: 'decided',
      actions: ['pull'],
      rule: 'table:2',
    })
    expect(lines).toEqual([
      { level: 'info', message: 'the rules are in force', fields: { backend: 'table', rules: 3 } },
    ])
    expect(authorizer.name).toBe('table')
  })

  test('may be empty: then it knows nobody', async () => {
    const { authorizer } = await open(createTable().rows)
    await expect(granted(authorizer)).resolves.toEqual(['no-match'])
    await expect(check(authorizer)).resolves.toBeUndefined()
  })

  test('is loaded again after its time, and not before', async () => {
    const table = createTable([allow('pull')])
    const { authorizer } = await open(table.rows)
    table.rules = [allow('push')]
    await pass(TTL - 1)
    expect(await granted(authorizer)).toEqual(['pull'])
    await pass(1)
    expect(await granted(authorizer)).toEqual(['push'])
    table.rules = [allow('delete')]
    await pass(TTL)
    expect(await granted(authorizer)).toEqual(['delete'])
    expect(table.loads).toBe(3)
  })

  test('that is what it was is not compiled again', async () => {
    const table = createTable([allow('pull')])
    const { logged } = await open(table.rows)
    await pass(TTL * 3)
    expect(table.loads).toBe(4)
    expect(logged('info')).toEqual(['the rules are in force'])
  })

  test('gives others a turn while a long one is loaded and compiled', async () => {
    jest.useRealTimers()
    const long = Array.from({ length: 20_000 }, (_, index) => ({
      match: { account: `a${index}`, name: '${account}/*' },
      actions: ['pull'],
    }))
    let turns = 0
    let done = false
    const others = (): void => {
      turns++
      if (!done) setImmediate(others)
    }
    const opening = open(createTable(long).rows)
    others()
    const { authorizer } = await opening
    done = true
    await authorizer.close?.()
    expect(turns).toBeGreaterThan(5)
  })

  test('explains its decisions and says which labels it compares, of the list in force', async () => {
    const table = createTable([{ match: { labels: { team: 'web' } }, actions: ['pull'] }])
    const { authorizer } = await open(table.rows)
    const trace = await authorizer.explain?.(everything)
    expect(trace?.decision).toEqual({ outcome: 'no-match' })
    expect([...(authorizer.labels?.() ?? [])]).toEqual(['team'])
    table.rules = [{ match: { labels: { site: 'north' } }, actions: ['pull'] }]
    await pass(TTL)
    expect([...(authorizer.labels?.() ?? [])]).toEqual(['site'])
  })

  test('decides by the clock it is given', async () => {
    let now = Date.parse('2026-11-23T00:00:00Z')
    const rule = { match: { time: { before: '2026-12-01T00:00:00Z' } }, actions: ['pull'] }
    const { authorizer } = await open(createTable([rule]).rows, { now: () => now })
    expect(await granted(authorizer)).toEqual(['pull'])
    now = Date.parse('2026-12-02T00:00:00Z')
    expect(await granted(authorizer)).toEqual(['no-match'])
  })
})

describe('a bad list', () => {
  test('is refused when it is the first: it cannot be opened, and nothing is left open', async () => {
    const table = createTable([allow('pull'), bad, { match: {} }])
    const opening = open(table.watched)
    await expect(opening).rejects.toBeInstanceOf(ConfigError)
    await expect(opening).rejects.toThrow(
      'table:2: match: unknown key "acount"; did you mean "account"?\n' +
        'table:3: actions: is missing; actions: [] denies, ["*"] grants all',
    )
    expect(table).toMatchObject({ closed: 1, watchersClosed: 1 })
    expect(jest.getTimerCount()).toBe(0)
  })

  test('D2: that comes later leaves the good one in force, is logged once, and makes it degraded', async () => {
    const table = createTable([allow('pull')])
    const { authorizer, lines, logged } = await open(table.rows)
    table.rules = [allow('push'), bad]
    await pass(TTL * 5)
    expect(table.loads).toBe(6)
    expect(await granted(authorizer)).toEqual(['pull'])
    await expect(check(authorizer)).rejects.toBeInstanceOf(BackendError)
    expect(logged('error')).toEqual(['the rules could not be refreshed; the last good list stays in force'])
    expect(lines.at(-1)?.fields).toEqual({
      backend: 'table',
      reasons: ['table:2: match: unknown key "acount"; did you mean "account"?'],
    })
  })

  test('that is mended takes effect, which is logged once', async () => {
    const table = createTable([allow('pull')])
    const { authorizer, logged } = await open(table.rows)
    table.rules = [bad]
    await pass(TTL)
    table.rules = [allow('push')]
    await pass(TTL * 2)
    expect(await granted(authorizer)).toEqual(['push'])
    await expect(check(authorizer)).resolves.toBeUndefined()
    expect(logged('info').filter((message) => message === 'the rules can be read again')).toHaveLength(1)
  })

  test('that is undone is the list in force again, without being compiled', async () => {
    const table = createTable([allow('pull')])
    const { authorizer, logged } = await open(table.rows)
    table.rules = [bad]
    await pass(TTL)
    table.rules = [allow('pull')]
    await pass(TTL)
    expect(logged('info')).toEqual(['the rules are in force', 'the rules can be read again'])
    await expect(check(authorizer)).resolves.toBeUndefined()
  })

  test('is logged once for each reason there is', async () => {
    const table = createTable([allow('pull')])
    const { logged } = await open(table.rows)
    const other = { match: { tipe: 'x' }, actions: [] }
    for (const rules of [[bad], [other], [bad], [other]]) {
      table.rules = rules
      await pass(TTL)
    }
    expect(logged('error')).toHaveLength(2)
  })

  test('may also be what cannot be read as a list at all', async () => {
    const table = createTable([allow('pull')])
    const { authorizer } = await open(table.rows)
    table.failure = new ConfigError('two rules have the same place')
    await pass(TTL)
    expect(await granted(authorizer)).toEqual(['pull'])
    const opening = open(table.rows)
    await expect(opening).rejects.toThrow('two rules have the same place')
    await expect(opening).rejects.toBeInstanceOf(ConfigError)
  })
})

describe('an outage', () => {
  test('at start prevents nothing but decisions: every question is an outage until the list is there', async () => {
    const table = createTable([allow('pull')])
    table.failure = down()
    const { authorizer, logged } = await open(table.rows)
    await expect(authorizer.authorize(everything)).rejects.toBeInstanceOf(BackendError)
    await expect(authorizer.explain?.(everything)).rejects.toBeInstanceOf(BackendError)
    await expect(check(authorizer)).rejects.toBeInstanceOf(BackendError)
    expect(authorizer.labels?.().size).toBe(0)
    expect(logged('error')).toEqual(['there are no rules yet: nobody is granted anything'])
    table.failure = undefined
    await pass(1000)
    expect(await granted(authorizer)).toEqual(['pull'])
    await expect(check(authorizer)).resolves.toBeUndefined()
  })

  test('is tried again after a second, two, four …, and at last as often as the list is refreshed', async () => {
    const table = createTable([allow('pull')])
    table.failure = down()
    const { logged } = await open(table.rows)
    for (const [index, ms] of [1000, 2000, 4000, 8000, 16_000, 32_000, TTL, TTL].entries()) {
      await pass(ms - 1)
      expect(table.loads).toBe(index + 1)
      await pass(1)
      expect(table.loads).toBe(index + 2)
    }
    expect(logged('error')).toHaveLength(1)
  })

  test('followed by a bad list is no list: nobody is granted anything, and the process goes on', async () => {
    const table = createTable([bad])
    table.failure = down()
    const { authorizer, logged } = await open(table.rows)
    table.failure = undefined
    await pass(1000)
    await expect(authorizer.authorize(everything)).rejects.toBeInstanceOf(BackendError)
    expect(logged('error')).toHaveLength(2)
    table.rules = [allow('push')]
    await pass(TTL)
    expect(await granted(authorizer)).toEqual(['push'])
  })

  test('later leaves the list in force, and is over by itself', async () => {
    const table = createTable([allow('pull')])
    const { authorizer, logged } = await open(table.rows)
    table.failure = down()
    await pass(TTL)
    expect(await granted(authorizer)).toEqual(['pull'])
    await expect(check(authorizer)).rejects.toBeInstanceOf(BackendError)
    table.failure = undefined
    table.rules = [allow('push')]
    await pass(1000)
    expect(await granted(authorizer)).toEqual(['push'])
    expect(logged('error')).toHaveLength(1)
    expect(logged('info').slice(1)).toEqual(['the rules are in force', 'the rules can be read again'])
  })

  test('in the middle of the rows is no shorter list', async () => {
    const table = createTable([allow('pull')])
    const broken: AclRows = {
      ...table.rows,
      async *load(signal) {
        yield* table.rows.load(signal)
        if (table.loads > 1) throw down()
      },
    }
    const { authorizer } = await open(broken)
    table.rules = []
    await pass(TTL)
    expect(await granted(authorizer)).toEqual(['pull'])
  })

  test.each([
    ['a promise', (): Promise<void> => Promise.reject(new TypeError('oops'))],
    [
      'a call',
      (): Promise<void> => {
        throw new TypeError('oops')
      },
    ],
  ])('is also whatever else goes wrong in %s', async (_, fail) => {
    const table = createTable()
    const { authorizer } = await open({
      ...table.rows,
      load: () => ({ [Symbol.asyncIterator]: () => ({ next: () => fail().then(() => ({ done: true, value: 0 })) }) }),
    })
    await expect(authorizer.authorize(everything)).rejects.toBeInstanceOf(BackendError)
    expect(jest.getTimerCount()).toBe(1)
  })

  test('is a load that hangs: it is given a minute, told to end, and tried again', async () => {
    const table = createTable([allow('pull')])
    const { authorizer } = await open(table.rows)
    table.hang = true
    table.rules = [allow('push')]
    await pass(TTL + 60_000)
    expect(table.aborted).toBe(1)
    await expect(check(authorizer)).rejects.toBeInstanceOf(BackendError)
    table.hang = false
    await pass(1000)
    expect(await granted(authorizer)).toEqual(['push'])
  })

  test('of the database between two loads is seen by a probe', async () => {
    const table = createTable([allow('pull')])
    const { authorizer } = await open({ ...table.rows, check: () => Promise.reject(down()) })
    await expect(check(authorizer)).rejects.toThrow('the table does not answer')
    expect(await granted(authorizer)).toEqual(['pull'])
  })
})

describe('a change that the database tells of', () => {
  test('is in force within a second', async () => {
    const table = createTable([allow('pull')])
    const { authorizer } = await open(table.watched)
    table.rules = [allow('push')]
    table.changed()
    await pass(500)
    expect(await granted(authorizer)).toEqual(['push'])
  })

  test('and a hundred more at once are loaded once', async () => {
    const table = createTable([allow('pull')])
    await open(table.watched)
    for (let count = 0; count < 100; count++) table.changed()
    await pass(1000)
    expect(table.loads).toBe(2)
  })

  test('every few milliseconds does not keep the list from being loaded', async () => {
    const table = createTable([allow('pull')])
    await open(table.watched)
    for (let count = 0; count < 100; count++) {
      table.changed()
      await pass(20)
    }
    expect(table.loads).toBeGreaterThan(5)
    expect(table.mostRunning).toBe(1)
  })

  test('during a load leads to another one, after that', async () => {
    const table = createTable([allow('pull')])
    const { authorizer } = await open(table.watched)
    table.hang = true
    table.changed()
    await pass(1000)
    expect(table).toMatchObject({ loads: 2, running: 1 })
    for (let count = 0; count < 3; count++) table.changed()
    await pass(1000)
    expect(table.loads).toBe(2)
    table.hang = false
    table.release()
    await breath()
    table.rules = [allow('push')]
    await pass(1000)
    expect(table).toMatchObject({ loads: 3, mostRunning: 1 })
    expect(await granted(authorizer)).toEqual(['push'])
  })

  test('before the first list is there is no reason to wait', async () => {
    const table = createTable([allow('pull')])
    table.hang = true
    const opening = open(table.watched)
    await breath()
    table.changed()
    table.hang = false
    table.release()
    const { authorizer } = await opening
    expect(await granted(authorizer)).toEqual(['pull'])
    await pass(1000)
    expect(table.loads).toBe(2)
  })

  test('does not put off what is done every so often', async () => {
    const table = createTable([allow('pull')])
    await open(table.watched)
    table.changed()
    await pass(1000)
    await pass(TTL)
    expect(table.loads).toBe(3)
  })
})

const event = fc.oneof(
  fc.record({ write: fc.constantFrom('a', 'b', 'c', 'bad') }),
  fc.record({ up: fc.boolean() }),
  fc.constant({ tell: true } as const),
  fc.record({ pass: fc.constantFrom(0, 50, 150, 1000, 5000, TTL) }),
)

test('whatever happens, a list that was stored whole is in force, and in the end the one that is stored', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(event, { maxLength: 40 }), async (events) => {
      const table = createTable([allow('first')])
      const { authorizer } = await open(table.watched)
      const written = new Set(['first'])
      const inForce = async (): Promise<string> =>
        (await granted(authorizer, request({ actions: ['first', 'a', 'b', 'c', 'last'] }))).join()
      for (const happened of events) {
        if ('write' in happened && happened.write !== 'bad') written.add(happened.write)
        if ('write' in happened) table.rules = [happened.write === 'bad' ? bad : allow(happened.write)]
        if ('up' in happened) table.failure = happened.up ? undefined : down()
        if ('tell' in happened) table.changed()
        if ('pass' in happened) await pass(happened.pass)
        expect(written).toContain(await inForce())
        expect(jest.getTimerCount()).toBeLessThanOrEqual(2)
      }
      table.rules = [allow('last')]
      table.failure = undefined
      await pass(TTL)
      expect(await inForce()).toBe('last')
      await expect(check(authorizer)).resolves.toBeUndefined()
      expect(table.mostRunning).toBe(1)
      await authorizer.close?.()
      expect(jest.getTimerCount()).toBe(0)
    }),
    { numRuns: 100 },
  )
})

describe('at its end', () => {
  test('D7: nothing is loaded any more, and nothing is left', async () => {
    const table = createTable([allow('pull')])
    const { authorizer } = await open(table.watched)
    await authorizer.close?.()
    expect(table).toMatchObject({ closed: 1, watchersClosed: 1 })
    expect(jest.getTimerCount()).toBe(0)
    table.changed()
    await pass(TTL * 3)
    expect(table.loads).toBe(1)
  })

  test('a load that is under way is told to end, and nobody hears of it', async () => {
    const table = createTable([allow('pull')])
    const { authorizer, lines } = await open(table.rows)
    table.hang = true
    await pass(TTL)
    expect(table.running).toBe(1)
    await authorizer.close?.()
    await breath()
    expect(table).toMatchObject({ running: 0, aborted: 1, closed: 1 })
    expect(jest.getTimerCount()).toBe(0)
    expect(lines).toHaveLength(1)
  })

  test('an outage is no longer tried to be overcome', async () => {
    const table = createTable()
    table.failure = down()
    const { authorizer } = await open(table.rows)
    await authorizer.close?.()
    await pass(TTL * 3)
    expect(table.loads).toBe(1)
    expect(jest.getTimerCount()).toBe(0)
  })

  test('D7: a thousand openings leave no timer and no load behind', async () => {
    const table = createTable([allow('pull')])
    for (let count = 0; count < 1000; count++) {
      const authorizer = await openStoredAcl(table.watched, { ttl: TTL }, authzTools())
      await authorizer.close?.()
    }
    expect(table).toMatchObject({ closed: 1000, watchersClosed: 1000, running: 0 })
    expect(jest.getTimerCount()).toBe(0)
  })
})
