// What the driver is told for each key of dial_info, and what is said about keys that cannot be meant.
import { describe, expect, test } from '@jest/globals'
import { MongoClient } from 'mongodb'
import type { MongoClientOptions } from 'mongodb'
import { mongoClientOptions, mongoKeys, readMongo } from '../../src/lib/mongo-config.ts'
import type { MongoSettings } from '../../src/lib/mongo-config.ts'
import { strict } from '../../src/lib/schema.ts'
import { useFolder } from '../support/folder.ts'
import { readSection } from '../support/reading.ts'
import type { ReadSection } from '../support/reading.ts'

const folder = useFolder()
const Config = strict(mongoKeys)

const read = (yaml: string): Promise<ReadSection<MongoSettings>> => readSection(yaml, Config, readMongo)
const readDial = (keys: string): Promise<ReadSection<MongoSettings>> =>
  read(`{dial_info: {addrs: [localhost], database: auth, ${keys}}, collection: users}`)

async function settingsOf(yaml: string): Promise<MongoSettings> {
  const { settings, problems } = await read(yaml)
  expect(problems).toEqual([])
  return settings!
}

const optionsOf = async (keys: string): Promise<MongoClientOptions> =>
  mongoClientOptions((await readDial(keys)).settings!)

describe('dial_info', () => {
  test('as short as it can be: every default', async () => {
    const settings = await settingsOf('{dial_info: {addrs: [localhost], database: auth}, collection: users}')
    expect(settings.uri.reveal()).toBe('mongodb://localhost/')
    expect(settings).toMatchObject({ database: 'auth', collection: 'users', timeout: 10_000 })
    expect(mongoClientOptions(settings)).toEqual({
      appName: 'registry-auth',
      serverSelectionTimeoutMS: 10_000,
      connectTimeoutMS: 10_000,
      socketTimeoutMS: 10_000,
      waitQueueTimeoutMS: 10_000,
    })
  })

  test('as docker_auth documents it, with an empty user: no credentials', async () => {
    const options = await optionsOf(`timeout: "10s", username: "", password_file: "", enable_tls: false`)
    expect(options).not.toHaveProperty('auth')
    expect(options).not.toHaveProperty('authSource')
    expect(options).not.toHaveProperty('tls')
  })

  test('all addresses are asked', async () => {
    const settings = await settingsOf(
      '{dial_info: {addrs: [one, "two:27018", "[::1]:27019", 10.0.0.1], database: auth}, collection: users}',
    )
    const client = new MongoClient(settings.uri.reveal(), mongoClientOptions(settings))
    expect(client.options.hosts.map(String)).toEqual(['one:27017', 'two:27018', '[::1]:27019', '10.0.0.1:27017'])
  })

  test.each([
    ['timeout: 3s', { serverSelectionTimeoutMS: 3000, connectTimeoutMS: 3000, socketTimeoutMS: 3000 }],
    ['timeout: 0', { serverSelectionTimeoutMS: 10_000, socketTimeoutMS: 10_000 }],
    ['timeout: 3s, failfast: true', { serverSelectionTimeoutMS: 1000, socketTimeoutMS: 3000 }],
    ['timeout: 500ms, failfast: true', { serverSelectionTimeoutMS: 500 }],
    ['enable_tls: true', { tls: true }],
    ['direct: true', { directConnection: true }],
    ['username: u, password: p', { auth: { username: 'u', password: 'p' }, authSource: 'admin' }],
    ['username: u, password: p', { authMechanism: 'DEFAULT' }],
    ['username: u, password: p, source: other', { authSource: 'other' }],
    ['username: u, password: p, mechanism: SCRAM-SHA-256', { authMechanism: 'SCRAM-SHA-256', authSource: 'admin' }],
    ['username: u, password: p, mechanism: SCRAM-SHA-1', { authMechanism: 'SCRAM-SHA-1' }],
    ['username: u, password: p, mechanism: MONGODB-CR', { authMechanism: 'DEFAULT' }],
    ['username: u, password: p, mechanism: PLAIN', { authMechanism: 'PLAIN', authSource: '$external' }],
    [
      'username: u, mechanism: GSSAPI, service: mongo, source: x',
      { authMechanism: 'GSSAPI', authSource: '$external', authMechanismProperties: { SERVICE_NAME: 'mongo' } },
    ],
  ])('%s', async (keys, expected) => {
    expect(await optionsOf(keys)).toMatchObject(expected)
  })

  test.each(['p@ss:/?#[]%w&rd', ' inner  blanks ', '$$', 'pässwörd'])(
    'the password %j reaches the driver as it is, and no connection string',
    async (password) => {
      const { settings } = await readDial(`username: "us@r", password: ${JSON.stringify(password)}`)
      expect(settings!.uri.reveal()).toBe('mongodb://localhost/')
      const client = new MongoClient(settings!.uri.reveal(), mongoClientOptions(settings!))
      expect(client.options.credentials).toMatchObject({ username: 'us@r', password, source: 'admin' })
    },
  )

  test('the password file goes before the password, and its last line break is none of it', async () => {
    const file = await folder.write('password', ' from file \n')
    const options = await optionsOf(`username: u, password: other, password_file: ${file}`)
    expect(options.auth).toEqual({ username: 'u', password: 'from file' })
  })

  test('the settings never print the password', async () => {
    const { settings } = await readDial('username: u, password: canary-1')
    expect(JSON.stringify(settings)).not.toContain('canary-1')
  })

  test.each([
    ['{collection: users}', [': dial_info is needed to know where the database is (or uri, a connection string)']],
    [
      '{dial_info: {addrs: [a], database: d}, uri: "mongodb://a/d", collection: users}',
      ['uri: dial_info says where the database is: only one of the two can'],
    ],
    ['{dial_info: {database: d}, collection: users}', ['dial_info.addrs: is required']],
    ['{dial_info: {addrs: [], database: d}, collection: users}', ['dial_info.addrs: must name a server']],
    ['{dial_info: {addrs: [a]}, collection: users}', ['dial_info.database: is required']],
    ['{dial_info: {addrs: [a], database: d}}', ['collection: is required']],
    ['{dial_info: {addrs: [a], database: d}, collection: ""}', ['collection: must not be empty']],
    [
      '{dial_info: {addrs: [a], database: d, timout: 1s}, collection: c}',
      ['dial_info.timout: unknown key "timout"; did you mean "timeout"?'],
    ],
  ])('%s is refused', async (yaml, expected) => {
    const { settings, problems } = await read(yaml)
    expect(problems).toEqual(expected)
    expect(settings).toBeUndefined()
  })

  test.each(['user:password@host', 'mongodb://host', 'host/?tls=false', 'a,b', 'host:port', '', ' a', '%2Ftmp%2Fx'])(
    'the address %j is refused: it would say more than where a server is',
    async (address) => {
      const { problems } = await read(
        `{dial_info: {addrs: [${JSON.stringify(address)}], database: d}, collection: users}`,
      )
      expect(problems).toEqual(['dial_info.addrs[0]: must be a host name or address, with or without a port'])
    },
  )

  test.each([
    ['username: u', 'dial_info.username: needs a password_file or a password'],
    ['addrs: [a, b], direct: true', 'dial_info.direct: takes one address: it means that no other server is asked'],
    ['timeout: 10', 'dial_info.timeout: must be between 1ms and 1h (a number without a unit counts nanoseconds)'],
    ['timeout: -1s', 'dial_info.timeout: must be between 1ms and 1h (a number without a unit counts nanoseconds)'],
    ['mechanism: MONGODB-X509', expect.stringContaining('dial_info.mechanism: must be one of SCRAM-SHA-1')],
    ['password_file: /nowhere/at/all', expect.stringContaining('dial_info.password_file: /nowhere/at/all does not')],
  ])('%s is refused', async (keys, problem) => {
    expect((await readDial(keys)).problems).toEqual([problem])
  })

  test.each([
    ['password: p', 'dial_info.username: is missing: no password is sent'],
    ['username: u, password: p, service: x', 'dial_info.service: has a meaning with GSSAPI only'],
    [
      'username: u, password: p, mechanism: MONGODB-CR',
      'dial_info.mechanism: is gone since MongoDB 4.0: SCRAM is used instead',
    ],
    ['username: u, mechanism: GSSAPI', 'dial_info.mechanism: needs the npm package "kerberos" beside this program'],
  ])('%s is warned about', async (keys, warning) => {
    const { settings, problems, warnings } = await readDial(keys)
    expect({ problems, warnings }).toEqual({ problems: [], warnings: [warning] })
    expect(settings).toBeDefined()
  })

  test.each(['a.b', 'x/y', 'a$b', 'a b', ''])('the database name %j is refused at load, not later', async (name) => {
    const { problems } = await read(`{dial_info: {addrs: [a], database: ${JSON.stringify(name)}}, collection: users}`)
    expect(problems).toEqual(['dial_info.database: must be the name of a database'])
  })

  test.each(['a:99999', '[::1::2]'])('the address %j is refused at load, not later', async (address) => {
    const { problems } = await read(`{dial_info: {addrs: ["${address}"], database: d}, collection: users}`)
    expect(problems).toEqual([expect.stringContaining('is refused by the driver')])
  })
})

