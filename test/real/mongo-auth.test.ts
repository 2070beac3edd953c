// mongo_auth against a real server: exact matches that nothing subverts, outages, restarts, and a server that never answers.
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { hashSync } from '@node-rs/bcrypt'
import { MongoClient } from 'mongodb'
import { createMongoAuthenticator, createUserDocuments } from '../../src/authn/mongo.ts'
import type { Authentication, Authenticator } from '../../src/authn/index.ts'
import { BackendError } from '../../src/lib/errors.ts'
import { describeError } from '../../src/lib/logger.ts'
import { createMongoCollection } from '../../src/lib/mongo.ts'
import type { MongoSettings } from '../../src/lib/mongo-config.ts'
import { Secret } from '../../src/lib/secret.ts'
import { authenticatorConformance } from '../authn/conformance.ts'
import { authnTools } from '../support/authn-tools.ts'
import { cleanUp, freePort } from './children.ts'
import { mongoRequirement, ownMongoRequirement, startMongo, startOwnMongo } from './mongo.ts'
import type { Mongo } from './mongo.ts'
import { requires } from './requires.ts'
import { startPassage, startSilence } from './silence.ts'

const PASSWORD = hashSync('secret', 4)
const USERS = [
  { username: 'alice', password: PASSWORD, labels: { team: ['red', 'blue/*'] } },
  { username: 'open' },
  { username: ['listed', 'other'], password: PASSWORD },
  { username: 'object', password: { ne: '' } },
  { username: 'number', password: 7 },
  { username: 'twice', password: PASSWORD },
  { username: 'twice', password: PASSWORD },
  { username: '$where', password: PASSWORD },
  { username: '\ufffd', password: PASSWORD },
  { username: 'a'.repeat(9000), password: PASSWORD },
]

const opened: Authenticator[] = []

async function open(
  { uri, database }: Pick<Mongo, 'uri' | 'database'>,
  changes: Partial<MongoSettings> = {},
): Promise<Authenticator> {
  const settings: MongoSettings = {
    uri: new Secret(uri),
    credentials: undefined,
    tls: false,
    direct: false,
    selectionTimeout: 2000,
    timeout: 5000,
    database,
    collection: 'users',
    ...changes,
  }
  const authenticator = createMongoAuthenticator(
    createUserDocuments(await createMongoCollection(settings)),
    authnTools(),
  )
  opened.push(authenticator)
  return authenticator
}

const ask = (authenticator: Authenticator, account: string, password = 'secret'): Promise<Authentication> =>
  authenticator.authenticate({ account, password: new Secret(password) })

async function fill({ uri, database }: Mongo): Promise<void> {
  const client = new MongoClient(uri)
  try {
    await client
      .db(database)
      .collection('users')
      .insertMany(USERS.map((user) => ({ ...user })))
  } finally {
    await client.close()
  }
}

afterEach(async () => {
  for (const authenticator of opened.splice(0)) await authenticator.close?.()
})
afterAll(cleanUp)

requires(...mongoRequirement())('mongo_auth', () => {
  let mongo: Mongo
  beforeAll(async () => {
    mongo = await startMongo()
    await fill(mongo)
  })
  afterAll(async () => {
    const client = new MongoClient(mongo.uri)
    await client.db(mongo.database).dropDatabase()
    await client.close()
  })

  authenticatorConformance('mongo_auth on a server', { labelsArePatterns: true }, async () => ({
    authenticator: await open(mongo),
    known: { account: 'alice', password: 'secret', labels: { team: ['red', 'blue/*'] } },
    broken: await open(
      { ...mongo, uri: `mongodb://127.0.0.1:${await freePort()}/` },
      { selectionTimeout: 300, timeout: 1000 },
    ),
  }))

  test.each([
    '{"$ne":""}',
    '{"$ne": null}',
    '{$gt: ""}',
    '[$ne]',
    '$ne',
    '{"$where":"1"}',
    "alice' || '1'=='1",
    'alice"}, {"x": "',
    '/.*/',
    '^alice',
    'alice\0',
    'alice\n',
    'username',
    'toString',
    '\ud800',
    'alice\udfff',
  ])('the account %j is text and nothing else: no match', async (account) => {
    await expect(ask(await open(mongo), account)).resolves.toEqual({ outcome: 'no-match' })
  })

  test.each(['$where', '\ufffd'])('the user %j is found by that very name', async (account) => {
    await expect(ask(await open(mongo), account)).resolves.toMatchObject({ outcome: 'accepted' })
  })

  test('a name of nine thousand characters is one like any other', async () => {
    const authenticator = await open(mongo)
    const accounts = ['a'.repeat(8999), 'a'.repeat(9000), `alice${' '.repeat(60_000)}`]
    const answers = await Promise.all(accounts.map((account) => ask(authenticator, account)))
    expect(answers.map(({ outcome }) => outcome)).toEqual(['no-match', 'accepted', 'no-match'])
  })

  test('a document without a password admits any, as docker_auth documents it', async () => {
    const authenticator = await open(mongo)
    for (const password of ['', 'anything']) {
      await expect(ask(authenticator, 'open', password)).resolves.toMatchObject({ outcome: 'accepted' })
    }
  })

  test.each(['listed', 'object', 'number', 'twice'])(
    'the user "%s", whose document is not what it should be, is refused',
    async (account) => {
      const authenticator = await open(mongo)
      for (const password of ['secret', '', '7', '[object Object]']) {
        await expect(ask(authenticator, account, password)).resolves.toEqual({ outcome: 'rejected', reason: 'refused' })
      }
    },
  )

  test('fifty at once are answered', async () => {
    const authenticator = await open(mongo)
    const answers = await Promise.all(Array.from({ length: 50 }, () => ask(authenticator, 'alice')))
    expect(answers.every(({ outcome }) => outcome === 'accepted')).toBe(true)
  })

  test('it says that its server answers', async () => {
    const authenticator = await open(mongo)
    await expect(authenticator.check?.(new AbortController().signal)).resolves.toBeUndefined()
  })

  test('credentials that the server does not take are an outage, not a denial, and stay out of the error', async () => {
    const authenticator = await open(mongo, {
      credentials: {
        username: 'nobody',
        password: new Secret('canary-7f3'),
        source: 'admin',
        mechanism: 'SCRAM-SHA-256',
        service: '',
      },
    })
    const error: unknown = await ask(authenticator, 'alice').catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(BackendError)
    expect(JSON.stringify(describeError(error))).not.toContain('canary-7f3')
  })

  test('TLS that the server does not speak is an outage', async () => {
    const authenticator = await open(mongo, { tls: true, selectionTimeout: 500 })
    await expect(ask(authenticator, 'alice')).rejects.toBeInstanceOf(BackendError)
  })
})

