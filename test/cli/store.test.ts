// store migrate says what became of every store, and why one could not be migrated.
import { expect, test } from '@jest/globals'
import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { Writable } from 'node:stream'
import type { WebStores } from '../../src/authn/index.ts'
import { migrate } from '../../src/cli/store.ts'
import { BackendError, ConfigError } from '../../src/lib/errors.ts'
import { openRecordStore } from '../../src/lib/record-stores.ts'
import { useFolder } from '../support/folder.ts'

const folder = useFolder()
const parts = { openRecordStore, randomBytes, now: () => 0 }

const stores = (...paths: string[]): WebStores => ({
  providers: paths.map((path, index) => ({
    name: index === 0 ? 'github' : 'gitlab',
    store: { settings: { kind: 'level', path: folder.path(path) }, hashCost: 4, lifetime: 1000 },
  })),
  secretKey: undefined,
})

/** What a migration says, with the folder's path left out. */
async function migrated(what: WebStores, undo = false): Promise<string[]> {
  let text = ''
  const out = new Writable({
    write(chunk: Buffer, _encoding, done) {
      text += chunk.toString()
      done()
    },
  })
  await expect(migrate(what, undo, parts, out)).resolves.toBe(0)
  return text.replaceAll(`${folder.path()}/`, '').split('\n').slice(0, -1)
}

async function writeRecords(path: string, records: Readonly<Record<string, string>>): Promise<void> {
  const store = await openRecordStore({ kind: 'level', path: folder.path(path) })
  for (const [key, value] of Object.entries(records)) await store.put(key, Buffer.from(value))
  await store.close()
}

const RECORD = '{"access_token":"a","valid_until":"2024-01-02T03:04:05Z","docker_password":"x"}'

test('every store is a line', async () => {
  await writeRecords('one', { 't:bob': RECORD, 't:alice': RECORD, 't:x': 'x' })
  await expect(migrated(stores('one', 'two'))).resolves.toEqual([
    "one: 2 given their provider's name, 0 ended and deleted, 1 not understood and left alone",
    "two: 0 given their provider's name, 0 ended and deleted, 0 not understood and left alone",
  ])
  await expect(migrated(stores('one', 'two'), true)).resolves.toEqual([
    "one: 2 given docker_auth's form, 0 ended and deleted, 0 not understood and left alone",
    "two: 0 given docker_auth's form, 0 ended and deleted, 0 not understood and left alone",
  ])
})

test('the folder’s own key is made once, beside it', async () => {
  await migrated(stores('one'))
  const key = await readFile(folder.path('one.key'), 'utf8')
  await migrated(stores('one'), true)
  await expect(readFile(folder.path('one.key'), 'utf8')).resolves.toBe(key)
})

test('a store that is in use is not touched', async () => {
  const store = await openRecordStore({ kind: 'level', path: folder.path('one') })
  const run = migrate(stores('one'), false, parts, new Writable())
  await expect(run).rejects.toBeInstanceOf(ConfigError)
  await expect(run).rejects.toThrow('is in use by another process')
  await store.close()
})

test('a store that does not answer is said in a sentence', async () => {
  const down = { ...parts, openRecordStore: () => Promise.reject(new BackendError('Redis did not answer')) }
  const run = migrate(stores('one'), false, down, new Writable())
  await expect(run).rejects.toBeInstanceOf(ConfigError)
  await expect(run).rejects.toThrow('Redis did not answer')
})
