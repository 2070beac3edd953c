// acl_mongo against a real server: order, what is no list, outages, and edits that are seen at once where the server tells of them.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { Double, Int32, Long, MongoClient, ObjectId } from 'mongodb'
import type { Collection } from 'mongodb'
import type { Authorizer } from '../../src/authz/index.ts'
import { createAclDocuments } from '../../src/authz/acl-mongo.ts'
import { openStoredAcl } from '../../src/authz/stored-acl.ts'
import { BackendError, ConfigError } from '../../src/lib/errors.ts'
import { createMongoCollection } from '../../src/lib/mongo.ts'
import type { MongoSettings } from '../../src/lib/mongo-config.ts'
import { Secret } from '../../src/lib/secret.ts'
import { CONFORMANCE_RULES, authorizerConformance } from '../authz/conformance.ts'
import { request } from '../authz/request.ts'
import { authzTools } from '../support/authz-tools.ts'
import { createRecorder } from '../support/recorder.ts'
import { eventually } from './asking.ts'
import { cleanUp, freePort } from './children.ts'
import { startMongoWithStreams, startStreams } from './mongo-streams.ts'
import type { Streams } from './mongo-streams.ts'
import { mongoRequirement, ownMongoRequirement, startMongo, startOwnMongo } from './mongo.ts'
import type { Mongo, OwnMongo } from './mongo.ts'
import { requires } from './requires.ts'
import { startPassage } from './silence.ts'

/** So long that nothing is seen because of it. */
const NEVER = 24 * 3600e3

const opened: Authorizer[] = []
const clients: MongoClient[] = []
afterEach(async () => {
  for (const authorizer of opened.splice(0)) await authorizer.close?.()
  for (const client of clients.splice(0)) await client.close()
})
afterAll(cleanUp)

type Place = Pick<Mongo, 'uri' | 'database'> & { readonly collection?: string }

async function open({ uri, database, collection = 'acl' }: Place, ttl = NEVER, changes: Partial<MongoSettings> = {}) {
  const settings: MongoSettings = {
    uri: new Secret(uri),
    credentials: undefined,
    tls: false,
    direct: false,
    selectionTimeout: 1000,
    timeout: 5000,
    database,
    collection,
    ...changes,
  }
  const { log, lines } = createRecorder()
  const rows = createAclDocuments(await createMongoCollection(settings), log)
  const authorizer = await openStoredAcl(rows, { ttl }, authzTools({ log }))
  opened.push(authorizer)
  return { authorizer, lines }
}

/** The collection, to write to. */
function rulesIn({ uri, database, collection = 'acl' }: Place): Collection {
  const client = new MongoClient(uri)
  clients.push(client)
  return client.db(database).collection(collection)
}

const rule = (seq: unknown, ...actions: readonly string[]): object => ({ seq, match: {}, actions })

async function granted(authorizer: Authorizer): Promise<readonly string[]> {
  const answer = await authorizer.authorize(request({ actions: ['pull', 'push', 'delete'] }))
  return answer.outcome === 'decided' ? answer.actions : ['no-match']
}

const comesToGrant = (authorizer: Authorizer, ...actions: readonly string[]): Promise<void> =>
  eventually(`${actions.join()} is granted`, async () => (await granted(authorizer)).join() === actions.join())

const check = async (authorizer: Authorizer): Promise<void> => authorizer.check?.(new AbortController().signal)

