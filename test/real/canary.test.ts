// Every secret of every back end holds one word, and that word is nowhere to be seen: in no line of the log, and in no answer.
import { hashSync } from '@node-rs/bcrypt'
import { readFileSync, writeFileSync } from 'node:fs'
import { MongoClient } from 'mongodb'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { CLIENT } from '../support/providers/oauth.ts'
import { type FakeGithub, startFakeGithub } from '../support/providers/github.ts'
import { type Answer, type Question, ask, basic, eventually } from './asking.ts'
import { askToken, configWith, saysOf, startWith, writeProgram } from './backends.ts'
import { inDirectory, recordOf, redisSettings, signedInAtGithub } from './backends-people.ts'
import { WORD, secret, showsIn } from './canary.ts'
import { cleanUp } from './children.ts'
import { type Draft, createDraft, replace } from './draft.ts'
import { everybody, personLdif } from './ldap-people.ts'
import { type OwnMongo, ownMongoRequirement, startOwnMongo } from './mongo.ts'
import { type Redis, startRedis } from './redis.ts'
import { requires } from './requires.ts'
import type { Server } from './server.ts'
import { type Slapd, startSlapd } from './slapd.ts'
import { openRecordStore } from '../../src/lib/record-stores.ts'
import { Secret } from '../../src/lib/secret.ts'

afterAll(cleanUp)

test('the forms would be found', () => {
  for (const before of ['', 'a', 'ab'])
    expect(showsIn(Buffer.from(`${before}${secret('x')}`).toString('base64'))).toHaveLength(1)
})

