// docker_auth's fifteen defects in what people may do, by their numbers in the facts: none of them is here. Most have a longer suite
// where they belong; this is the list of them.
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals'
import { hashSync } from '@node-rs/bcrypt'
import { createMongoAuthenticator } from '../../src/authn/mongo.ts'
import { createAclDocuments } from '../../src/authz/acl-mongo.ts'
import { createAuthorizer } from '../../src/authz/index.ts'
import type { Authorizer, AuthorizationRequest } from '../../src/authz/index.ts'
import { openStoredAcl } from '../../src/authz/stored-acl.ts'
import type { AclRows } from '../../src/authz/stored-acl.ts'
import type { MongoCollection } from '../../src/lib/mongo.ts'
import { Secret } from '../../src/lib/secret.ts'
import { openSection } from '../authn/ldap-section.ts'
import { fakeDirectory, onePerson, result } from '../authn/ldap-server.ts'
import { authnTools } from '../support/authn-tools.ts'
import { authzTools } from '../support/authz-tools.ts'
import { configText, load, problemsOf, warningsOf, writePairs } from '../support/config.ts'
import { useFolder } from '../support/folder.ts'
import { ask } from '../support/http.ts'
import { createRecorder } from '../support/recorder.ts'
import { shown, startTokenServer } from '../support/token-server.ts'
import { decide, matches, request } from './request.ts'

const folder = useFolder()
const closers: (() => unknown)[] = []
beforeEach(() => writePairs(folder))
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
  jest.useRealTimers()
})

const TTL = 60_000
const HOUR = 3600_000

/** Rules in memory that can be replaced, and how often they were read. */
function createTable(...rules: unknown[]) {
  const table = { rules, loads: 0 }
  const rows: AclRows = {
    name: 'table',
    async *load() {
      table.loads++
      await Promise.resolve()
      yield* table.rules.map((value, index) => ({ value, position: `table:${index + 1}` }))
    },
    close: () => Promise.resolve(),
  }
  return Object.assign(table, { rows })
}

/** Documents as a server keeps them: in any order, unless it is told one. */
function storing(...documents: readonly { readonly seq?: number; readonly match: object }[]): MongoCollection<object> {
  const find = (_: object, { sort }: { readonly sort?: { readonly seq?: 1 } }): unknown => {
    const sorted = sort?.seq === 1 ? [...documents].sort((a, b) => (a.seq ?? -1) - (b.seq ?? -1)) : [...documents]
    return {
      hasNext: () => Promise.resolve(sorted.length > 0),
      readBufferedDocuments: () => sorted.splice(0),
      close: () => Promise.resolve(),
    }
  }
  return {
    maxTimeMS: 1000,
    run: (operation) => operation({ find } as unknown as Parameters<typeof operation>[0]),
    watch: () => ({ close: () => Promise.resolve() }),
    check: () => Promise.resolve(),
    close: () => Promise.resolve(),
  }
}

async function openRows(rows: AclRows): Promise<Authorizer> {
  const authorizer = await openStoredAcl(rows, { ttl: TTL }, authzTools())
  closers.push(() => authorizer.close?.())
  return authorizer
}

async function granted(authorizer: Authorizer, asked: AuthorizationRequest = request()): Promise<readonly string[]> {
  return (await createAuthorizer([authorizer])(asked)).actions
}

/** A configuration that says what one may do in casbin's files only. */
async function casbinOnly(policy: string): Promise<string> {
  const model = `[request_definition]\nr = account, type, name, service, ip, action, labels
    [policy_definition]\np = account, action, labels\n[policy_effect]\ne = some(where (p.eft == allow))
    [matchers]\nm = r.account == p.account && r.action == p.action && labelMatch(r.labels, p.labels)`
  const files = [await folder.write('model.conf', model), await folder.write('policy.csv', policy)]
  return configText(folder, { acl: undefined, casbin_authz: `{model_path: ${files[0]}, policy_path: ${files[1]}}` })
}

test('A1: a rule with an unknown key under match is refused, not a rule for everybody', async () => {
  const rule = (match: string): string => configText(folder, { acl: `[{match: ${match}, actions: ["*"]}]` })
  expect(await problemsOf(folder, rule('{team: infrastructure}'))).toEqual([
    expect.stringContaining('acl[0].match.team: unknown key "team": use labels: {teams: …}'),
  ])
  expect(await problemsOf(folder, rule('{acount: alice}'))).toEqual([
    expect.stringContaining('acl[0].match.acount: unknown key "acount"; did you mean "account"?'),
  ])
})

