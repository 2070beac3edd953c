// A load generator as cheap as it can be: raw sockets, one request at a time on each, nothing parsed but Content-Length.
// It runs as a process of its own, so that it does not share the server's event loop; its options come on stdin, as JSON.
import { connect } from 'node:net'
import { json } from 'node:stream/consumers'

const { port, connections, seconds, keepAlive, requests, total, rate } = await json(process.stdin)
const payloads = requests.map((text) => Buffer.from(text.replace('CONNECTION', keepAlive ? 'keep-alive' : 'close')))
const latencies = []
let done = 0
let failed = 0
let next = 0
let stop = false

function answerLength(text) {
  const end = text.indexOf('\r\n\r\n')
  if (end < 0) return undefined
  const length = /content-length: (\d+)/i.exec(text.slice(0, end))?.[1]
  return end + 4 + Number(length ?? 0)
}

// With a `rate` (per second, all connections together) requests are due at fixed times, and waiting for a late one counts as its time.
const interval = rate === undefined ? undefined : 1000 / rate
const dueAt = () => started + next * interval

function run(resolve) {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  let received = ''
  let sentAt = 0
  const send = () => {
    if (stop || (total !== undefined && next >= total)) return socket.end()
    if (interval === undefined) return write(performance.now())
    const due = dueAt()
    const payload = payloads[next++ % payloads.length]
    setTimeout(() => write(due, payload), Math.max(0, due - performance.now()))
  }
  const write = (at, payload = payloads[next++ % payloads.length]) => {
    sentAt = at
    received = ''
    socket.write(payload)
  }
  socket.setEncoding('latin1')
  socket.on('connect', send)
  socket.on('data', (chunk) => {
    received += chunk
    const length = answerLength(received)
    if (length === undefined || received.length < length) return
    if (!received.startsWith('HTTP/1.1 200')) failed++
    else {
      done++
      latencies.push(performance.now() - sentAt)
    }
    if (keepAlive) send()
    else socket.end()
  })
  socket.on('error', () => failed++)
  socket.on('close', () => {
    const finished = stop || (total !== undefined && next >= total)
    if (finished) resolve()
    else run(resolve)
  })
}

const started = performance.now()
if (seconds !== undefined) setTimeout(() => (stop = true), seconds * 1000)
await Promise.all(Array.from({ length: connections }, () => new Promise(run)))
const elapsed = (performance.now() - started) / 1000
latencies.sort((a, b) => a - b)
const p99 = latencies[Math.floor(latencies.length * 0.99)]
process.stdout.write(JSON.stringify({ rate: done / elapsed, done, failed, p99 }))
