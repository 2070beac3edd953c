// What the driver is told for each of go-redis' option names, and what is said about those that cannot be meant.
import { describe, expect, test } from '@jest/globals'
import { redisClientOptions, redisClusterOptions } from '../../src/lib/redis-connection.ts'
import { createRedisStore, readRedisStore, RedisTokenDbConfig } from '../../src/lib/redis-store.ts'
import type { RedisStoreSettings } from '../../src/lib/redis-store.ts'
import { readSection } from '../support/reading.ts'
import type { ReadSection } from '../support/reading.ts'

const read = (yaml: string): Promise<ReadSection<RedisStoreSettings>> =>
  readSection(yaml, RedisTokenDbConfig, readRedisStore)
const single = (keys: string): Promise<ReadSection<RedisStoreSettings>> => read(`redis_options: {${keys}}`)
const cluster = (keys: string): Promise<ReadSection<RedisStoreSettings>> =>
  read(`redis_cluster_options: {addrs: ["a:1", "b:2"], ${keys}}`)

describe('redis_options', () => {
  test('of docker_auth: an address', async () => {
    const { settings, problems, warnings } = await single('addr: "redis.example.com:6379"')
    expect({ problems, warnings }).toEqual({ problems: [], warnings: [] })
    expect(settings).toEqual({
      kind: 'redis',
      servers: [{ host: 'redis.example.com', port: 6379 }],
      cluster: undefined,
      password: undefined,
      database: 0,
      connectTimeout: 5000,
      commandTimeout: 5000,
      retries: { count: 0, least: 8, most: 512 },
      tls: undefined,
    })
    expect(redisClientOptions(settings!)).not.toHaveProperty('password')
    expect(redisClientOptions(settings!).socket).not.toHaveProperty('tls')
  })

  test.each([
    ['addr: ":6380"', { servers: [{ host: 'localhost', port: 6380 }] }],
    ['db: 3', { servers: [{ host: 'localhost', port: 6379 }], database: 3 }],
    ['network: unix, addr: /run/redis.sock', { servers: [{ path: '/run/redis.sock' }] }],
    ['addr: "[::1]:6379", network: tcp', { servers: [{ host: '::1', port: 6379 }] }],
    ['dialtimeout: 1s, readtimeout: 2s, writetimeout: 500ms', { connectTimeout: 1000, commandTimeout: 2500 }],
    ['readtimeout: 2s', { commandTimeout: 4000 }],
    ['writetimeout: 2s', { commandTimeout: 2000 }],
    ['dialtimeout: 0, readtimeout: -1, writetimeout: -1', { connectTimeout: 5000, commandTimeout: 5000 }],
    ['maxretries: 3', { retries: { count: 3, least: 8, most: 512 } }],
    ['maxretries: -1', { retries: { count: 0, least: 8, most: 512 } }],
    ['minretrybackoff: 1ms, maxretrybackoff: 1s', { retries: { count: 0, least: 1, most: 1000 } }],
    ['minretrybackoff: -1, maxretrybackoff: -1', { retries: { count: 0, least: 0, most: 0 } }],
  ])('%s', async (keys, expected) => {
    const { settings, problems } = await single(keys)
    expect(problems).toEqual([])
    expect(settings).toMatchObject(expected)
  })

  test('the password reaches the driver as it is, and prints nowhere', async () => {
    const { settings } = await single('password: "canary@:/ 1", db: 2')
    expect(redisClientOptions(settings!)).toMatchObject({ password: 'canary@:/ 1', database: 2 })
    expect(JSON.stringify(settings)).not.toContain('canary')
  })

  test("tlsconfig turns TLS on, with the server's certificate checked unless it says otherwise", async () => {
    const plain = await single('tlsconfig: {}')
    expect(redisClientOptions(plain.settings!).socket).toMatchObject({ tls: true, rejectUnauthorized: true })
    const named = await single('tlsconfig: {servername: redis.internal, minversion: 771, maxversion: TLS13}')
    expect(redisClientOptions(named.settings!).socket).toMatchObject({
      servername: 'redis.internal',
      minVersion: 'TLSv1.2',
      maxVersion: 'TLSv1.3',
    })
    const open = await single('tlsconfig: {insecureskipverify: true}')
    expect(redisClientOptions(open.settings!).socket).toMatchObject({ rejectUnauthorized: false })
    expect(open.warnings).toEqual([
      'redis_options.tlsconfig.insecureskipverify: lets anybody between here and Redis read and change records',
    ])
  })

  test('options of a pool that is not there are accepted with a warning', async () => {
    const keys = ['poolsize: 10', 'minidleconns: 1', 'maxconnage: 1h', 'pooltimeout: 4s', 'idletimeout: 5m']
    const { problems, warnings } = await single([...keys, 'idlecheckfrequency: 1m'].join())
    expect(problems).toEqual([])
    expect(warnings).toHaveLength(6)
    expect(warnings).toContain('redis_options.poolsize: has no effect: one connection carries all commands')
  })

  test.each([
    ['adr: x', 'adr: unknown key "adr"; did you mean "addr"?'],
    ['onconnect: x', expect.stringContaining('onconnect: unknown key')],
    ['addr: redis', 'addr: must be host:port'],
    ['addr: "redis://host:6379"', 'addr: must be host:port'],
    ['network: udp', 'network: must be tcp or unix'],
    ['db: -1', 'db: must not be negative'],
    ['db: one', 'db: must be a whole number, not "one"'],
    ['dialtimeout: 5', 'dialtimeout: must be between 1ms and 1h (a number without a unit counts nanoseconds)'],
    ['readtimeout: 5 s', 'readtimeout: must be a duration such as 10s or 1h30m, not "5 s"'],
    ['maxretries: 100000', 'maxretries: must be between -1 and 1000'],
    ['tlsconfig: {rootcas: x}', expect.stringContaining('tlsconfig.rootcas: unknown key')],
    ['tlsconfig: {minversion: 1}', 'tlsconfig.minversion: must be a TLS version'],
  ])('%s is refused', async (keys, problem) => {
    const { settings, problems } = await single(keys)
    expect(problems.map((line) => line.replace('redis_options.', ''))).toEqual([problem])
    expect(settings).toBeUndefined()
  })
})