requires(...mongoRequirement())('acl_mongo', () => {
  let mongo: Mongo
  let count = 0
  let place: Place
  let rules: Collection
  beforeAll(async () => {
    mongo = await startMongo()
    const client = new MongoClient(mongo.uri)
    const documents = CONFORMANCE_RULES.map((entry, index) => ({ seq: index, ...entry }))
    await client.db(mongo.database).collection('conformance').insertMany(documents)
    await client.close()
  })
  beforeEach(() => {
    place = { ...mongo, collection: `acl_${++count}` }
    rules = rulesIn(place)
  })
  afterAll(async () => {
    const client = new MongoClient(mongo.uri)
    await client.db(mongo.database).dropDatabase()
    await client.close()
  })

  authorizerConformance('acl_mongo', async () => {
    const { authorizer } = await open({ ...mongo, collection: 'conformance' })
    return authorizer
  })

  test('A4: follows seq, in whatever order the documents were written', async () => {
    await rules.insertMany([rule(30, 'delete'), rule(20, 'push'), rule(-1, 'pull'), rule(3, 'push')])
    const { authorizer } = await open(place)
    await expect(authorizer.authorize(request({ actions: ['pull', 'push'] }))).resolves.toEqual({
      outcome: 'decided',
      actions: ['pull'],
      rule: 'acl_mongo:seq=-1',
    })
  })

  test('takes every kind of whole number for seq, and compares them as numbers', async () => {
    const first = { seq: new Double(2), match: { account: 'nobody' }, actions: [] }
    const last = { seq: Long.fromString('9007199254740995'), match: {}, actions: ['pull'] }
    const other = { seq: Long.fromString('9007199254740993'), match: { account: 'nobody' }, actions: [] }
    await rules.insertMany([last, other, { seq: new Int32(3), match: { account: 'nobody' }, actions: [] }, first])
    const { authorizer } = await open(place)
    const answer = await authorizer.authorize(request())
    expect(answer).toMatchObject({ actions: ['pull'], rule: 'acl_mongo:seq=9007199254740995' })
  })

  test("takes docker_auth's documents, and our keys", async () => {
    const match = { account: '/^a.+$/', type: 'repository', name: 'library/*', ip: '192.0.2.0/24', service: 'registry' }
    await rules.insertMany([
      { seq: 1, match: { account: null, name: 'nothing' }, actions: ['*'], comment: 'nothing at all' },
      { seq: 2, match: { ...match, labels: { team: 'web' } }, actions: ['push'] },
      { seq: 3, match: { ...match, ip: ['::1', '192.0.2.1'], labels: null }, actions: ['pull'], id: 'the-last' },
    ])
    const { authorizer } = await open(place)
    expect(await authorizer.authorize(request())).toMatchObject({ actions: ['pull'], rule: 'the-last' })
    const inTeam = request({ labels: { team: ['web'] }, actions: ['pull', 'push'] })
    expect(await authorizer.authorize(inTeam)).toMatchObject({ actions: ['push'], rule: 'acl_mongo:seq=2' })
  })

  test('reads thousands of rules, a batch at a time, in order', async () => {
    const many = Array.from({ length: 2500 }, (_, index) => ({
      seq: 2500 - index,
      match: { name: `part/${2500 - index}` },
      actions: ['pull'],
    }))
    await rules.insertMany([...many, rule(2501, 'push')])
    const { authorizer } = await open(place)
    const nameOf = async (name: string): Promise<unknown> => authorizer.authorize(request({ name }))
    expect(await nameOf('part/1')).toMatchObject({ rule: 'acl_mongo:seq=1' })
    expect(await nameOf('part/2500')).toMatchObject({ rule: 'acl_mongo:seq=2500' })
    expect(await nameOf('part/0')).toMatchObject({ rule: 'acl_mongo:seq=2501' })
  })

  test('of a collection that is empty or not there knows nobody', async () => {
    const { authorizer } = await open(place)
    expect(await granted(authorizer)).toEqual(['no-match'])
  })

  test.each([
    ['A4: without seq', [rule(1, 'pull'), { match: {}, actions: ['*'] }], /a document has no seq; .*\{seq: null\}/],
    ['with null for seq', [rule(null, 'pull')], /a document has no seq/],
    ['with a fraction for seq', [rule(1.5, 'pull')], /seq must be a whole number, not 1\.5/],
    ['with text for seq', [rule(1, 'pull'), rule('2', 'pull')], /seq must be a whole number, not '2'/],
    ['with a seq beyond all numbers', [rule(1e300, 'pull')], /seq must be a whole number, not 1e\+300/],
    ['with an object id for seq', [rule(new ObjectId(), 'pull')], /seq must be a whole number/],
    ['with the seq of another', [rule(7, 'pull'), rule(7, 'push')], /two documents have seq 7/],
    [
      'A1: with an unknown key',
      [{ seq: 20, match: { acount: 'a' }, actions: [] }],
      /^acl_mongo:seq=20: match: unknown key/,
    ],
    ['D1: without match', [{ seq: 20, actions: ['*'] }], /^acl_mongo:seq=20: match: is missing/],
    ['D1: without actions', [{ seq: 20, match: {} }], /^acl_mongo:seq=20: actions: is missing/],
    ['with an object id for match', [{ seq: 20, match: new ObjectId(), actions: ['*'] }], /match: must be a map/],
    ['with a number for a pattern', [{ seq: 20, match: { name: 7 }, actions: [] }], /match\.name: must be text/],
    ['with a 64-bit number for a pattern', [{ seq: 20, match: { name: Long.ONE }, actions: [] }], /must be text/],
  ])('cannot be opened with a document %s', async (_, documents, message) => {
    await rules.insertMany(documents)
    const opening = open(place)
    await expect(opening).rejects.toBeInstanceOf(ConfigError)
    await expect(opening).rejects.toThrow(message)
  })

  test('D2: a bad document leaves the last good list in force, until it is mended', async () => {
    await rules.insertOne(rule(1, 'pull'))
    const { authorizer, lines } = await open(place, 100)
    await rules.insertOne({ match: { acount: 'alice' }, actions: ['*'] })
    await rules.updateOne({ seq: 1 }, { $set: { actions: ['push'] } })
    await eventually('it is degraded', () =>
      check(authorizer).then(
        () => false,
        () => true,
      ),
    )
    expect(await granted(authorizer)).toEqual(['pull'])
    expect(lines.filter(({ level }) => level === 'error')).toMatchObject([
      { fields: { reasons: ['acl_mongo: a document has no seq; this finds it: {seq: null}'] } },
    ])
    await rules.deleteOne({ seq: null })
    await comesToGrant(authorizer, 'push')
    await expect(check(authorizer)).resolves.toBeUndefined()
  })
})

