// The record stores that live across the network, against real servers: what they promise, restarts, wrong passwords, silence.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { join } from 'node:path'
import { createClient } from '@redis/client'
import { MongoClient } from 'mongodb'
import { BackendError } from '../../src/lib/errors.ts'
import { createMongoStore } from '../../src/lib/mongo-store.ts'
import type { MongoStoreSettings } from '../../src/lib/mongo-store.ts'
import type { RecordStore } from '../../src/lib/record-store.ts'
import { createRedisStore } from '../../src/lib/redis-store.ts'
import type { RedisStoreSettings } from '../../src/lib/redis-store.ts'
import { Secret } from '../../src/lib/secret.ts'
import { recordStoreConformance } from '../lib/record-store-conformance.ts'
import { makeCertificate } from './certificate.ts'
import type { CertificateFiles } from './certificate.ts'
import { cleanUp, freePort, scratchFolder, startChild, waitUntil } from './children.ts'
import { mongoRequirement, ownMongoRequirement, startMongo, startOwnMongo } from './mongo.ts'
import type { Mongo } from './mongo.ts'
import { startRedis } from './redis.ts'
import type { Redis } from './redis.ts'
import { SLOW, requires } from './requires.ts'
import { startPassage, startSilence } from './silence.ts'

const bytes = (text: string): Buffer => Buffer.from(text)

const redisAt = (addresses: readonly string[], changes: Partial<RedisStoreSettings> = {}): RedisStoreSettings => ({
  kind: 'redis',
  servers: addresses.map((address) => ({ host: '127.0.0.1', port: Number(address.split(':')[1]) })),
  cluster: undefined,
  password: undefined,
  database: 0,
  connectTimeout: 2000,
  commandTimeout: 2000,
  retries: { count: 0, least: 8, most: 512 },
  tls: undefined,
  ...changes,
})
const inCluster = { cluster: { redirects: 8, replicas: false } } as const

const mongoAt = ({ uri, database }: Mongo, changes: Partial<MongoStoreSettings> = {}): MongoStoreSettings => ({
  kind: 'mongo',
  uri: new Secret(uri),
  credentials: undefined,
  tls: false,
  direct: false,
  selectionTimeout: 2000,
  timeout: 5000,
  database,
  collection: 'records',
  ...changes,
})