test('A3: nobody can choose the address that rules see', async () => {
  const rules = [{ match: { ip: '198.51.100.7' }, actions: ['*'] }]
  const grantedTo = async (address: Parameters<typeof startTokenServer>[0], forwarded: string): Promise<unknown> => {
    const server = await startTokenServer({ rules, ...address })
    closers.push(() => server.close())
    const path = '/auth?service=registry&scope=repository:app:pull'
    const answer = await ask(server.place, path, { headers: { 'x-forwarded-for': forwarded } })
    return shown(answer.json()['token']).grant.access[0]?.actions ?? []
  }
  const proxied = { address: { isTrusted: (ip: string) => ip === '127.0.0.1' } }
  expect(await grantedTo({}, '198.51.100.7')).toEqual([])
  expect(await grantedTo(proxied, '198.51.100.7, 203.0.113.9')).toEqual([])
  expect(await grantedTo(proxied, '203.0.113.9, 198.51.100.7')).toEqual(['pull'])
  const header = configText(folder, { server: '{addr: ":5001", real_ip_header: X-Forwarded-For}' })
  expect(await warningsOf(folder, header)).toContainEqual(expect.stringContaining('any client can forge this header'))
})

test('A4: rules in MongoDB come in the order of seq, and one without seq is refused', async () => {
  const deny = { seq: 1, match: { account: 'alice' }, actions: [] }
  const allow = { seq: 2, match: {}, actions: ['*'] }
  const log = createRecorder().log
  expect(await granted(await openRows(createAclDocuments(storing(allow, deny), log)))).toEqual([])
  const { seq, ...unordered } = deny
  expect(seq).toBe(1)
  await expect(openRows(createAclDocuments(storing(allow, unordered), log))).rejects.toThrow('has no seq')
})

test('A10: labels that casbin’s policy writes wrong are refused, and nobody is admitted by them', async () => {
  const bad = await casbinOnly('p, alice, pull, "{""team"": [""web"""')
  expect(await problemsOf(folder, bad)).toEqual([
    'policy.csv:1: labels: must be labels in JSON such as {"team": ["web"]}, or {} for any',
  ])
  const { authz } = await load(folder, await casbinOnly('p, alice, pull, "{""team"": [""web""]}"'))
  const casbin = await authz[0]!.open(authzTools())
  expect(await granted(casbin, request({ labels: {} }))).toEqual([])
  expect(await granted(casbin, request({ labels: { team: ['web'] } }))).toEqual(['pull'])
})

test('A11: another spelling of an account is that account, or none, but never one that rules do not know', async () => {
  const directory = await fakeDirectory(onePerson((asked) => result(asked, 0), { uid: ['bob'] }))
  closers.push(() => directory.close())
  const section = {
    addr: directory.address,
    base: 'dc=example',
    filter: '(uid=${account})',
    account: { attribute: 'uid' },
  }
  const { login, authenticator } = await openSection(section)
  closers.unshift(() => authenticator.close?.())
  expect(await login('BOB', 'x')).toMatchObject({ outcome: 'accepted', identity: { account: 'bob' } })
  expect(await login('bob ', 'x')).toMatchObject({ outcome: 'rejected' })

  const document = { username: 'bob', password: hashSync('x', 4) }
  const insensitive = {
    find: () => Promise.resolve([document]),
    check: () => Promise.resolve(),
    close: () => Promise.resolve(),
  }
  const mongo = createMongoAuthenticator(insensitive, authnTools())
  const ask = (account: string): Promise<unknown> => mongo.authenticate({ account, password: new Secret('x') })
  expect(await ask('bob')).toMatchObject({ outcome: 'accepted' })
  expect(await ask('BOB')).toEqual({ outcome: 'no-match' })
})

test('A12: an account with slashes around it does not make a glob an expression', () => {
  expect(matches({ name: '${account}' }, { account: '/a/', name: 'xax' })).toBe(false)
  expect(matches({ name: '${account}' }, { account: '/a/', name: '/a/' })).toBe(true)
})

test('A13: what an expression captures of an account is no wildcard', () => {
  const match = { account: '/^(.+)@test\\.com$/', name: '${account:1}/*' }
  expect(matches(match, { account: '*@test.com', name: 'alice/app' })).toBe(false)
  expect(matches(match, { account: 'alice@test.com', name: 'alice/app' })).toBe(true)
})

test('A14: labels from elsewhere are text, and only what an admin wrote is a pattern', () => {
  const asked = { labels: { project: ['test/*'] }, name: 'test/app' }
  expect(matches({ name: '${labels:project}' }, { ...asked, labelsArePatterns: false })).toBe(false)
  expect(matches({ name: '${labels:project}' }, { ...asked, labelsArePatterns: true })).toBe(true)
})

test('A15: an expression stays unanchored, and whoever writes one for accounts is warned', async () => {
  expect(matches({ account: '/(foo|bar)/' }, { account: 'xfooy' })).toBe(true)
  const acl = '[{match: {account: "/(foo|bar)/"}, actions: [pull]}]'
  expect(await warningsOf(folder, configText(folder, { acl }))).toContainEqual(
    expect.stringContaining('acl[0].match.account: is not anchored with ^ and $'),
  )
})