describe('redis_cluster_options', () => {
  test('every server is told to the driver, and what counts for each of them counts for those they name', async () => {
    const { settings, problems } = await cluster('password: p, readtimeout: 1s, dialtimeout: 2s, tlsconfig: {}')
    expect(problems).toEqual([])
    const options = redisClusterOptions(settings!)
    expect(options.rootNodes).toEqual([{ socket: { host: 'a', port: 1 } }, { socket: { host: 'b', port: 2 } }])
    expect(options.defaults).toMatchObject({ password: 'p', disableOfflineQueue: true })
    expect(options.defaults?.socket).toMatchObject({ tls: true, rejectUnauthorized: true, connectTimeout: 2000 })
    expect(options).toMatchObject({ maxCommandRedirections: 8, useReplicas: false })
  })

  test.each([
    ['maxredirects: 3', { redirects: 3, replicas: false }],
    ['maxredirects: -1', { redirects: 0, replicas: false }],
    ['readonly: true', { redirects: 8, replicas: true }],
    ['routebylatency: true', { redirects: 8, replicas: true }],
    ['routerandomly: true', { redirects: 8, replicas: true }],
  ])('%s', async (keys, expected) => {
    expect((await cluster(keys)).settings?.cluster).toEqual(expected)
  })

  test('goes before a single server', async () => {
    const { settings, warnings } = await read('{redis_options: {addr: "c:3"}, redis_cluster_options: {addrs: ["a:1"]}}')
    expect(settings?.servers).toEqual([{ host: 'a', port: 1 }])
    expect(warnings).toEqual(['redis_options: has no effect beside redis_cluster_options'])
  })

  test.each([
    ['redis_cluster_options: {addrs: []}', 'redis_cluster_options.addrs: must name a server'],
    ['redis_cluster_options: {}', 'redis_cluster_options.addrs: is required'],
    ['redis_cluster_options: {addrs: ["a:1", b]}', 'redis_cluster_options.addrs[1]: must be host:port'],
    ['redis_cluster_options: {addrs: ["a:1"], db: 1}', expect.stringContaining('unknown key "db"')],
    ['{}', ': redis_options or redis_cluster_options is needed to know where the records are'],
  ])('%s is refused', async (yaml, problem) => {
    const { settings, problems } = await read(yaml)
    expect(problems).toEqual([problem])
    expect(settings).toBeUndefined()
  })
})

test('a store opens and closes while there is nothing to connect to', async () => {
  const { settings } = await single('addr: "127.0.0.1:9"')
  const store = await createRedisStore(settings!)
  await store.close()
  await expect(store.close()).resolves.toBeUndefined()
})
