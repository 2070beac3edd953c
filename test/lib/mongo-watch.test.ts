// Streams of changes that open, break and end: who is told, and when the next one is opened.
import { describe, expect, test } from '@jest/globals'
import { watchStreams } from '../../src/lib/mongo-watch.ts'
import type { Watching } from '../../src/lib/mongo-watch.ts'

class Refusal extends Error {}
const change = { _id: { _data: '1' } }
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** A server whose streams a test feeds and breaks, and whose pauses it ends. */
function createServer() {
  const said = { opened: 0, closed: 0, changes: 0, refusals: [] as string[], pauses: [] as number[] }
  const server = { trouble: undefined as Error | undefined, isSlow: false, isOver: false }
  let asked: { readonly resolve: (change: unknown) => void; readonly reject: (error: Error) => void } | undefined
  let goOn = (): void => undefined
  const until = (set: (resolve: () => void) => void): Promise<void> => new Promise(set)
  const stream = {
    get closed() {
      return server.isOver
    },
    tryNext: () => new Promise<unknown>((resolve, reject) => (asked = { resolve, reject })),
    close: () => {
      said.closed++
      asked?.reject(new Error('closed'))
      return Promise.resolve()
    },
  }
  const watch = (): Watching =>
    watchStreams(
      {
        open: async () => {
          said.opened++
          if (server.isSlow) await until((resolve) => (goOn = resolve))
          if (server.trouble !== undefined) throw server.trouble
          server.isOver = false
          return stream
        },
        changed: () => {
          said.changes++
        },
        refusal: (error) => (error instanceof Refusal ? error : undefined),
        refused: ({ message }) => {
          said.refusals.push(message)
        },
      },
      (ms, signal) => {
        if (signal.aborted) return Promise.resolve()
        said.pauses.push(ms)
        return until((resolve) => {
          goOn = resolve
          signal.addEventListener('abort', () => resolve())
        })
      },
    )
  return Object.assign(server, {
    said,
    watch,
    answer: async (what: unknown): Promise<void> => {
      if (what instanceof Error) asked?.reject(what)
      else asked?.resolve(what)
      await turn()
    },
    goOn: async (): Promise<void> => {
      goOn()
      await turn()
    },
  })
}

async function watching() {
  const server = createServer()
  const watched = server.watch()
  await turn()
  return { ...server, server, watched }
}

describe('a stream of changes', () => {
  test('that opens is a change, because nobody saw what was before; then every change is one, and none is none', async () => {
    const { said, answer } = await watching()
    expect(said.changes).toBe(0)
    await answer(null)
    expect(said.changes).toBe(1)
    await answer(null)
    expect(said.changes).toBe(1)
    await answer(change)
    await answer(change)
    expect(said).toMatchObject({ changes: 3, opened: 1, pauses: [], refusals: [] })
  })

  test('that breaks is closed and opened again after a second, which is a change', async () => {
    const { said, answer, goOn } = await watching()
    await answer(change)
    await answer(new Error('lost'))
    expect(said).toMatchObject({ changes: 1, opened: 1, closed: 1, pauses: [1000] })
    await goOn()
    await answer(null)
    expect(said).toMatchObject({ changes: 2, opened: 2, refusals: [] })
  })

  test('that the server ends is opened again', async () => {
    const { server, said, answer, goOn } = await watching()
    server.isOver = true
    await answer(null)
    expect(said.pauses).toEqual([1000])
    await goOn()
    expect(said).toMatchObject({ opened: 2, closed: 1 })
  })

  test('that cannot be opened is tried again ever more rarely, up to every half minute', async () => {
    const { server, said, answer, goOn } = await watching()
    server.trouble = new Error('down')
    await answer(server.trouble)
    for (let count = 0; count < 6; count++) await goOn()
    expect(said.pauses).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000])
    server.trouble = undefined
    await goOn()
    await answer(null)
    await answer(new Error('lost'))
    expect(said.pauses.at(-1)).toBe(1000)
    expect(said.refusals).toEqual([])
  })

  test('that is refused is tried again up to every hour, and the first refusal is told', async () => {
    const { server, said, answer, goOn } = await watching()
    server.trouble = new Refusal('not authorized')
    await answer(server.trouble)
    for (let count = 0; count < 13; count++) await goOn()
    expect(said.pauses.at(-1)).toBe(3600e3)
    expect(said.refusals).toEqual(['not authorized'])
  })
})

describe('after its end', () => {
  test('a stream is closed, and tells of nothing any more', async () => {
    const { said, watched, answer } = await watching()
    await answer(null)
    await watched.close()
    await answer(change)
    expect(said).toMatchObject({ changes: 1, opened: 1, pauses: [], refusals: [] })
    expect(said.closed).toBeGreaterThan(0)
  })

  test('a pause is over, and nothing is opened', async () => {
    const { said, watched, answer } = await watching()
    await answer(new Error('lost'))
    await watched.close()
    await turn()
    expect(said).toMatchObject({ opened: 1, pauses: [1000] })
  })

  test('a stream that opens late is closed', async () => {
    const server = createServer()
    server.isSlow = true
    const watched = server.watch()
    await turn()
    await watched.close()
    expect(server.said.closed).toBe(0)
    await server.goOn()
    await server.answer(change)
    expect(server.said).toMatchObject({ changes: 0, opened: 1, pauses: [] })
    expect(server.said.closed).toBeGreaterThan(0)
  })

  test('a refusal is told to nobody', async () => {
    const server = createServer()
    server.isSlow = true
    server.trouble = new Refusal('no')
    const watched = server.watch()
    await turn()
    await watched.close()
    await server.goOn()
    expect(server.said).toMatchObject({ refusals: [], pauses: [] })
  })
})