describe('acl_mongo of a server that nobody runs', () => {
  test('starts, and every question is an outage', async () => {
    const uri = `mongodb://127.0.0.1:${await freePort()}/`
    const { authorizer, lines } = await open({ uri, database: 'db' }, NEVER, { selectionTimeout: 200 })
    await expect(authorizer.authorize(request())).rejects.toBeInstanceOf(BackendError)
    await expect(check(authorizer)).rejects.toBeInstanceOf(BackendError)
    expect(lines.map(({ message }) => message)).toEqual(['there are no rules yet: nobody is granted anything'])
  })
})

requires(...ownMongoRequirement())('acl_mongo of a server without change streams', () => {
  let mongo: OwnMongo
  beforeAll(async () => {
    mongo = await startOwnMongo()
  })

  test('says so once, and reads the rules every cache_ttl', async () => {
    const rules = rulesIn(mongo)
    await rules.insertOne(rule(1, 'pull'))
    const { authorizer, lines } = await open(mongo, 200)
    await rules.updateOne({ seq: 1 }, { $set: { actions: ['push'] } })
    await comesToGrant(authorizer, 'push')
    await rules.updateOne({ seq: 1 }, { $set: { actions: ['delete'] } })
    await comesToGrant(authorizer, 'delete')
    const told = lines.filter(({ message }) => message.includes('tells of no changes'))
    expect(told).toMatchObject([{ level: 'info', fields: { backend: 'acl_mongo' } }])
    expect(lines.filter(({ level }) => level !== 'info')).toEqual([])
    await rules.drop()
  })

  test('keeps deciding while it is killed, and follows it again once it is back', async () => {
    const rules = rulesIn(mongo)
    await rules.insertOne(rule(1, 'pull'))
    const { authorizer } = await open(mongo, 200, { selectionTimeout: 300 })
    await mongo.stop()
    await eventually('it is degraded', () =>
      check(authorizer).then(
        () => false,
        () => true,
      ),
    )
    expect(await granted(authorizer)).toEqual(['pull'])
    await mongo.restart()
    await rulesIn(mongo).updateOne({ seq: 1 }, { $set: { actions: ['push'] } })
    await comesToGrant(authorizer, 'push')
    await expect(check(authorizer)).resolves.toBeUndefined()
    await rulesIn(mongo).drop()
  })

  test('starts while it is down, and decides once it is up', async () => {
    await rulesIn(mongo).insertOne(rule(1, 'pull'))
    for (const client of clients.splice(0)) await client.close()
    await mongo.stop()
    const { authorizer } = await open(mongo, NEVER, { selectionTimeout: 300 })
    await expect(authorizer.authorize(request())).rejects.toBeInstanceOf(BackendError)
    await mongo.restart()
    await eventually('it decides', () =>
      granted(authorizer).then(
        () => true,
        () => false,
      ),
    )
    expect(await granted(authorizer)).toEqual(['pull'])
    await rulesIn(mongo).drop()
  })

  test('that falls silent leaves the list in force', async () => {
    await rulesIn(mongo).insertOne(rule(1, 'pull'))
    const passage = await startPassage(mongo.port)
    const place = { ...mongo, uri: `mongodb://127.0.0.1:${passage.port}/` }
    const { authorizer } = await open(place, 200, { selectionTimeout: 300, timeout: 300 })
    passage.hush()
    await eventually('it is degraded', () =>
      check(authorizer).then(
        () => false,
        () => true,
      ),
    )
    expect(await granted(authorizer)).toEqual(['pull'])
    await rulesIn(mongo).updateOne({ seq: 1 }, { $set: { actions: ['push'] } })
    passage.speak()
    await comesToGrant(authorizer, 'push')
    await authorizer.close?.()
    passage.close()
    await rulesIn(mongo).drop()
  })

  test('that is silent while the rules are read does not keep them from being closed', async () => {
    await rulesIn(mongo).insertOne(rule(1, 'pull'))
    const passage = await startPassage(mongo.port)
    const { authorizer } = await open({ ...mongo, uri: `mongodb://127.0.0.1:${passage.port}/` }, 200)
    passage.hush()
    await new Promise((resolve) => setTimeout(resolve, 300))
    const late = new Promise((resolve) => setTimeout(resolve, 4000, 'still open').unref())
    const closed = Promise.resolve(authorizer.close?.()).then(() => 'closed')
    expect(await Promise.race([closed, late])).toBe('closed')
    passage.close()
    await rulesIn(mongo).drop()
  })
})

