// What a replay costs: seconds per million lines, and its memory, for logs of ours and of docker_auth's.
import { spawn } from 'node:child_process'
import { createWriteStream, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { clearInterval, setInterval } from 'node:timers'
import { mainFile, residentMiB } from './processes.mjs'

const LINES = 1_000_000
const TIME = Date.parse('2026-11-22T00:00:00Z')

const LIST = {
  acl: [
    { id: 'admin', match: { account: 'admin' }, actions: ['*'] },
    { id: 'teams', match: { name: '${labels:team}/*' }, actions: ['pull', 'push'] },
    { id: 'own', match: { account: '/^.+$/', name: '/^${account}/.+$/' }, actions: ['*'] },
    ...Array.from({ length: 100 }, (_, index) => ({ match: { name: `group-${index}/*` }, actions: ['pull'] })),
    { id: 'office', match: { ip: '10.0.0.0/8', name: 'public/*' }, actions: ['pull'] },
  ],
}

/** People who ask for the same few things all day, or, `varied`, everybody for something else each time. */
function request(index, varied) {
  const person = varied ? index : (index * 7919) % 2000
  const team = `team-${person % 50}`
  const name = varied ? `${team}/app-${index}` : `${team}/app-${index % 20}`
  return {
    account: `user-${person}`,
    team,
    name,
    ip: `10.0.${(person >> 8) & 255}.${person & 255}`,
    time: TIME + index,
  }
}

function ourLine(index, varied) {
  const { account, team, name, ip, time } = request(index, varied)
  const scope = `repository:${name}:pull,push`
  const labels = `{"team":["${team}","everybody"]}`
  return `{"level":"info","time":"${new Date(time).toISOString()}","account":"${account}","labels":${labels},"service":"registry.example.com","asked":"${scope}","granted":"${scope}","rules":"teams","outcome":"granted","ip":"${ip}","ms":1.234,"msg":"token"}\n`
}

function dockerAuthLine(index, varied) {
  const { account, team, name, ip, time } = request(index, varied)
  const seconds = Math.floor(time / 1000)
  const claims = `{"iss":"Auth","sub":"${account}","aud":"registry.example.com","exp":${seconds + 900},"nbf":${seconds - 10},"iat":${seconds},"jti":"4839208301","access":[{"type":"repository","name":"${name}","actions":["pull","push"]}]}`
  return `I1122 00:00:00.000000       1 server.go:415] New token for {${account}:***@${ip}:51234 [{repository  ${name} [pull push]}]} map[team:[${team}]]: ${claims}\n`
}

async function writeLog(file, lineOf) {
  const batches = function* () {
    for (let start = 0; start < LINES; start += 1000) {
      yield Array.from({ length: 1000 }, (_, index) => lineOf(start + index)).join('')
    }
  }
  await pipeline(Readable.from(batches()), createWriteStream(file))
}

/** Runs the command and answers the seconds it took and the most memory it was seen to hold. */
function run(args) {
  return new Promise((resolve, reject) => {
    const began = performance.now()
    const child = spawn(process.execPath, [mainFile, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
    let text = ''
    let most = 0
    const watch = setInterval(() => {
      most = Math.max(most, heldBy(child.pid))
    }, 200)
    child.stdout.setEncoding('utf8').on('data', (chunk) => (text += chunk))
    child.once('close', (code) => {
      clearInterval(watch)
      const seconds = (performance.now() - began) / 1000
      if (text.includes(`${LINES} lines read: ${LINES} tokens`)) resolve({ seconds, most })
      else reject(new Error(`replay ended with ${code}: ${text}`))
    })
  })
}

// A process that has just ended holds nothing, and has no status to read it from.
function heldBy(pid) {
  try {
    return residentMiB(pid)
  } catch {
    return 0
  }
}

/** Prints the costs. */
export async function replay(folder, print) {
  const list = join(folder, 'replay.yml')
  writeFileSync(list, JSON.stringify(LIST))
  const logs = [
    ['our log', (index) => ourLine(index, false)],
    ['our log, never twice the same', (index) => ourLine(index, true)],
    ["docker_auth's log", (index) => dockerAuthLine(index, false)],
  ]
  for (const [name, lineOf] of logs) {
    const file = join(folder, 'replay.log')
    await writeLog(file, lineOf)
    const { seconds, most } = await run(['acl', 'replay', '--log', file, list])
    const size = Math.round(statSync(file).size / 1024 / 1024)
    print(`replay of a million lines, ${name}, s`, seconds.toFixed(1), `${size} MiB read, ${most.toFixed(0)} MiB held`)
  }
}