requires(...ownMongoRequirement())('mongo_auth, when its server is killed', () => {
  test('is an outage, never a denial, and goes on by itself once the server is back', async () => {
    const mongo = await startOwnMongo()
    await fill(mongo)
    const authenticator = await open(mongo, { selectionTimeout: 500 })
    await expect(ask(authenticator, 'alice')).resolves.toMatchObject({ outcome: 'accepted' })
    const during = Array.from({ length: 20 }, () => ask(authenticator, 'alice').catch((error: unknown) => error))
    await mongo.stop()
    for (const answer of await Promise.all(during)) {
      if (!(answer instanceof BackendError)) expect(answer).toMatchObject({ outcome: 'accepted' })
    }
    await expect(ask(authenticator, 'alice')).rejects.toBeInstanceOf(BackendError)
    await expect(authenticator.check?.(new AbortController().signal)).rejects.toBeInstanceOf(BackendError)
    await mongo.restart()
    let answer: unknown
    do answer = await ask(authenticator, 'alice').catch((error: unknown) => error)
    while (answer instanceof BackendError)
    expect(answer).toMatchObject({ outcome: 'accepted' })
  })

  test('starts while it is down, and answers once it is up', async () => {
    const mongo = await startOwnMongo()
    await fill(mongo)
    await mongo.stop()
    const authenticator = await open(mongo, { selectionTimeout: 300 })
    await expect(ask(authenticator, 'alice')).rejects.toBeInstanceOf(BackendError)
    await mongo.restart()
    await expect(ask(authenticator, 'alice')).resolves.toMatchObject({ outcome: 'accepted' })
  })
})

requires(...ownMongoRequirement())('mongo_auth, when its server falls silent in the middle', () => {
  test('is an outage after its time limit, and goes on by itself', async () => {
    const mongo = await startOwnMongo()
    await fill(mongo)
    const passage = await startPassage(mongo.port)
    const uri = `mongodb://127.0.0.1:${passage.port}/`
    const authenticator = await open({ ...mongo, uri }, { selectionTimeout: 500, timeout: 500 })
    await expect(ask(authenticator, 'alice')).resolves.toMatchObject({ outcome: 'accepted' })
    passage.hush()
    await expect(ask(authenticator, 'alice')).rejects.toBeInstanceOf(BackendError)
    passage.speak()
    let answer: unknown
    do answer = await ask(authenticator, 'alice').catch((error: unknown) => error)
    while (answer instanceof BackendError)
    expect(answer).toMatchObject({ outcome: 'accepted' })
    await authenticator.close?.()
    passage.close()
  })
})

describe('mongo_auth of a server that takes connections and says nothing', () => {
  test('is an outage after its time limit, and lets go when it is closed', async () => {
    const silence = await startSilence()
    const uri = `mongodb://127.0.0.1:${silence.port}/`
    const authenticator = await open({ uri, database: 'test' }, { selectionTimeout: 300, timeout: 300 })
    await expect(ask(authenticator, 'alice')).rejects.toBeInstanceOf(BackendError)
    const gone = AbortSignal.abort()
    const credentials = { account: 'alice', password: new Secret('secret') }
    await expect(authenticator.authenticate(credentials, gone)).rejects.toBeInstanceOf(BackendError)
    await authenticator.close?.()
    silence.close()
  })
})