requires(...mongoRequirement())('acl_mongo of a server with change streams', () => {
  let mongo: Awaited<ReturnType<typeof startMongoWithStreams>>
  beforeAll(async () => {
    mongo = await startMongoWithStreams()
  })
  afterAll(() => mongo.close())

  test('follows an edit at once, whatever cache_ttl says, and every other one too', async () => {
    const rules = rulesIn(mongo)
    await rules.insertOne(rule(2, 'pull'))
    const { authorizer, lines } = await open(mongo)
    expect(await granted(authorizer)).toEqual(['pull'])
    await rules.insertOne(rule(1, 'push'))
    await comesToGrant(authorizer, 'push')
    await rules.updateOne({ seq: 1 }, { $set: { actions: ['delete'] } })
    await comesToGrant(authorizer, 'delete')
    await rules.deleteOne({ seq: 1 })
    await comesToGrant(authorizer, 'pull')
    expect(lines.map(({ message }) => message)).toEqual(Array.from({ length: 4 }, () => 'the rules are in force'))
    await rules.drop()
  })
})

requires(...ownMongoRequirement())('the change stream of acl_mongo', () => {
  let mongo: OwnMongo
  let streams: Streams
  let place: Place
  let rules: Collection
  beforeAll(async () => {
    mongo = await startOwnMongo()
  })
  beforeEach(async () => {
    streams = await startStreams(mongo)
    place = { uri: streams.uri, database: mongo.database }
    rules = rulesIn({ ...place, uri: mongo.uri })
    await rules.insertOne(rule(1, 'pull'))
  })
  afterEach(async () => {
    await rulesIn(mongo).drop()
    streams.close()
  })

  const isOpen = (count = 1): Promise<void> => eventually('the stream is open', () => streams.opened() >= count)

  test('carries no rules, only that there was a change', async () => {
    await open(place)
    await isOpen()
    expect(streams.pipelines()).toEqual([[{ $changeStream: {} }, { $project: { _id: 1 } }]])
  })

  test('shows what changed before it was open', async () => {
    const { authorizer } = await open(place)
    // Written past the stream, which does not tell of it.
    await rules.updateOne({ seq: 1 }, { $set: { actions: ['push'] } })
    await comesToGrant(authorizer, 'push')
  })

  test('that breaks is opened again, and what was missed is read', async () => {
    const { authorizer, lines } = await open(place)
    await isOpen()
    streams.refuse(11600, 'interrupted at shutdown')
    streams.cut()
    await rules.updateOne({ seq: 1 }, { $set: { actions: ['push'] } })
    await eventually('it is refused', () => lines.some(({ message }) => message.includes('tells of no changes')))
    streams.accept()
    await isOpen(2)
    await comesToGrant(authorizer, 'push')
    await rulesIn(place).updateOne({ seq: 1 }, { $set: { actions: ['delete'] } })
    await comesToGrant(authorizer, 'delete')
  })

  test.each([
    [40573, 'The $changeStream stage is only supported on replica sets'],
    [13, 'not authorized on db to execute command { aggregate: "acl" }'],
    [59, "no such command: 'aggregate'"],
  ])('that is refused with code %d is done without, which is said once', async (code, message) => {
    streams.refuse(code, message)
    const { authorizer, lines } = await open(place, 200)
    await eventually('it is said', () => lines.some((line) => line.message.includes('tells of no changes')))
    await rules.updateOne({ seq: 1 }, { $set: { actions: ['push'] } })
    await comesToGrant(authorizer, 'push')
    expect(lines.filter((line) => line.level !== 'info')).toEqual([])
    expect(lines.filter((line) => line.message.includes('tells of no changes'))).toHaveLength(1)
  })

  test('D7: ends with the authorizer, and so does every connection', async () => {
    for (let count = 1; count <= 5; count++) {
      const { authorizer } = await open(place)
      await isOpen(count)
      await authorizer.close?.()
    }
    await eventually('all connections are closed', () => streams.connections() === 0)
    expect(streams.pipelines()).toEqual([])
    expect(streams.opened()).toBe(5)
  })

  test('that is being opened ends with the authorizer, too', async () => {
    for (let count = 0; count < 5; count++) {
      const { authorizer } = await open(place)
      await authorizer.close?.()
    }
    await eventually('all connections are closed', () => streams.connections() === 0)
  })
})
