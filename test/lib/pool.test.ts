// What is shared is opened once, counted, and closed when the last one lets go.
import { expect, test } from '@jest/globals'
import { createPool } from '../../src/lib/pool.ts'
import type { Pool } from '../../src/lib/pool.ts'

/** A pool of things named by their key, and what was done with them. */
function recordingPool(): { pool: Pool<{ name: string; note?: string }, string>; done: string[] } {
  const done: string[] = []
  const pool = createPool({
    key: ({ name }: { name: string; note?: string }) => name,
    open: ({ name }) => {
      if (name === 'broken') return Promise.reject(new Error('cannot be opened'))
      done.push(`open ${name}`)
      return Promise.resolve(name)
    },
    close: (name) => {
      done.push(`close ${name}`)
      return Promise.resolve()
    },
  })
  return { pool, done }
}

test('two holders of one key share one thing, which is closed once, by the last', async () => {
  const { pool, done } = recordingPool()
  const first = await pool.acquire({ name: 'a' })
  const second = await pool.acquire({ name: 'a', note: 'settings that mean the same' })
  expect(second.value).toBe(first.value)
  await first.release()
  expect(done).toEqual(['open a'])
  await second.release()
  expect(done).toEqual(['open a', 'close a'])
})

test('what a reload takes over is never closed in between', async () => {
  const { pool, done } = recordingPool()
  let held = await pool.acquire({ name: 'a' })
  for (let reload = 0; reload < 10; reload++) {
    const next = await pool.acquire({ name: 'a' })
    await held.release()
    held = next
  }
  expect(done).toEqual(['open a'])
})

test('different keys are different things', async () => {
  const { pool, done } = recordingPool()
  const [a, b] = [await pool.acquire({ name: 'a' }), await pool.acquire({ name: 'b' })]
  await a.release()
  expect(done).toEqual(['open a', 'open b', 'close a'])
  await b.release()
})

test('what was closed is opened anew', async () => {
  const { pool, done } = recordingPool()
  await (await pool.acquire({ name: 'a' })).release()
  await (await pool.acquire({ name: 'a' })).release()
  expect(done).toEqual(['open a', 'close a', 'open a', 'close a'])
})

test('what cannot be opened holds nothing, and may be tried again', async () => {
  const { pool, done } = recordingPool()
  await expect(pool.acquire({ name: 'broken' })).rejects.toThrow('cannot be opened')
  await expect(pool.acquire({ name: 'broken' })).rejects.toThrow('cannot be opened')
  await (await pool.acquire({ name: 'a' })).release()
  expect(done).toEqual(['open a', 'close a'])
})

test('letting go twice is letting go once: others keep their hold', async () => {
  const { pool, done } = recordingPool()
  const [one, other] = [await pool.acquire({ name: 'a' }), await pool.acquire({ name: 'a' })]
  await one.release()
  await one.release()
  expect(done).toEqual(['open a'])
  await other.release()
  await other.release()
  expect(done).toEqual(['open a', 'close a'])
})

test('what is being closed is opened anew only afterwards, even if closing it fails', async () => {
  const done: string[] = []
  let close = (): void => undefined
  const pool = createPool({
    key: (name: string) => name,
    open: (name) => Promise.resolve(done.push(`open ${name}`)),
    close: () => new Promise((_resolve, reject) => (close = () => reject(new Error('cannot be closed')))),
  })
  const closing = (await pool.acquire('a')).release()
  const again = pool.acquire('a')
  await pool.acquire('b')
  expect(done).toEqual(['open a', 'open b'])
  close()
  await expect(closing).rejects.toThrow('cannot be closed')
  await again
  expect(done).toEqual(['open a', 'open b', 'open a'])
})
