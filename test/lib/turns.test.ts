// Long work in pieces.
import { expect, test } from '@jest/globals'
import { createTurns } from '../../src/lib/turns.ts'

test('work that takes long lets others have turns, and short work does not wait', async () => {
  const takeTurns = createTurns()
  let others = 0
  setImmediate(() => others++)
  expect(takeTurns()).toBe(true)
  const since = performance.now()
  while (performance.now() - since < 6) expect(others).toBe(0)
  expect(await takeTurns()).toBe(true)
  expect(others).toBe(1)
})

test('work that is not wanted any more ends with the reason', () => {
  const ending = new AbortController()
  const takeTurns = createTurns(ending.signal)
  ending.abort(new Error('enough'))
  expect(takeTurns).toThrow('enough')
})
