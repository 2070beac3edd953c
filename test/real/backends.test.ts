// The real docker command signs in with every back end through the whole program, and labels decide what it may do.
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { basic } from './asking.ts'
import { type Backend, askToken, saysOf, startWith, visible } from './backends.ts'
import { inDirectory, inLevelDb, inMongo, inRedis, inUsers } from './backends-people.ts'
import { type Service, inService, programs, startService } from './backends-programs.ts'
import { makeCertificate } from './certificate.ts'
import { cleanUp, fails, scratchFolder, succeeds } from './children.ts'
import { type Draft, createDraft } from './draft.ts'
import { everybody } from './ldap-people.ts'
import { mongoRequirement, startMongo } from './mongo.ts'
import { startRedis } from './redis.ts'
import { requires } from './requires.ts'
import type { Server } from './server.ts'
import { type Slapd, startSlapd } from './slapd.ts'

let draft: Draft
beforeEach(async () => {
  draft = await createDraft()
})
afterAll(cleanUp)

/** What everybody who logs in, and everybody who should not, is told through the whole program. */
async function signsIn({ sections, account, password }: Backend): Promise<void> {
  const server: Server = await startWith(draft, sections)
  const { port, registryPort } = draft
  const login = (name: string, word: string): Parameters<typeof succeeds> => {
    const folder = scratchFolder()
    const args = ['login', '--username', name, '--password-stdin', `localhost:${registryPort}`]
    const env = { DOCKER_CONFIG: folder, DOCKER_HOST: `unix://${join(folder, 'no-engine.sock')}` }
    return ['docker', args, { env, input: word }]
  }
  expect(await succeeds(...login(account, password))).toContain('Login Succeeded')
  expect(await fails(...login(account, 'wrong'))).toMatch(/unauthorized/i)

  expect(saysOf(await askToken(port, { account, password }))).toBe('pull,push')
  const elsewhere = '/auth?service=Test+registry&scope=repository:elsewhere/app:pull,push'
  expect(saysOf(await askToken(port, { account, password }, { path: elsewhere }))).toBe('nothing')

  const refused = await askToken(port, { account, password: 'wrong' })
  expect(refused.status).toBe(401)
  for (const [name, word] of [
    ['nobody', password],
    [account, ''],
    ['', password],
    [`${account} `, password],
  ] as const) {
    const headers = basic(name, word)
    expect(visible(await askToken(port, { account, password }, { headers }))).toEqual(visible(refused))
  }
  await server.stop()
}

requires('docker')('docker login', () => {
  test('with users', () => signsIn(inUsers()))
  test('with the record of a sign-in at GitHub in LevelDB', async () => signsIn(await inLevelDb(draft)))
  test.each(Object.entries(programs))('with %s', (_title, backend) => signsIn(backend(draft)))

  describe('with a service', () => {
    let service: Service
    afterEach(() => service.stop())

    test('on a port of this machine', async () => {
      service = await startService(0)
      await signsIn(inService(service.url))
    })

    test('on a socket', async () => {
      service = await startService(draft.at('service.sock'))
      await signsIn(inService(service.url))
    })
  })
})

requires(
  'docker',
  'openssl',
  'slapd',
  'slapadd',
  'ldapmodify',
)('docker login with a directory', () => {
  let slapd: Slapd
  let ca: object

  beforeAll(async () => {
    const tls = await makeCertificate()
    ca = { ca_certificate: tls.certificate }
    slapd = await startSlapd({ entries: everybody, tls })
  })

  test('in clear text', () => signsIn(inDirectory(draft, slapd)))
  test('over StartTLS', () => signsIn(inDirectory(draft, slapd, { ...ca, tls: 'starttls' })))
  test('over LDAPS', () => signsIn(inDirectory(draft, { ...slapd, url: slapd.ldapsUrl }, ca)))
})

requires('docker', ...mongoRequirement())('docker login with a database', () => {
  test('in MongoDB', async () => signsIn(await inMongo(await startMongo())))
})

requires(
  'docker',
  'redis-server',
  'redis-cli',
)('docker login with the record of a sign-in', () => {
  test('at GitHub in Redis', async () => {
    const { addresses } = await startRedis()
    await signsIn(await inRedis(draft, addresses[0]!))
  })
})
