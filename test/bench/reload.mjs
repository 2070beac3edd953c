// What a reload of a long access list costs those who ask for tokens meanwhile: the longest delay of the server's event loop.
import { renameSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { generateKey } from '../../dist/cli/keygen.js'
import { freePort, load, mainFile, median, residentMiB, start } from './processes.mjs'

const RULES = 100_000
const ROUNDS = 5
const SECONDS = 20

/** Team and namespace rules; the version is seen in what the first rule grants. */
function rulesText(version) {
  const rules = Array.from({ length: RULES }, (_, index) =>
    index % 2 === 0
      ? `  - {match: {account: user${index}, type: repository, name: "user${index}/*"}, actions: ["*"]}\n`
      : `  - {match: {labels: {team: team${index}}, name: "team${index}/*"}, actions: [pull, push]}\n`,
  )
  return `acl:\n  - {match: {name: version}, actions: [${version % 2 === 0 ? 'pull' : 'push'}]}\n${rules.join('')}`
}

function save(file, version) {
  writeFileSync(`${file}.new`, rulesText(version))
  renameSync(`${file}.new`, file)
}

async function versionOf(port) {
  const answer = await fetch(`http://127.0.0.1:${port}/auth?service=s&scope=repository:version:pull,push`)
  const [, claims] = (await answer.json()).token.split('.')
  return JSON.parse(Buffer.from(claims, 'base64url')).access[0].actions.includes('pull') ? 0 : 1
}

async function delayOf(server, file) {
  rmSync(file, { force: true })
  process.kill(server.pid, 'SIGUSR2')
  for (;;) {
    await sleep(50)
    try {
      const text = readFileSync(file, 'utf8')
      if (text !== '') return Number(text)
    } catch (error) {
      if (error.code !== 'ENOENT') throw error
    }
  }
}

export async function reload(folder, print) {
  for (const file of ['token.key', 'token.crt']) rmSync(join(folder, file), { force: true })
  const [key, certificate] = await generateKey(folder, 'ec', Date.now)
  const port = await freePort()
  const [rules, monitor, configFile] = ['rules.yml', 'monitor', 'reload.yml'].map((name) => join(folder, name))
  save(rules, 0)
  const config = {
    server: { addr: `127.0.0.1:${port}` },
    token: { issuer: 'bench', expiration: 900, certificate, key },
    users: { '': {} },
    acl_files: [rules],
  }
  writeFileSync(configFile, JSON.stringify(config))
  const env = { ...process.env, MONITOR: monitor, NODE_OPTIONS: `--import=${join(import.meta.dirname, 'monitor.mjs')}` }
  const server = await start([mainFile, 'serve', configFile], { env }, (line) => line.includes('"msg":"ready"'))
  const before = residentMiB(server.pid)
  const scope = `GET /auth?service=bench&scope=repository:user0/app:pull HTTP/1.1\r\nHost: localhost\r\nConnection: keep-alive\r\n\r\n`
  const delays = []
  const seconds = []
  for (let round = 1; round <= ROUNDS; round++) {
    await sleep(2_000)
    await delayOf(server, monitor)
    const asking = load({ port, seconds: SECONDS, rate: 200, connections: 8, keepAlive: true, requests: [scope] })
    const began = performance.now()
    save(rules, round)
    while ((await versionOf(port)) !== round % 2) await sleep(100)
    seconds.push((performance.now() - began) / 1000)
    delays.push(await delayOf(server, monitor))
    await asking
  }
  print(
    `longest event-loop delay in a reload of ${RULES} rules, ms`,
    median(delays).toFixed(0),
    `of ${ROUNDS}: at most ${Math.max(...delays).toFixed(0)}`,
  )
  print('from saving to live, seconds', median(seconds).toFixed(1))
  print(
    `resident memory with ${RULES} rules / after ${ROUNDS} reloads, MiB`,
    `${before.toFixed(0)} / ${residentMiB(server.pid).toFixed(0)}`,
  )
  await server.stop()
}