/** Asks until the store answers again; a store that never does fails the test by its time limit. */
async function untilItAnswers(store: RecordStore): Promise<void> {
  for (;;) {
    const answer = await store.check(new AbortController().signal).then(
      () => true,
      () => false,
    )
    if (answer) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

async function emptied(store: RecordStore): Promise<RecordStore> {
  for await (const [key] of store.entries()) await store.delete(key)
  return store
}

afterAll(cleanUp)

requires(
  SLOW,
  'redis-server',
  'redis-cli',
)('redis_token_db of one server', () => {
  let redis: Redis
  beforeAll(async () => {
    redis = await startRedis({ password: 'pass word"' })
  })
  const settings = (changes: Partial<RedisStoreSettings> = {}): RedisStoreSettings =>
    redisAt(redis.addresses, { password: new Secret('pass word"'), ...changes })

  recordStoreConformance('redis', async () => ({
    store: await emptied(await createRedisStore(settings())),
    broken: await createRedisStore(redisAt([`127.0.0.1:${await freePort()}`])),
  }))

  test('a record is a string under its very key, as docker_auth keeps it', async () => {
    const store = await createRedisStore(settings({ database: 3 }))
    await store.put('t:alice', bytes('{"token_type":"bearer"}'))
    await store.put('t:bob', bytes('{}'), 3600e3)
    const client = createClient({ url: `redis://${redis.addresses[0]!}`, password: 'pass word"', database: 3 })
    await client.connect()
    expect(await client.get('t:alice')).toBe('{"token_type":"bearer"}')
    expect(await client.ttl('t:alice')).toBe(-1)
    expect(await client.pTTL('t:bob')).toBeGreaterThan(3500e3)
    await client.hSet('t:carol', 'a', 'b')
    const keys: string[] = []
    for await (const [key] of store.entries()) keys.push(key)
    expect(keys.sort()).toEqual(['t:alice', 't:bob'])
    await client.close()
    await store.close()
  })

  test.each([undefined, new Secret('wrong')])('a password that is missing or wrong is an outage', async (password) => {
    const store = await createRedisStore(settings({ password }))
    await expect(store.get('t:alice')).rejects.toBeInstanceOf(BackendError)
    await store.close()
  })

  test('after the server was killed and started again, the same store answers', async () => {
    const store = await createRedisStore(settings())
    await store.put('t:alice', bytes('x'))
    await redis.stop()
    await expect(store.get('t:alice')).rejects.toBeInstanceOf(BackendError)
    await expect(store.get('t:alice')).rejects.toBeInstanceOf(BackendError)
    await redis.restart()
    await expect(store.get('t:alice')).resolves.toEqual(bytes('x'))
    await store.close()
  })

  test('a server that falls silent in the middle is an outage, and is found again by itself', async () => {
    const passage = await startPassage(Number(redis.addresses[0]!.split(':')[1]))
    const { servers } = redisAt([`127.0.0.1:${passage.port}`])
    const store = await createRedisStore(settings({ servers, connectTimeout: 200, commandTimeout: 200 }))
    await store.put('t:alice', bytes('x'))
    passage.hush()
    await expect(store.get('t:alice')).rejects.toThrow('did not answer within 200 ms')
    passage.speak()
    await untilItAnswers(store)
    await expect(store.get('t:alice')).resolves.toEqual(bytes('x'))
    await store.close()
    passage.close()
  })

  test('starts while it is down, and answers once it is up', async () => {
    await redis.stop()
    const store = await createRedisStore(settings())
    await expect(store.get('t:nobody')).rejects.toBeInstanceOf(BackendError)
    await redis.restart()
    await expect(store.get('t:nobody')).resolves.toBeUndefined()
    await store.close()
  })

  test('with retries, a command outlives a restart that is short', async () => {
    const store = await createRedisStore(settings({ retries: { count: 100, least: 50, most: 200 } }))
    await store.put('t:alice', bytes('x'))
    await redis.stop()
    const answer = store.get('t:alice')
    await redis.restart()
    await expect(answer).resolves.toEqual(bytes('x'))
    await store.close()
  })
})

requires(
  SLOW,
  'redis-server',
  'redis-cli',
)('redis_token_db of a cluster', () => {
  let redis: Redis
  beforeAll(async () => {
    redis = await startRedis({ cluster: true, password: 'secret' })
  })
  const settings = (): RedisStoreSettings =>
    redisAt(redis.addresses.slice(0, 1), { ...inCluster, password: new Secret('secret') })

  recordStoreConformance('a redis cluster', async () => ({
    store: await emptied(await createRedisStore(settings())),
    broken: await createRedisStore(redisAt([`127.0.0.1:${await freePort()}`], inCluster)),
  }))

  test('after every server was killed and started again, the same store answers', async () => {
    const store = await createRedisStore(settings())
    const keys = Array.from({ length: 30 }, (_, index) => `t:user ${index}`)
    for (const key of keys) await store.put(key, bytes(key))
    await redis.stop()
    await expect(store.get('t:user 1')).rejects.toBeInstanceOf(BackendError)
    await redis.restart()
    await untilItAnswers(store)
    for (const key of keys) {
      const value = await store.get(key).catch(async () => {
        await new Promise((resolve) => setTimeout(resolve, 1500)) // each server is found again in its own time
        return store.get(key)
      })
      expect(value).toEqual(bytes(key))
    }
    await store.close()
  })
})

requires(SLOW, ...mongoRequirement())('mongo_token_db', () => {
  let mongo: Mongo
  let client: MongoClient
  beforeAll(async () => {
    mongo = await startMongo()
    client = new MongoClient(mongo.uri)
  })
  afterAll(async () => {
    await client.db(mongo.database).dropDatabase()
    await client.close()
  })

  recordStoreConformance('mongo', async () => {
    const nobody = `mongodb://127.0.0.1:${await freePort()}/`
    return {
      store: await emptied(await createMongoStore(mongoAt(mongo))),
      broken: await createMongoStore(mongoAt({ ...mongo, uri: nobody }, { selectionTimeout: 300, timeout: 1000 })),
    }
  })

  test('a record says when it expires, and the server is asked to remove it then', async () => {
    const store = await createMongoStore(mongoAt(mongo, { collection: 'expiring' }), () => 1_700_000_000_000)
    const collection = client.db(mongo.database).collection<{ _id: string }>('expiring')
    await store.put('t:alice', bytes('x'), 3600e3)
    expect(await collection.findOne({ _id: 't:alice' })).toMatchObject({ expires: new Date(1_700_003_600_000) })
    await store.put('t:alice', bytes('x'))
    expect(await collection.findOne({ _id: 't:alice' })).not.toHaveProperty('expires')
    if (mongo.program !== 'ferretdb-test') {
      expect(await collection.indexes()).toContainEqual(expect.objectContaining({ expireAfterSeconds: 0 }))
    }
    await store.close()
  })

  test('what somebody else put into the collection is no record', async () => {
    const store = await createMongoStore(mongoAt(mongo, { collection: 'shared' }))
    await client
      .db(mongo.database)
      .collection<{ _id: unknown; value?: unknown }>('shared')
      .insertMany([{ _id: 7 }, { _id: 't:bob', value: 'text' }, { _id: { a: 1 } }])
    await store.put('t:alice', bytes('x'))
    const keys: string[] = []
    for await (const [key] of store.entries()) keys.push(key)
    expect(keys).toEqual(['t:alice'])
    await expect(store.get('t:bob')).resolves.toBeUndefined()
    await store.close()
  })
})

requires(SLOW, ...ownMongoRequirement())('mongo_token_db, when its server is killed', () => {
  test('is an outage, and answers again once it is back', async () => {
    const mongo = await startOwnMongo()
    const store = await createMongoStore(mongoAt(mongo))
    await store.put('t:alice', bytes('x'))
    await mongo.stop()
    await expect(store.get('t:alice')).rejects.toBeInstanceOf(BackendError)
    await mongo.restart()
    await untilItAnswers(store)
    await expect(store.get('t:alice')).resolves.toEqual(bytes('x'))
    await store.close()
  })
})

requires(
  SLOW,
  'redis-server',
  'openssl',
)('redis_token_db over TLS and over a unix socket', () => {
  let port: number
  let path: string
  let certificate: CertificateFiles
  beforeAll(async () => {
    port = await freePort()
    path = join(scratchFolder(), 'redis.sock')
    certificate = await makeCertificate()
    const child = startChild('redis-server', [
      ...['--port', '0', '--save', '', '--unixsocket', path, '--tls-port', String(port), '--tls-auth-clients', 'no'],
      ...['--tls-cert-file', certificate.certificate, '--tls-key-file', certificate.key],
      ...['--tls-ca-cert-file', certificate.certificate],
    ])
    const store = await createRedisStore(redisAt([], { servers: [{ path }] }))
    await waitUntil(child, async () => {
      await store.check(new AbortController().signal)
      return true
    })
    await store.close()
  })

  const tls = {
    insecureskipverify: false,
    servername: undefined,
    minversion: undefined,
    maxversion: undefined,
  } as const
  const overTls = (changes: Partial<NonNullable<RedisStoreSettings['tls']>>): Promise<RecordStore> =>
    createRedisStore(redisAt([`127.0.0.1:${port}`], { tls: { ...tls, ...changes } }))

  test('a record that went in through TLS comes out of the socket', async () => {
    const [secure, local] = [
      await overTls({ insecureskipverify: true, servername: 'localhost', minversion: 'TLSv1.2' }),
      await createRedisStore(redisAt([], { servers: [{ path }] })),
    ]
    await secure.put('t:alice', bytes('x'))
    await expect(local.get('t:alice')).resolves.toEqual(bytes('x'))
    await secure.close()
    await local.close()
  })

  test('a certificate that nobody vouches for is an outage, and so is speaking without TLS', async () => {
    const stores = [await overTls({}), await createRedisStore(redisAt([`127.0.0.1:${port}`]))]
    for (const store of stores) {
      await expect(store.get('t:alice')).rejects.toBeInstanceOf(BackendError)
      await store.close()
    }
  })
})

describe('a server that takes connections and says nothing', () => {
  test('is an outage for every store, within its time limit', async () => {
    const silence = await startSilence()
    const address = `127.0.0.1:${silence.port}`
    const limits = { connectTimeout: 200, commandTimeout: 200 }
    const uri = `mongodb://${address}/`
    const stores = [
      await createRedisStore(redisAt([address], limits)),
      await createRedisStore(redisAt([address], { ...limits, password: new Secret('secret') })),
      await createRedisStore(redisAt([address], { ...limits, ...inCluster })),
      await createMongoStore(
        mongoAt(
          { uri, host: '', port: 0, database: 'test', program: 'mongod' },
          { selectionTimeout: 300, timeout: 300 },
        ),
      ),
    ]
    for (const store of stores) {
      await expect(store.get('t:alice')).rejects.toThrow(/did not answer within|failed/)
      await expect(store.put('t:alice', bytes('x'), 1000)).rejects.toBeInstanceOf(BackendError)
      await store.close()
    }
    silence.close()
  })
})