describe('uri', () => {
  test('a connection string is passed on, and names the database', async () => {
    const settings = await settingsOf(
      '{uri: "mongodb://u:p@one,two:27018/auth?replicaSet=rs&authSource=admin&tls=true", collection: users}',
    )
    expect(settings).toMatchObject({ database: 'auth', collection: 'users' })
    const { options } = new MongoClient(settings.uri.reveal(), mongoClientOptions(settings))
    expect(options).toMatchObject({ replicaSet: 'rs', tls: true, credentials: { username: 'u', source: 'admin' } })
    expect(options).toMatchObject({ serverSelectionTimeoutMS: 10_000, socketTimeoutMS: 10_000 })
  })

  test('a time limit that stands there is left as it is', async () => {
    const settings = await settingsOf('{uri: "mongodb://one/auth?serverselectiontimeoutms=700", collection: users}')
    const { options } = new MongoClient(settings.uri.reveal(), mongoClientOptions(settings))
    expect(options).toMatchObject({ serverSelectionTimeoutMS: 700, connectTimeoutMS: 10_000 })
  })

  test('an SRV name is looked up later, not at load', async () => {
    const settings = await settingsOf('{uri: "mongodb+srv://u:p@cluster.example.invalid/auth", collection: users}')
    expect(settings.database).toBe('auth')
  })

  test.each([
    ['mongodb://one', 'uri: must name the database, in plain letters: mongodb://host/database'],
    ['mongodb://one/?tls=true', 'uri: must name the database, in plain letters: mongodb://host/database'],
    ['one/auth', 'uri: must name the database, in plain letters: mongodb://host/database'],
    ['mongodb://one/my%2Dauth', 'uri: must name the database, in plain letters: mongodb://host/database'],
    ['mongodb://one/auth/more', 'uri: must name the database, in plain letters: mongodb://host/database'],
    ['http://one/auth', expect.stringContaining('uri: is refused by the driver: Invalid scheme')],
    ['mongodb://one/auth?authSorce=x', 'uri: is refused by the driver: option authsorce is not supported'],
    ['mongodb://u:canary%zz@one/auth', 'uri: must have its user name and password percent-encoded'],
    ['mongodb://u:canary/canary@one/auth', expect.stringMatching(/^uri: /)],
    ['mongodb://u:canary@one:port/auth', expect.stringMatching(/^uri: is refused/)],
    ['mongodb+srv://u:canary@one.two.three:27017/auth', expect.stringMatching(/^uri: is refused/)],
  ])('%s is refused, and nothing secret is repeated', async (uri, problem) => {
    const { settings, problems } = await read(`{uri: ${JSON.stringify(uri)}, collection: users}`)
    expect(problems).toEqual([problem])
    expect(problems.join()).not.toContain('canary')
    expect(settings).toBeUndefined()
  })
})
