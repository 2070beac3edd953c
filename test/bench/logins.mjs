// What a login costs: remembered, under a flood of wrong passwords, and by a program, as ratios of one run.
import { hashSync } from '@node-rs/bcrypt'
import { chmodSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { generateKey } from '../../dist/cli/keygen.js'
import { flood, freePort, load, mainFile, median, start } from './processes.mjs'

const ROUNDS = 5
const SECONDS = 2
const PASSWORD = 'correct horse'

const request = (credentials) => {
  const header =
    credentials === undefined ? '' : `Authorization: Basic ${Buffer.from(credentials).toString('base64')}\r\n`
  return `GET /auth?service=bench&scope=repository:public/app:pull HTTP/1.1\r\nHost: localhost\r\n${header}Connection: CONNECTION\r\n\r\n`
}

async function startServer(folder, sections) {
  const [key, certificate] = await generateKey(folder, 'ec', Date.now).catch(() =>
    ['token.key', 'token.crt'].map((name) => join(folder, name)),
  )
  const port = await freePort()
  const config = {
    server: { addr: `127.0.0.1:${port}` },
    token: { issuer: 'bench', expiration: 900, certificate, key },
    acl: [{ match: { name: 'public/*' }, actions: ['pull'] }],
    ...sections,
  }
  const configFile = join(folder, 'logins.yml')
  writeFileSync(configFile, JSON.stringify(config))
  const server = await start([mainFile, 'serve', configFile], {}, (line) => line.includes('"msg":"ready"'))
  return { ...server, port }
}

async function ratio(one, other) {
  const ratios = []
  for (let round = 0; round <= ROUNDS; round++) {
    const [a, b] = [await one(), await other()]
    if (round > 0) ratios.push({ ratio: a / b, a, b })
  }
  const middle = median(ratios.map(({ ratio: value }) => value))
  return ratios.find(({ ratio: value }) => value === middle)
}

/** A user whose password was right a moment ago, against nobody at all. */
export async function remembered(folder, print) {
  const users = { '': {}, alice: { password: hashSync(PASSWORD, 10) } }
  const server = await startServer(folder, { users })
  const rate = async (credentials) =>
    (
      await load({
        port: server.port,
        seconds: SECONDS,
        connections: 32,
        keepAlive: true,
        requests: [request(credentials)],
      })
    ).rate
  const {
    ratio: value,
    a,
    b,
  } = await ratio(
    () => rate(`alice:${PASSWORD}`),
    () => rate(undefined),
  )
  print('repeat user, bcrypt 10 / anonymous', value.toFixed(2), `${Math.round(a)} / ${Math.round(b)} per second`)
  await server.stop()
}

/** Users the server knows by now, at 30 % of what it can do, while eight connections per pool thread try wrong passwords. */
export async function floods(folder, print) {
  const accounts = Array.from({ length: 50 }, (_, index) => `user-${index}`)
  const hash = hashSync(PASSWORD, 10)
  const server = await startServer(folder, {
    users: Object.fromEntries(accounts.map((account) => [account, { password: hash }])),
    credential_cache: { ttl: '1h' },
  })
  const requests = accounts.map((account) => request(`${account}:${PASSWORD}`))
  const good = { port: server.port, keepAlive: true, requests }
  await load({ ...good, connections: 1, total: accounts.length })
  const capacity = (await load({ ...good, connections: 32, seconds: SECONDS })).rate
  const steady = { ...good, connections: 32, seconds: 5, rate: capacity * 0.3 }
  const threads = Number(process.env.UV_THREADPOOL_SIZE ?? 4)
  const wrong = {
    port: server.port,
    keepAlive: true,
    connections: 8 * threads,
    requests: accounts.map((account) => request(`${account}:wrong`)),
  }
  const p99s = []
  for (let round = 0; round < 3; round++) {
    const quiet = await load(steady)
    const stop = flood(wrong)
    const flooded = await load(steady)
    await stop()
    p99s.push({ quiet: quiet.p99, flooded: flooded.p99 })
  }
  const middle = median(p99s.map(({ quiet, flooded }) => flooded / quiet))
  const { quiet, flooded } = p99s.find((one) => one.flooded / one.quiet === middle)
  const figures = `p99 ${flooded.toFixed(2)} / ${quiet.toFixed(2)} ms, none refused, ${availableParallelism()} cores`
  print('known users at 30 % during a flood / quiet, p99', middle.toFixed(2), figures)
  await server.stop()
}

const ONCE = `#!/bin/sh
read user password
[ "$password" = secret ] && exit 0
exit 1
`
const PERSISTENT = `#!/usr/bin/env node
import { createInterface } from 'node:readline'
for await (const line of createInterface({ input: process.stdin })) {
  const { id, password } = JSON.parse(line)
  process.stdout.write(JSON.stringify({ id, result: password === 'secret' ? 'allow' : 'deny' }) + '\\n')
}
`

/** One long-lived program against one for each login. */
export async function programs(folder, print) {
  const write = (name, text) => {
    const file = join(folder, name)
    writeFileSync(file, text)
    chmodSync(file, 0o755)
    return file
  }
  const rate = async (section) => {
    const server = await startServer(folder, { ext_auth: section })
    const options = { port: server.port, connections: 16, keepAlive: true, requests: [request('alice:secret')] }
    await load({ ...options, total: 100 })
    const result = await load({ ...options, seconds: SECONDS })
    await server.stop()
    return result.rate
  }
  const once = write('once.sh', ONCE)
  const persistent = write('persistent.mjs', PERSISTENT)
  const {
    ratio: value,
    a,
    b,
  } = await ratio(
    () => rate({ command: persistent, mode: 'persistent' }),
    () => rate({ command: once }),
  )
  print(
    'external program, persistent / one per login',
    value.toFixed(1),
    `${Math.round(a)} / ${Math.round(b)} per second`,
  )
}
