// Answers that are not finished, and when the last of them is.
import { afterEach, expect, test } from '@jest/globals'
import { createServer } from 'node:http'
import type { Server, ServerResponse } from 'node:http'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { createInFlight, ended } from '../src/in-flight.ts'
import type { InFlight } from '../src/in-flight.ts'
import { ask } from './support/http.ts'
import { closeServer, placeOf } from './support/token-server.ts'

let server: Server | undefined
afterEach(() => server && closeServer(server))

/** A server that answers when it is told to. */
const start = async (): Promise<{ inFlight: InFlight; responses: ServerResponse[] }> => {
  const responses: ServerResponse[] = []
  const inFlight = createInFlight()
  server = createServer((request, response) => {
    inFlight.add(ended(request, response))
    responses.push(response)
  })
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve))
  return { inFlight, responses }
}

const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5))
}

const isOver = (inFlight: InFlight): (() => boolean) => {
  let over = false
  void inFlight.over(60_000).then(() => (over = true))
  return () => over
}

test('nothing asked is nothing to wait for', async () => {
  await expect(createInFlight().over(60_000)).resolves.toBeUndefined()
})

test('it is over when every request is answered', async () => {
  const { inFlight, responses } = await start()
  const asked = [ask(placeOf(server!), '/'), ask(placeOf(server!), '/')]
  await until(() => responses.length === 2)
  const over = isOver(inFlight)
  responses[0]!.end()
  await asked[0]
  await new Promise((resolve) => setImmediate(resolve))
  expect(over()).toBe(false)
  responses[1]!.end()
  await asked[1]
  await until(over)
})

test('nobody waits for a client that is gone, whatever it asked in advance', async () => {
  const { inFlight, responses } = await start()
  const socket: Socket = connect((placeOf(server!) as { port: number }).port, '127.0.0.1')
  socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(3))
  await until(() => responses.length === 3)
  const over = isOver(inFlight)
  expect(over()).toBe(false)
  socket.destroy()
  await until(over)
})

test('nobody waits for longer than the limit', async () => {
  const { inFlight, responses } = await start()
  const asked = ask(placeOf(server!), '/')
  await until(() => responses.length === 1)
  await inFlight.over(10)
  responses[0]!.end()
  await asked
})
