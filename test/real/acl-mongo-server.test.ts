// acl_mongo in the running program: edits that change tokens, documents that are no rules, outages, and reloads that leave nothing behind.
import { readdirSync } from 'node:fs'
import { afterAll, afterEach, beforeEach, expect, test } from '@jest/globals'
import { MongoClient } from 'mongodb'
import type { Collection } from 'mongodb'
import { type Answer, asAdmin, ask, eventually, tokenPath } from './asking.ts'
import { expectDegraded, readyz, saysOf } from './backends.ts'
import { cleanUp } from './children.ts'
import { type Draft, createDraft, replace, startDraft } from './draft.ts'
import { startStreams } from './mongo-streams.ts'
import type { Streams } from './mongo-streams.ts'
import { type OwnMongo, ownMongoRequirement, startOwnMongo } from './mongo.ts'
import { SLOW, requires } from './requires.ts'
import type { Server } from './server.ts'

let mongo: OwnMongo
let client: MongoClient
let rules: Collection
let draft: Draft
let server: Server | undefined

afterAll(cleanUp)

const sections = (changes: object = {}, { uri }: Pick<Streams, 'uri'> = mongo): object => ({
  ...draft.config,
  acl: undefined,
  acl_mongo: {
    uri: `${uri}/${mongo.database}?serverSelectionTimeoutMS=500`,
    collection: 'acl',
    cache_ttl: '1s',
    ...changes,
  },
})
const start = async (config = sections()): Promise<Server> =>
  (server = await startDraft(draft, config as typeof draft.config))
const answer = (scope = 'repository:app:pull,push'): Promise<Answer> =>
  ask({ port: draft.port, path: tokenPath(scope), headers: asAdmin })
const comesToSay = (what: string): Promise<void> =>
  eventually(`tokens say ${what}`, async () => saysOf(await answer()) === what)
const errors = (of: Server): readonly unknown[] => of.lines().filter(({ level }) => level === 'error')
const allow = (...actions: readonly string[]): Promise<unknown> => rules.updateOne({ seq: 3 }, { $set: { actions } })

/** Gives each test of a suite its own database, and ends the program after it. */
function useMongo(): void {
  beforeEach(async () => {
    draft = await createDraft()
    mongo = await startOwnMongo()
    client = new MongoClient(mongo.uri)
    rules = client.db(mongo.database).collection('acl')
    await rules.insertMany([
      { seq: 2, match: { name: 'secret/*' }, actions: ['*'] },
      { seq: 1, match: { name: 'secret/*' }, actions: [] },
      { seq: 3, match: { account: 'admin' }, actions: ['pull'] },
    ])
  })
  afterEach(async () => {
    await client.close()
    await server?.stop()
    server = undefined
  })
}

requires(SLOW, ...ownMongoRequirement())('the program with acl_mongo', () => {
  useMongo()

  test('A4: decides in the order of seq, and follows an edit within cache_ttl', async () => {
    await start()
    expect(saysOf(await answer())).toBe('pull')
    expect(saysOf(await answer('repository:secret/app:pull'))).toBe('nothing')
    await allow('push')
    await comesToSay('push')
    expect(errors(server!)).toEqual([])
  })

  test('follows an edit at once where the server tells of changes', async () => {
    const streams = await startStreams(mongo)
    const through = new MongoClient(streams.uri)
    await start(sections({ cache_ttl: '24h' }, streams))
    expect(saysOf(await answer())).toBe('pull')
    await through
      .db(mongo.database)
      .collection('acl')
      .updateOne({ seq: 3 }, { $set: { actions: ['push'] } })
    await comesToSay('push')
    await through.close()
    await server?.stop()
    server = undefined
    streams.close()
  })

  test('D2: a bad document is refused in the log, and the old decisions stay until it is mended', async () => {
    const running = await start()
    await rules.insertOne({ seq: 0, match: { acount: 'nobody' }, actions: ['*'] })
    await allow('push')
    await eventually('it is refused', () => errors(running).length > 0)
    expect(saysOf(await answer())).toBe('pull')
    expect(saysOf(await answer('repository:secret/app:pull'))).toBe('nothing')
    expect(errors(running)).toContainEqual(
      expect.objectContaining({
        backend: 'acl_mongo',
        msg: 'the rules could not be refreshed; the last good list stays in force',
        reasons: ['acl_mongo:seq=0: match: unknown key "acount"; did you mean "account"?'],
      }),
    )
    await rules.deleteOne({ seq: 0 })
    await comesToSay('push')
    await eventually('it says so', () => running.lines().some(({ msg }) => msg === 'the rules can be read again'))
  })

  test('does not start with a bad list, and says which rule it is', async () => {
    await rules.insertOne({ match: {}, actions: ['*'] })
    await expect(start()).rejects.toThrow(/acl_mongo: a document has no seq/)
  })
})

requires(SLOW, ...ownMongoRequirement())('the program with acl_mongo, in time', () => {
  useMongo()

  test('D3: a reload to a bad list is refused, and the old one goes on', async () => {
    await client.db(mongo.database).collection('other').insertOne({ seq: 1, match: {} })
    const { configFile } = await start()
    replace(configFile, sections({ collection: 'other' }))
    server?.child.signal('SIGHUP')
    await eventually('it is refused', () =>
      errors(server!).some((line) => JSON.stringify(line).includes('acl_mongo:seq=1: actions: is missing')),
    )
    await allow('push')
    await comesToSay('push')
  })

  test('starts while the database is down, refuses to decide, and decides once it is up', async () => {
    await client.close()
    await mongo.stop()
    await start()
    const { status, body } = await answer()
    expect({ status, body }).toEqual({ status: 500, body: "Authorization failed (the server's log says why)\n" })
    await expectDegraded(draft.port, 'acl_mongo')
    await mongo.restart()
    await comesToSay('pull')
    await eventually('it is no longer degraded', async () => (await readyz(draft.port)).body === 'ok\n')
  })

  test('goes on deciding while the database is down', async () => {
    await start()
    await client.close()
    await mongo.stop()
    await expectDegraded(draft.port, 'acl_mongo')
    expect(saysOf(await answer())).toBe('pull')
  })

  test('D7: reloads with other settings leave no connection behind', async () => {
    const running = await start()
    const { child, configFile } = running
    const descriptors = (): number => readdirSync(`/proc/${child.pid}/fd`).length
    const reload = async (count: number): Promise<void> => {
      replace(configFile, sections({ cache_ttl: `${count + 10}s` }))
      child.signal('SIGHUP')
      await eventually('it reloaded', () => running.lines().filter(({ msg }) => msg === 'reloaded').length >= count)
    }
    for (let count = 1; count <= 5; count++) await reload(count)
    const before = descriptors()
    for (let count = 6; count <= 20; count++) await reload(count)
    await eventually('the old connections are closed', () => descriptors() <= before + 3)
    expect(saysOf(await answer())).toBe('pull')
  })
})