requires(
  'slapd',
  'slapadd',
  'ldapmodify',
  'redis-server',
  'redis-cli',
  ...ownMongoRequirement(),
)('a running program', () => {
  let draft: Draft
  let slapd: Slapd
  let redis: Redis
  let mongo: OwnMongo
  let github: FakeGithub
  let server: Server
  let config: Record<string, unknown>
  /** Everything that clients were told, but for the page that is there to show a password. */
  const told: string[] = []

  const hear = async (question: Omit<Question, 'port'>): Promise<Answer> => {
    const answer = await ask({ port: draft.port, ...question })
    told.push(JSON.stringify(answer))
    return answer
  }
  const says = async (account: string, password: string): Promise<string> => {
    const answer = await askToken(draft.port, { account, password })
    told.push(JSON.stringify(answer))
    return saysOf(answer)
  }
  const people = ['in-users', 'in-program', 'in-github', 'in-directory', 'in-database'] as const

  const putSignIn = async (): Promise<void> => {
    const { access_token: token } = await github.oauth.issue('in-github')
    const store = await openRecordStore({
      ...redisSettings(redis.addresses[0]!),
      password: new Secret(secret('redis')),
    } as Parameters<typeof openRecordStore>[0])
    const record = { ...recordOf(Date.now() - 1000, token), docker_password: hashSync(secret('in-github'), 4) }
    await store.put('t:in-github', Buffer.from(JSON.stringify({ ...record, refresh_token: secret('refresh') })))
    await store.close()
  }

  beforeAll(async () => {
    draft = await createDraft()
    const person = personLdif('in-directory').replace(
      /userPassword.*\n/,
      `userPassword:: ${Buffer.from(secret('in-directory')).toString('base64')}\n`,
    )
    const searcher = `userPassword:: ${Buffer.from(secret('searcher')).toString('base64')}`
    slapd = await startSlapd({
      entries: `${everybody.replace('userPassword: searcher-password', searcher)}\n${person}`,
    })
    redis = await startRedis({ password: secret('redis') })
    mongo = await startOwnMongo()
    const client = new MongoClient(mongo.uri)
    const users = client.db(mongo.database).collection('users')
    await users.insertOne({ username: 'in-database', password: hashSync(secret('in-database'), 4) })
    await users.insertOne({ username: 'strange', password: { hash: secret('strange') } })
    await client.close()
    github = await startFakeGithub({ 'in-github': { organizations: [], teams: [] } })
    await putSignIn()
    // Tells everybody what it was told.
    const program = `#!/bin/sh
read -r account password
echo "$password" >&2
case "$account" in
  in-program) [ "$password" = '${secret('in-program')}' ] || exit 1; exit 0 ;;
  chatty) echo "$password"; exit 0 ;;
  broken) echo "$password"; exit 7 ;;
  killed) echo "$password"; kill -9 $$ ;;
esac
exit 2
`
    for (const [name, text] of Object.entries({
      'ldap-password': secret('searcher'),
      'mongo-password': secret('mongo'),
      'client-secret': CLIENT.clientSecret,
      'secret-key': secret('key').repeat(3),
    }))
      writeFileSync(draft.at(name), text)
    const directory = inDirectory(draft, slapd).sections
    writeFileSync(draft.at('ldap-password'), secret('searcher'))
    config = {
      ...directory,
      credential_cache: { ttl: '0s' },
      server: { addr: `127.0.0.1:${draft.port}`, public_url: `http://127.0.0.1:${draft.port}` },
      users: { 'in-users': { password: hashSync(secret('in-users'), 4) } },
      ext_auth: { command: writeProgram(draft, 'check.sh', program), args: [] },
      secret_key_file: 'secret-key',
      ...signedInAtGithub(
        {
          redis_token_db: { redis_options: { addr: redis.addresses[0], password: secret('redis'), dialtimeout: '2s' } },
        },
        {
          client_id: CLIENT.clientId,
          client_secret: undefined,
          client_secret_file: 'client-secret',
          github_web_uri: github.url,
          github_api_uri: `${github.url}/api/v3`,
          http_timeout: '2s',
        },
      ).sections,
      mongo_auth: {
        dial_info: {
          addrs: [`127.0.0.1:${mongo.port}`],
          database: mongo.database,
          timeout: '2s',
          failfast: true,
          username: 'reader',
          password_file: 'mongo-password',
          mechanism: 'PLAIN',
        },
        collection: 'users',
      },
    }
    server = await startWith(draft, config)
  })

  afterAll(async () => {
    await github.close()
  })

  /** Every person with the right and a wrong password, and a few who cannot be. */
  const everyoneTries = async (): Promise<Record<string, string>> => {
    const said: Record<string, string> = {}
    for (const person of people) {
      said[person] = await says(person, secret(person))
      await says(person, secret('wrong'))
    }
    for (const stranger of ['nobody', 'chatty', 'broken', 'killed', 'strange', ''])
      await says(stranger, secret('wrong'))
    await hear({ path: '/readyz' })
    return said
  }

  test('lets everybody in, and refuses wrong passwords', async () => {
    expect(await everyoneTries()).toEqual(Object.fromEntries(people.map((person) => [person, 'nothing'])))
  })

  test('is asked in every other way, well-formed or not', async () => {
    const password = secret('form')
    const fields = { grant_type: 'password', username: 'in-users', password, service: 's', client_id: 'c' }
    const type = { 'content-type': 'application/x-www-form-urlencoded' }
    await hear({ path: '/auth/token', method: 'POST', headers: type, body: new URLSearchParams(fields).toString() })
    await hear({
      path: '/auth',
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(fields),
    })
    const refresh = new URLSearchParams({ ...fields, grant_type: 'refresh_token', refresh_token: password })
    await hear({ path: '/auth/token', method: 'POST', headers: type, body: refresh.toString() })
    await hear({ path: `/auth?${new URLSearchParams({ account: 'in-users', password }).toString()}` })
    await hear({ path: `/nowhere?${new URLSearchParams({ password }).toString()}` })
    for (const authorization of [
      `Basic ${password}`,
      `Basic in-users:${password}`,
      `Bearer ${password}`.replaceAll('ü', ''),
      'Basic !',
    ])
      await hear({ path: '/auth?service=s', headers: { authorization: Buffer.from(authorization).toString('latin1') } })
    await hear({ path: '/auth?service=s', headers: basic('in-users:', password) })
    await hear({ path: `/github_auth?code=${WORD}&state=${WORD}` })
    await hear({ path: `/github_auth?error=${encodeURIComponent('no')}&state=${WORD}` })
    await hear({ path: '/account', headers: { cookie: `session=${WORD}` } })
  })

  /** A browser's way through GitHub, to the page it ends on, which is not among what clients were told. */
  const signIn = async (): Promise<Answer> => {
    github.oauth.person = 'in-github'
    const start = await hear({ path: '/github_auth/start' })
    const cookie = [start.headers['set-cookie'] ?? []]
      .flat()
      .map((line) => line.split(';')[0])
      .join('; ')
    const back = await fetch(String(start.headers['location']), { redirect: 'manual' })
    const { pathname, search } = new URL(back.headers.get('location') ?? '', github.url)
    return ask({ port: draft.port, path: `${pathname}${search}`, headers: { cookie } })
  }

  test('signs a browser in, and shows the password there and nowhere else', async () => {
    const page = await signIn()
    expect(page.status).toBe(200)
    expect(showsIn(JSON.stringify(page))).toEqual([])
    const password = /\b[A-Za-z0-9]{16}\b/.exec(page.body.replace(/<style[^]*?<\/style>/g, ''))?.[0] ?? ''
    expect(await says('in-github', password)).toBe('nothing')
    const everything = `${server.child.output()}${told.join('\n')}`
    for (const form of [password, Buffer.from(`in-github:${password}`).toString('base64')])
      expect(everything).not.toContain(form)
    await putSignIn()
  })

  test('meets a GitHub that repeats whatever it is told', async () => {
    const echo = (status: number) => (request: { headers: object; body: URLSearchParams }) => ({
      status,
      headers: { 'x-echo': `${WORD} ${CLIENT.clientSecret}` },
      json: {
        error: 'server_error',
        error_description: CLIENT.clientSecret,
        ...request.headers,
        ...Object.fromEntries(request.body),
      },
    })
    for (const status of [200, 400, 401, 500]) {
      github.override('/login/oauth/access_token', echo(status))
      told.push(JSON.stringify(await signIn()))
      github.override('/api/v3/user', echo(status))
      await says('in-github', secret('in-github'))
    }
  })

  test('has a service account that is refused, and then no back end at all', async () => {
    await mongo.stop()
    expect(await says('in-database', secret('in-database'))).toBe('500')
    const other = 'changetype: modify\nreplace: userPassword\nuserPassword: other\n'
    await slapd.add(`dn: cn=searcher,ou=services,dc=example,dc=org\n${other}`)
    await slapd.kill()
    await slapd.restart()
    expect(await says('in-directory', secret('in-directory'))).toBe('500')
    await slapd.kill()
    await redis.stop()
    await everyoneTries()
  })

  test('finds Redis again with another password, which it refuses', async () => {
    const other = await startRedis({ password: `another ${WORD}` })
    const options = { addr: other.addresses[0], password: secret('redis') }
    const provider = config['github_auth'] as object
    config = { ...config, github_auth: { ...provider, redis_token_db: { redis_options: options } } }
    replace(server.configFile, configWith(draft, config))
    server.child.signal('SIGHUP')
    await eventually('it reloaded', () => server.lines().some(({ msg }) => msg === 'reloaded'))
    expect(await says('in-github', secret('in-github'))).toBe('500')
  })

  test('refuses a configuration that breaks off within a secret', async () => {
    const text = readFileSync(server.configFile, 'utf8')
    replace(server.configFile, text.slice(0, text.indexOf(WORD) + WORD.length))
    server.child.signal('SIGHUP')
    await eventually('it says so', () => server.lines().some(({ msg }) => String(msg).startsWith('reload refused')))
  })

  test('never shows the word', async () => {
    await server.stop()
    expect(told.length).toBeGreaterThan(50)
    expect(server.lines().length).toBeGreaterThan(50)
    expect(showsIn(told.join('\n'))).toEqual([])
    expect(showsIn(server.child.output())).toEqual([])
  })
})
