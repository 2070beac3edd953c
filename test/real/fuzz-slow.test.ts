// Clients that take their time: cut off where they only hold a connection, left alone where they make progress.
import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { adminToken, ask, bearer } from './asking.ts'
import { cleanUp } from './children.ts'
import { type Draft, createDraft, startDraft } from './draft.ts'
import { type Wire, openWire } from './wire.ts'

let draft: Draft

beforeAll(async () => {
  draft = await createDraft()
  await startDraft(draft)
})

afterAll(cleanUp)

/** Says something and then a byte now and then, until the other side has had enough; returns what it said. */
const drip = async (port: number, beginning: string): Promise<string> => {
  const wire = await openWire(port)
  await wire.send(beginning)
  while (!wire.isOver()) {
    await Promise.race([wire.over, sleep(500)])
    await wire.send('x')
  }
  return wire.over
}

// They all wait for the server's patience, so they wait together.
test.concurrent.each([
  ['a header at the token port', () => draft.port, 'GET /auth HTTP/1.1\r\nX: ', /^HTTP\/1\.1 408 /],
  ['a header at the registry port', () => draft.registryPort, 'GET /v2/ HTTP/1.1\r\nX: ', /^HTTP\/1\.1 408 /],
  [
    'a form at the token port',
    () => draft.port,
    'POST /auth HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 99\r\n\r\n',
    /^HTTP\/1\.1 408 /,
  ],
  [
    'a body at the registry port that nobody reads',
    () => draft.registryPort,
    'POST /v2 HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n',
    /^HTTP\/1\.1 301 /,
  ],
  [
    'an upload that was refused',
    () => draft.registryPort,
    'POST /v2/a/blobs/uploads/ HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n',
    /^HTTP\/1\.1 401 /,
  ],
])('whoever drips %s is cut off', async (_what, port, beginning, answer) => {
  expect(await drip(port(), beginning)).toMatch(answer)
})

test.concurrent('an upload that progresses may take longer than any of them', async () => {
  const token = await adminToken(draft.port, 'repository:slow:pull,push')
  const content = 'as slow as it gets: twenty-six'
  const digest = `sha256:${createHash('sha256').update(content).digest('hex')}`
  const wire: Wire = await openWire(draft.registryPort)
  await wire.send(`POST /v2/slow/blobs/uploads/?digest=${digest} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n`)
  await wire.send(`Authorization: Bearer ${token}\r\nContent-Length: ${content.length}\r\n\r\n`)
  for (const byte of content) {
    await sleep(800)
    await wire.send(byte)
  }
  expect(await wire.over).toMatch(/^HTTP\/1\.1 201 /)
  const head = { method: 'HEAD', path: `/v2/slow/blobs/${digest}`, headers: bearer(token) }
  expect(await ask({ port: draft.registryPort, ...head })).toMatchObject({ status: 200 })
})
