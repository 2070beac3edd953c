// Fifty thousand requests that no client would send, on both ports: the same process goes on serving.
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { adminToken, ask, asAdmin, bearer, tokenPath } from './asking.ts'
import { cleanUp } from './children.ts'
import { type Draft, createDraft, startDraft } from './draft.ts'
import { type Dice, brokenOffRequest, createDice, hopelessRequest, wholeRequest } from './fuzz-requests.ts'
import type { Server } from './server.ts'
import { openWire, statusesOf } from './wire.ts'

const CONNECTIONS = 1000
const REQUESTS = 25
const AT_ONCE = 16
const QUIET_MS = 600
const SEED = 20260728

let draft: Draft
let server: Server

beforeAll(async () => {
  draft = await createDraft()
  server = await startDraft(draft)
})

afterAll(cleanUp)

/** One connection: requests in one go, then one that ends it in one of the ways a connection can end. Returns what came back. */
const volley = async (port: number, dice: Dice): Promise<string> => {
  const wire = await openWire(port)
  const requests = Array.from({ length: REQUESTS - 1 }, () => wholeRequest(dice))
  const manner = dice(4)
  if (manner === 0) requests.push(brokenOffRequest(dice))
  else if (manner === 1) requests.push(hopelessRequest(dice))
  else requests.push('GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
  await wire.send(Buffer.from(requests.join(''), 'latin1'))
  for (let before = -1; !wire.isOver() && before !== wire.received().length;) {
    before = wire.received().length
    await Promise.race([wire.over, sleep(QUIET_MS)])
  }
  if (dice(2) === 0) wire.end()
  wire.reset()
  return wire.over
}

/** All volleys on one port, a few at a time; returns how often each status came back. */
const bombard = async (port: number, seed: number): Promise<ReadonlyMap<number, number>> => {
  const dice = createDice(seed)
  const statuses = new Map<number, number>()
  let left = CONNECTIONS
  const attacker = async (): Promise<void> => {
    while (left-- > 0) {
      const own = createDice(1 + dice(2 ** 31))
      for (const status of statusesOf(await volley(port, own))) statuses.set(status, (statuses.get(status) ?? 0) + 1)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, attacker))
  return statuses
}

/** The most memory the process ever held, in MiB. */
const peakMemory = (): number =>
  Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${server.child.pid}/status`, 'utf8'))?.[1]) / 1024

describe.each([
  ['the token port', () => draft.port],
  ['the registry port', () => draft.registryPort],
])('twenty-five thousand requests at %s', (_name, port) => {
  test('are answered or refused, none by a failure of the server’s own', async () => {
    const statuses = await bombard(port(), SEED)
    expect([...statuses.keys()].filter((status) => status >= 500)).toEqual([])
    // Which of the 4xx depends on how far a connection got before it was broken off.
    const refused = [...statuses].filter(([status]) => status >= 400).map(([, count]) => count)
    expect(refused.reduce((sum, count) => sum + count, 0)).toBeGreaterThan(1000)
    expect([...statuses.values()].reduce((sum, count) => sum + count, 0)).toBeGreaterThan(5000)
  })
})

test('afterwards the same process serves, has complained of nothing, and is not bloated', async () => {
  expect(server.child.status()).toBeUndefined()
  const { status } = await ask({ port: draft.port, path: tokenPath('repository:a:pull'), headers: asAdmin })
  expect(status).toBe(200)
  const token = await adminToken(draft.port, 'registry:catalog:*')
  const catalog = await ask({ port: draft.registryPort, path: '/v2/_catalog', headers: bearer(token) })
  expect([catalog.status, catalog.body.trim()]).toEqual([200, '{"repositories":[]}'])
  expect(server.child.stderr()).toBe('')
  expect(server.lines().filter(({ level }) => level === 'error')).toEqual([])
  expect(peakMemory()).toBeLessThan(300)
})
