// npm run bench: what this server costs, as ratios of one run. Absolute figures differ from machine to machine and hour to hour.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generateKey } from '../../dist/cli/keygen.js'
import { acl } from './acl.mjs'
import { ldap } from './ldap.mjs'
import { floods, programs, remembered } from './logins.mjs'
import { freePort, load, mainFile, median, residentMiB, signingLimit, start, startBaseline } from './processes.mjs'
import { reload } from './reload.mjs'
import { replay } from './replay.mjs'

const ROUNDS = 5
const SECONDS = 2
const folder = mkdtempSync(join(tmpdir(), 'registry-auth-bench-'))
const print = (name, value, note = '') => console.log(`${name.padEnd(58)} ${value.padStart(9)}  ${note}`)
const request = (path) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: CONNECTION\r\n\r\n`
const SCOPED = request('/auth?service=bench&scope=repository:public/app:pull')

// Accounts without a password: the memory of the token path is looked at, not that of bcrypt.
const ACCOUNTS = Array.from({ length: 5_000 }, (_, index) => `user-${index}`)

async function startServer(type) {
  const [key, certificate] = await generateKey(folder, type, Date.now).catch(() =>
    ['token.key', 'token.crt'].map((name) => join(folder, name)),
  )
  const port = await freePort()
  const config = {
    server: { addr: `127.0.0.1:${port}`, trusted_proxies: ['127.0.0.1'] },
    token: { issuer: 'bench', expiration: 900, certificate, key },
    users: Object.fromEntries(['', ...ACCOUNTS].map((account) => [account, {}])),
    acl: [
      { match: { account: 'admin' }, actions: ['*'] },
      { match: { account: '/.+/', name: '/^${account}/.+$/' }, actions: ['*'] },
      { match: { name: 'public/*' }, actions: ['pull'] },
    ],
  }
  const configFile = join(folder, `${type}.yml`)
  writeFileSync(configFile, JSON.stringify(config))
  const began = performance.now()
  const server = await start([mainFile, 'serve', configFile], {}, (line) => line.includes('"msg":"ready"'))
  return { ...server, port, keyFile: key, startMs: performance.now() - began }
}

async function signingInput(port) {
  const answer = await (
    await fetch(`http://127.0.0.1:${port}/auth?service=bench&scope=repository:public/app:pull`)
  ).json()
  const file = join(folder, 'input')
  writeFileSync(file, answer.token.split('.').slice(0, 2).join('.'))
  return file
}

/** Ours and the baseline in turn, so that the machine's drift hits both; the median of the ratios. */
async function compare(name, ours, baseline, options) {
  const ratios = []
  for (let round = 0; round <= ROUNDS; round++) {
    const a = await load({ port: ours, seconds: SECONDS, requests: [SCOPED], ...options })
    const b = await load({ port: baseline, seconds: SECONDS, requests: [SCOPED], ...options })
    if (round > 0) ratios.push({ ratio: a.rate / b.rate, a: a.rate, b: b.rate })
  }
  const middle = median(ratios.map(({ ratio }) => ratio))
  const { a, b } = ratios.find(({ ratio }) => ratio === middle)
  print(name, middle.toFixed(2), `${Math.round(a)} / ${Math.round(b)} per second`)
  return a
}

async function tokens() {
  for (const type of ['rsa', 'ec']) {
    for (const file of ['token.key', 'token.crt']) rmSync(join(folder, file), { force: true })
    const server = await startServer(type)
    const baseline = await startBaseline(server.keyFile, await signingInput(server.port))
    const port = Number(baseline.line)
    const name = type === 'rsa' ? 'RS256' : 'ES256'
    const rate = await compare(`anonymous ${name}, kept connections / (a)`, server.port, port, {
      connections: 32,
      keepAlive: true,
    })
    const limit = await signingLimit(server.keyFile, SECONDS)
    print(`anonymous ${name}, kept connections / (b)`, (rate / limit).toFixed(2), `(b) ${Math.round(limit)} per second`)
    if (type === 'ec')
      await compare(`anonymous ${name}, new connections / (a)`, server.port, port, {
        connections: 32,
        keepAlive: false,
      })
    await baseline.stop()
    await server.stop()
  }
}

async function startUp() {
  const times = []
  for (let round = 0; round < 7; round++) {
    const server = await startServer('ec')
    times.push(server.startMs)
    await server.stop()
  }
  print('start of node dist/main.js to ready, ms', String(Math.round(median(times))))
}

function variedRequest() {
  const id = Math.random().toString(36).slice(2)
  const account = ACCOUNTS[Math.floor(Math.random() * ACCOUNTS.length)]
  const ip = Array.from({ length: 4 }, () => Math.floor(Math.random() * 250) + 1).join('.')
  const basic = Buffer.from(`${account}:${id}`).toString('base64')
  const headers = `Host: localhost\r\nAuthorization: Basic ${basic}\r\nX-Forwarded-For: ${ip}\r\nConnection: CONNECTION`
  return `GET /auth?account=${account}&service=s-${id}&scope=repository:${account}/${id}:pull,push HTTP/1.1\r\n${headers}\r\n\r\n`
}

async function memory() {
  const server = await startServer('ec')
  for (const total of [100_000, 200_000]) {
    for (let part = 0; part < 5; part++) {
      const requests = Array.from({ length: 20_000 }, variedRequest)
      await load({ port: server.port, connections: 32, keepAlive: true, total: 20_000, requests })
    }
    print(`resident memory after ${total} varied requests, MiB`, residentMiB(server.pid).toFixed(0))
  }
  await server.stop()
}

const parts = {
  startUp,
  memory,
  tokens,
  remembered: () => remembered(folder, print),
  floods: () => floods(folder, print),
  ldap: () => ldap(folder, print),
  programs: () => programs(folder, print),
  acl: () => acl(print),
  reload: () => reload(folder, print),
  replay: () => replay(folder, print),
}
const asked = process.argv.slice(2)
try {
  for (const [name, part] of Object.entries(parts)) if (asked.length === 0 || asked.includes(name)) await part()
} finally {
  rmSync(folder, { recursive: true })
}
