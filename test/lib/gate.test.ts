// A few at a time, a bounded queue, and nobody keeps a place in it who has gone.
import { expect, jest, test } from '@jest/globals'
import { createGate } from '../../src/lib/gate.ts'

/** Work that ends when told to, and how many of it run. */
function manual() {
  const ends: (() => void)[] = []
  return {
    started: () => ends.length,
    work: () => new Promise<string>((resolve) => ends.push(() => resolve('done'))),
    end: (index: number) => ends[index]?.(),
  }
}

const turn = () => new Promise((resolve) => setImmediate(resolve))

test('so many run, so many wait, the rest is told to come back', async () => {
  const gate = createGate({ concurrency: 2, queue: 1, busy: 'too many' })
  const { work, started, end } = manual()
  const runs = [gate.run(work), gate.run(work), gate.run(work)]
  await expect(gate.run(work)).rejects.toMatchObject({ message: 'too many', retryAfter: 1 })
  await turn()
  expect(started()).toBe(2)
  end(0)
  await turn()
  expect(started()).toBe(3)
  end(1)
  end(2)
  await expect(Promise.all(runs)).resolves.toEqual(['done', 'done', 'done'])
})

test('who gives up while waiting makes room at once', async () => {
  const gate = createGate({ concurrency: 1, queue: 1, busy: 'too many' })
  const { work, started, end } = manual()
  const first = gate.run(work)
  const impatient = new AbortController()
  const gone = gate.run(work, impatient.signal)
  impatient.abort()
  await expect(gone).rejects.toThrow('the client went away')
  const patient = gate.run(work)
  end(0)
  await first
  await turn()
  expect(started()).toBe(2)
  end(1)
  await expect(patient).resolves.toBe('done')
})

test('who is gone before asking does not run', async () => {
  const gate = createGate({ concurrency: 1, queue: 1, busy: 'too many' })
  const { work, started } = manual()
  await expect(gate.run(work, AbortSignal.abort())).rejects.toThrow('the client went away')
  expect(started()).toBe(0)
})

test('work that fails makes room like any other', async () => {
  const gate = createGate({ concurrency: 1, queue: 0, busy: 'too many' })
  for (let round = 0; round < 3; round++)
    await expect(gate.run(() => Promise.reject(new Error('broken')))).rejects.toThrow('broken')
  await expect(gate.run(() => Promise.resolve('fine'))).resolves.toBe('fine')
})

test('nobody waits for longer than ten seconds, and the place is free again', async () => {
  jest.useFakeTimers()
  try {
    const gate = createGate({ concurrency: 1, queue: 1, busy: 'too many' })
    const { work, started, end } = manual()
    const hanging = gate.run(work)
    const waiting = gate.run(work)
    jest.advanceTimersByTime(10_000)
    await expect(waiting).rejects.toMatchObject({ message: 'too many', retryAfter: 1 })
    const next = gate.run(work)
    end(0)
    await hanging
    await Promise.resolve()
    expect(started()).toBe(2)
    jest.advanceTimersByTime(20_000)
    end(1)
    await expect(next).resolves.toBe('done')
  } finally {
    jest.useRealTimers()
  }
})
