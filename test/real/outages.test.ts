// Back ends that are down, come up, go away and fall silent while the whole program runs: what clients and probes are told.
import { writeFileSync } from 'node:fs'
import { afterAll, beforeEach, describe, expect, test } from '@jest/globals'
import { type Answer, eventually } from './asking.ts'
import { type Backend, askToken, expectDegraded, expectOutage, outage, readyz, saysOf, startWith } from './backends.ts'
import { hash, inDirectory, inMongo, inRedis, password, signedInAtGithub, withSecretKey } from './backends-people.ts'
import { type Service, inService, programs, startService } from './backends-programs.ts'
import { cleanUp, freePort } from './children.ts'
import { type Draft, createDraft } from './draft.ts'
import { everybody } from './ldap-people.ts'
import { ownMongoRequirement, startOwnMongo } from './mongo.ts'
import { startRedis } from './redis.ts'
import { requires } from './requires.ts'
import type { Server } from './server.ts'
import { startSlapd } from './slapd.ts'

let draft: Draft
beforeEach(async () => {
  draft = await createDraft()
})
afterAll(cleanUp)

describe('when every back end is down at start', () => {
  const first = { account: 'first', password }
  const late = { account: 'late', password }
  const nobody = { account: 'nobody', password }

  /** Users, five back ends that nobody runs, and a module that knows one account. */
  const start = async (chain: object): Promise<Server> => {
    const port = await freePort()
    writeFileSync(
      draft.at('late.mjs'),
      `export const authenticator = { authenticate: ({ account }) =>
        account === 'late' ? { outcome: 'accepted', labels: { team: ['developers'] } } : { outcome: 'no-match' } }`,
    )
    return startWith(draft, {
      ...chain,
      users: { first: { password: hash, labels: { team: ['developers'] } } },
      ...inService(`http://localhost:${port}/check?key=in-the-url`).sections,
      ...signedInAtGithub({ redis_token_db: { redis_options: { addr: `localhost:${port}`, maxretries: -1 } } })
        .sections,
      ...withSecretKey(draft),
      ...inDirectory(draft, { url: `ldap://localhost:${port}`, baseDn: 'dc=example,dc=org' }).sections,
      mongo_auth: {
        dial_info: { addrs: [`localhost:${port}`], database: 'db', failfast: true },
        collection: 'users',
      },
      plugin_authn: { module: './late.mjs' },
    })
  }

  test('the program starts, probes name them, and whoever comes before them logs in', async () => {
    const server = await start({})
    const names = ['ext_auth', 'github_auth', 'ldap_auth', 'mongo_auth']
    await expectDegraded(draft.port, ...names)
    expect(saysOf(await askToken(draft.port, first))).toBe('pull,push')
    expectOutage(await askToken(draft.port, late))
    expectOutage(await askToken(draft.port, nobody))
    const logged = server
      .lines()
      .flatMap(({ msg, backend }) => (msg === 'the back end does not answer' ? [backend] : []))
    expect(logged.sort()).toEqual(names)
    await server.stop()
  })

  test('on_error: continue lets in whoever comes after them, and nobody else is told more than before', async () => {
    const server = await start({ on_error: 'continue' })
    expect(saysOf(await askToken(draft.port, late))).toBe('pull,push')
    expectOutage(await askToken(draft.port, nobody))
    await server.stop()
  })
})

interface Movable extends Backend {
  readonly up: () => Promise<void>
  readonly down: () => Promise<void>
}

/** Down at start, up, killed, up again: without a restart of the program, and never a denial in between. */
async function survives({ up, down, ...backend }: Movable, name: string): Promise<void> {
  await down()
  const server = await startWith(draft, { ...backend.sections, credential_cache: { ttl: '0s' } })
  const says = async (): Promise<string> => saysOf(await askToken(draft.port, backend))
  expectOutage(await askToken(draft.port, backend))
  await expectDegraded(draft.port, name)

  for (let round = 0; round < 2; round++) {
    await up()
    await eventually('it lets in again', async () => {
      const said = await says()
      expect(['500', 'pull,push']).toContain(said)
      return said === 'pull,push'
    })
    // Several connections at once are open when it goes.
    await Promise.all(Array.from({ length: 10 }, says))
    await down()
    for (const answer of await Promise.all(Array.from({ length: 5 }, () => askToken(draft.port, backend))))
      expectOutage(answer)
  }
  await server.stop()
}

