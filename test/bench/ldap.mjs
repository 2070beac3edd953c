// What a login by LDAP costs, against the bare library: a new connection, a bind, a search and the user's bind for each.
import { randomBytes } from 'node:crypto'
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'ldapts'
import { createLdapAuthenticator } from '../../dist/authn/ldap/authenticator.js'
import { createPasswords } from '../../dist/authn/index.js'
import { Secret } from '../../dist/lib/secret.js'
import { freePort, median } from './processes.mjs'

const ROUNDS = 5
const LOGINS = 1_000
const AT_ONCE = 8
const BASE = 'dc=example,dc=org'
const SERVICE = { dn: `cn=admin,${BASE}`, password: 'service-password' }
const PEOPLE = Array.from({ length: 50 }, (_, index) => `user-${index}`)

const ldif = [
  `dn: ${BASE}\nobjectClass: dcObject\nobjectClass: organization\ndc: example\no: Example\n`,
  ...PEOPLE.map(
    (uid) =>
      `dn: uid=${uid},${BASE}\nobjectClass: inetOrgPerson\nuid: ${uid}\ncn: ${uid}\nsn: ${uid}\nuserPassword: secret\n`,
  ),
].join('\n')

const config = (folder) => `include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
database mdb
directory ${folder}/data
suffix ${BASE}
rootdn ${SERVICE.dn}
rootpw ${SERVICE.password}
index uid eq
access to attrs=userPassword by anonymous auth by * none
access to * by * read
`

async function startSlapd(folder) {
  mkdirSync(join(folder, 'data'))
  const file = join(folder, 'slapd.conf')
  writeFileSync(file, config(folder))
  const add = spawn('/usr/sbin/slapadd', ['-q', '-f', file], { stdio: ['pipe', 'ignore', 'inherit'] })
  add.stdin.end(ldif)
  await new Promise((resolve) => add.once('exit', resolve))
  const port = await freePort()
  const child = spawn('/usr/sbin/slapd', ['-f', file, '-h', `ldap://127.0.0.1:${port}/`, '-d', '0'], {
    stdio: 'ignore',
  })
  process.on('exit', () => child.kill())
  while (!(await answers(port))) await sleep(50)
  return { port, stop: () => new Promise((resolve) => child.once('exit', resolve).kill()) }
}

function answers(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(socket.destroy() && true)).on('error', () => resolve(false))
  })
}

const filterOf = (uid) => `(&(objectClass=person)(uid=${uid}))`

async function bare(url, uid) {
  const service = new Client({ url })
  try {
    await service.bind(SERVICE.dn, SERVICE.password)
    const { searchEntries } = await service.search(BASE, { scope: 'sub', filter: filterOf(uid), attributes: ['1.1'] })
    await service.bind(searchEntries[0].dn, 'secret')
  } finally {
    await service.unbind()
  }
}

function ours(port, ttl) {
  const settings = {
    servers: [{ host: '127.0.0.1', port, tls: 'none' }],
    verify: true,
    ca: undefined,
    base: BASE,
    filter: '(&(objectClass=person)(uid=${account}))',
    binding: { as: 'service', dn: SERVICE.dn, password: new Secret(SERVICE.password) },
    labels: {},
    groups: undefined,
    account: undefined,
    timeouts: { connect: 5e3, bind: 10e3, search: 10e3 },
  }
  const log = { info: () => undefined, warn: () => undefined, error: console.error }
  const passwords = createPasswords({ concurrency: 1, queue: 10 })
  return createLdapAuthenticator(settings, {
    passwords,
    cache: { ttl, size: 10_000 },
    now: Date.now,
    randomBytes,
    log,
    openStore: undefined,
  })
}

/** Logins per second, so many at once. */
async function rate(login) {
  let next = 0
  const began = performance.now()
  const worker = async () => {
    while (next < LOGINS) await login(PEOPLE[next++ % PEOPLE.length])
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  return LOGINS / ((performance.now() - began) / 1000)
}

/** Prints how our back end compares, by its pool, and by its memory of who logged in a moment ago. */
export async function ldap(folder, print) {
  if (!existsSync('/usr/sbin/slapd')) return print('LDAP login', 'left out', 'no slapd here')
  const { port, stop } = await startSlapd(folder)
  const [pooled, remembering] = [await ours(port, 0), await ours(port, 3600e3)]
  const loginWith = (backend) => async (account) => {
    const { outcome } = await backend.authenticate({ account, password: new Secret('secret') })
    if (outcome !== 'accepted') throw new Error(`${account}: ${outcome}`)
  }
  const rounds = []
  for (let round = 0; round <= ROUNDS; round++) {
    const base = await rate((uid) => bare(`ldap://127.0.0.1:${port}`, uid))
    const first = await rate(loginWith(pooled))
    const repeated = await rate(loginWith(remembering))
    if (round > 0) rounds.push({ base, first, repeated })
  }
  for (const kind of ['first', 'repeated']) {
    const middle = median(rounds.map((round) => round[kind] / round.base))
    const round = rounds.find((one) => one[kind] / one.base === middle)
    const name =
      kind === 'first' ? 'LDAP login / bare bind, search, bind' : 'LDAP login, repeated / bare bind, search, bind'
    print(name, middle.toFixed(1), `${Math.round(round[kind])} / ${Math.round(round.base)} per second`)
  }
  for (const backend of [pooled, remembering]) await backend.close()
  await stop()
}
