// Browser sign-ins in stores that replicas share: what one replica stores another knows, also while the store is migrated.
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { migrateStores } from '../../src/authn/web/migration.ts'
import { readTokenDb, tokenDbKeys } from '../../src/authn/web/token-db.ts'
import type { StoreChoice } from '../../src/authn/web/token-db.ts'
import { createWebSignIn } from '../../src/authn/web/web-password.ts'
import { createReport } from '../../src/config-problems.ts'
import { createFileSet } from '../../src/lib/files.ts'
import { openRecordStore } from '../../src/lib/record-stores.ts'
import type { StoreSettings } from '../../src/lib/record-stores.ts'
import { strict } from '../../src/lib/schema.ts'
import { Secret } from '../../src/lib/secret.ts'
import { parseYaml } from '../../src/lib/yaml.ts'
import { createFakeProvider, known, SECRET_KEY, tokens } from '../authn/web.ts'
import { authnTools } from '../support/authn-tools.ts'
import { cleanUp } from './children.ts'
import { mongoRequirement, startMongo } from './mongo.ts'
import { startRedis } from './redis.ts'
import { requires } from './requires.ts'

const HOUR = 3600e3

async function read(text: string): Promise<StoreChoice> {
  const document = parseYaml(text, 'config.yml')
  const findings = { problems: [], warnings: [] }
  const report = createReport('config.yml', document, findings)
  const config = report.parse([], strict(tokenDbKeys), document.value)
  const choice = config && (await readTokenDb(config, { files: createFileSet(), report }))
  expect(findings.problems).toEqual([])
  return choice!
}

const openStore = async (settings: StoreSettings) => {
  const value = await openRecordStore(settings)
  return { value, release: () => value.close() }
}

async function replica(store: StoreChoice) {
  const provider = createFakeProvider()
  provider.answer = known({ validUntil: Date.now() + HOUR })
  const web = await createWebSignIn(
    { providers: [{ provider, store }], secretKey: SECRET_KEY },
    authnTools({ openStore }),
  )
  return {
    web,
    login: async (password: string) =>
      (await web.authenticate({ account: 'bob', password: new Secret(password) })).outcome,
  }
}

/** Sign-in on one replica, login on the other, revocation on the first. */
async function shares(store: StoreChoice, migrates: boolean): Promise<void> {
  const one = await replica(store)
  const other = await replica(store)
  try {
    const signedIn = await one.web.signedIn('github', tokens('x'))
    const password = signedIn.outcome === 'stored' ? signedIn.issued.password.reveal() : ''
    await expect(other.login(password)).resolves.toBe('accepted')
    await expect(other.login('wrong')).resolves.toBe('rejected')
    for (const undo of migrates ? [false, true, false] : []) {
      const stores = { providers: [{ name: 'github', store }] as const, secretKey: SECRET_KEY }
      for await (const migration of migrateStores(stores, undo, { openStore, randomBytes, now: Date.now }))
        expect(migration).toMatchObject({ moved: 1, ended: 0, strange: 0 })
      await expect(one.login(password)).resolves.toBe('accepted')
      await expect(other.login(password)).resolves.toBe('accepted')
    }
    await one.web.revoke('github', 'bob')
    await expect(other.login(password)).resolves.toBe('no-match')
  } finally {
    await one.web.close?.()
    await other.web.close?.()
  }
}

requires('redis-server', 'redis-cli')('sign-ins in Redis', () => {
  afterAll(cleanUp)

  test('are shared, and migrated while they are used', async () => {
    const { addresses } = await startRedis({ password: 'of redis' })
    await shares(await read(`redis_token_db: {redis_options: {addr: "${addresses[0]!}", password: of redis}}`), true)
  })

  test('are shared by a cluster, too', async () => {
    const { addresses } = await startRedis({ cluster: true })
    await shares(await read(`redis_token_db: {redis_cluster_options: {addrs: ["${addresses.join('", "')}"]}}`), true)
  })
})

requires(...mongoRequirement())('sign-ins in MongoDB', () => {
  let store: StoreChoice
  beforeAll(async () => {
    const { uri, database } = await startMongo()
    store = await read(`mongo_token_db: {uri: "${uri}/${database}", collection: tokens}`)
  })
  afterAll(cleanUp)

  test('are shared', async () => {
    await shares(store, false)
  })
})