requires(
  'slapd',
  'slapadd',
  'ldapmodify',
)('a directory', () => {
  test('may be down, come up and be killed', async () => {
    const slapd = await startSlapd({ entries: everybody })
    await survives({ ...inDirectory(draft, slapd), up: () => slapd.restart(), down: () => slapd.kill() }, 'ldap_auth')
  })
})

requires(...ownMongoRequirement())('a MongoDB', () => {
  test('may be down, come up and be killed', async () => {
    const mongo = await startOwnMongo()
    await survives({ ...(await inMongo(mongo)), up: () => mongo.restart(), down: () => mongo.stop() }, 'mongo_auth')
  })
})

requires('redis-server', 'redis-cli')('a Redis with sign-ins', () => {
  test('may be down, come up and be killed', async () => {
    const redis = await startRedis()
    const backend = await inRedis(draft, redis.addresses[0]!)
    await survives({ ...backend, up: () => redis.restart(), down: () => redis.stop() }, 'github_auth')
  })
})

describe('a service', () => {
  test('may be down, come up and go away', async () => {
    const port = await freePort()
    let service: Service | undefined
    const down = async (): Promise<void> => {
      await service?.stop()
      service = undefined
    }
    const up = async (): Promise<void> => {
      service = await startService(port)
    }
    await survives({ ...inService(`http://127.0.0.1:${port}/check`), up, down }, 'ext_auth')
  })

  test('that is busy makes the last of many come back later, which is no denial', async () => {
    const held: (() => void)[] = []
    let open = false
    const service = await startService(0, (request, response) => {
      request.resume()
      const answer = (): void =>
        void response.end(JSON.stringify({ result: 'allow', labels: { team: ['developers'] } }))
      if (open) answer()
      else held.push(answer)
    })
    const { sections, ...alice } = inService(service.url)
    const section = { url: service.url, timeout: '30s', max_concurrent: 1 }
    const server = await startWith(draft, { ...sections, ext_auth: section })

    // One is asked about and a hundred wait; these are more.
    const answers: Answer[] = []
    const asked = Array.from({ length: 104 }, async () => answers.push(await askToken(draft.port, alice)))
    await eventually('the last ones are answered', () => answers.length === 3)
    for (const { status, headers, body } of answers) {
      expect({ status, body }).toEqual({ status: 503, body: outage })
      expect(headers['retry-after']).toMatch(/^[1-9]\d*$/)
      expect(headers).not.toHaveProperty('www-authenticate')
    }
    expect(await readyz(draft.port)).toMatchObject({ status: 200 })

    open = true
    for (const answer of held) answer()
    await Promise.all(asked)
    expect(answers.slice(3).map(saysOf)).toEqual(Array.from({ length: 101 }, () => 'pull,push'))
    await server.stop()
    await service.stop()
  })
})

describe('a program that stays', () => {
  test('is started again by the login after its end', async () => {
    const backend = programs['a program that stays'](draft)
    const text = `#!/usr/bin/env node
require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, account } = JSON.parse(line)
  if (account === 'killer') process.kill(process.pid, 'SIGKILL')
  console.log(JSON.stringify({ id, result: 'allow', labels: { team: ['developers'] } }))
})
`
    writeFileSync(draft.at('stays.cjs'), text)
    const server = await startWith(draft, backend.sections)
    expect(saysOf(await askToken(draft.port, backend))).toBe('pull,push')
    expectOutage(await askToken(draft.port, { ...backend, account: 'killer' }))
    await eventually('it runs again', async () => saysOf(await askToken(draft.port, backend)) === 'pull,push')
    await server.stop()
  })
})