test('D1: a rule without match or actions is refused, not a crash', async () => {
  const acl = '[{actions: [pull]}, {match: {}}, {match: null, actions: null}]'
  expect(await problemsOf(folder, configText(folder, { acl }))).toEqual([
    expect.stringContaining('acl[0].match: is missing'),
    expect.stringContaining('acl[1].actions: is missing'),
    expect.stringContaining('acl[2].match: is missing'),
    expect.stringContaining('acl[2].actions: is missing'),
  ])
})

test('D2: a bad rule in a database leaves the last good list in force, and the server running', async () => {
  jest.useFakeTimers({ doNotFake: ['performance', 'setImmediate', 'nextTick', 'queueMicrotask'] })
  const table = createTable({ match: {}, actions: ['pull'] })
  const authorizer = await openRows(table.rows)
  table.rules = [{ match: { acount: 'alice' }, actions: ['*'] }]
  await jest.advanceTimersByTimeAsync(TTL)
  expect(table.loads).toBe(2)
  expect(await granted(authorizer, request({ actions: ['pull', 'push'] }))).toEqual(['pull'])
})

test('D5: a cache_ttl that is missing has a default, and one of nothing is refused', async () => {
  const section = (rest: string): string =>
    configText(folder, { acl_mongo: `{dial_info: {addrs: ["127.0.0.1:9"], database: d}, collection: c${rest}}` })
  expect((await load(folder, section(''))).authz.map((plan) => plan.section)).toEqual(['acl_mongo'])
  for (const ttl of ['0', '0s', '-1s'])
    expect(await problemsOf(folder, section(`, cache_ttl: ${ttl}`))).toEqual([
      expect.stringContaining('acl_mongo.cache_ttl: must be between 1s and 24h'),
    ])
})

test('D7: rules in a database are read no more once they are closed, however many reloads there were', async () => {
  jest.useFakeTimers({ doNotFake: ['performance', 'setImmediate', 'nextTick', 'queueMicrotask'] })
  const table = createTable({ match: {}, actions: ['pull'] })
  for (let reload = 0; reload < 3; reload++) {
    const authorizer = await openRows(table.rows)
    await jest.advanceTimersByTimeAsync(TTL)
    await authorizer.close?.()
  }
  const { loads } = table
  await jest.advanceTimersByTimeAsync(HOUR)
  expect(table.loads).toBe(loads)
  expect(jest.getTimerCount()).toBe(0)
})

test('D14: somebody in 500 groups is decided on, three placeholders or not', () => {
  const many = Array.from({ length: 500 }, (_, index) => `g${index}`)
  const rule = [{ match: { name: '${labels:a}/${labels:b}/${labels:c}' }, actions: ['pull'] }]
  const labels = { a: many, b: many, c: many }
  expect(decide(rule, { labels, name: 'g499/g0/g250' })).toMatchObject({ actions: ['pull'] })
  expect(decide(rule, { labels, name: 'g499/g0/none' })).toBe('no-match')
})

test('D15: casbin alone is enough, prints nothing, is read again when it changes, and is asked after ext_authz', async () => {
  const config = await load(folder, await casbinOnly('p, alice, pull, {}'))
  expect([config.acl, config.authz.map((plan) => plan.section)]).toEqual([undefined, ['casbin_authz']])
  const again = await load(folder, await casbinOnly('p, alice, push, {}'))
  expect(again.authz[0]!.key).not.toBe(config.authz[0]!.key)

  const program = await folder.write(
    'pass.mjs',
    `import { createInterface } from 'node:readline'
     for await (const line of createInterface({ input: process.stdin }))
       console.log(JSON.stringify({ id: JSON.parse(line).id, result: 'no_match' }))`,
  )
  const ext_authz = `ext_authz: {mode: persistent, command: ${process.execPath}, args: [${program}]}\n`
  const both = await load(folder, ext_authz + (await casbinOnly('p, alice, pull, {}')))
  expect(both.authz.map((plan) => plan.section)).toEqual(['ext_authz', 'casbin_authz'])
  const printed: unknown[] = []
  for (const stream of [process.stdout, process.stderr]) {
    const write = stream.write.bind(stream)
    closers.push(() => (stream.write = write))
    stream.write = (chunk: unknown) => printed.push(chunk) > 0
  }
  const authorizers = await Promise.all(both.authz.map((plan) => plan.open(authzTools())))
  closers.unshift(...authorizers.map((one) => () => one.close?.()))
  expect(await createAuthorizer(authorizers)(request({ actions: ['pull', 'push'] }))).toEqual({ actions: ['pull'] })
  expect(printed).toEqual([])
})
