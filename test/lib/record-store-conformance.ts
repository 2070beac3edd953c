// What every record store promises, as tests that each implementation calls.
import { afterEach, describe, expect, test } from '@jest/globals'
import { BackendError } from '../../src/lib/errors.ts'
import type { RecordStore } from '../../src/lib/record-store.ts'

/** A store under test, empty. `broken`, where it can break, is one like it whose server does not answer. */
export interface StoreSubject {
  readonly store: RecordStore
  readonly broken?: RecordStore
}

const HOUR = 3600e3

/** Runs the suite; `make` is called once per test, and what it made is closed afterwards. */
export function recordStoreConformance(name: string, make: () => Promise<StoreSubject>): void {
  const made: RecordStore[] = []
  const subject = async (): Promise<StoreSubject> => {
    const { store, broken } = await make()
    made.push(store, ...(broken === undefined ? [] : [broken]))
    return broken === undefined ? { store } : { store, broken }
  }
  afterEach(async () => {
    for (const store of made.splice(0)) await store.close()
  })

  describe(`${name} is a record store:`, () => {
    test('what was never put is not there', async () => {
      const { store } = await subject()
      await expect(store.get('t:nobody')).resolves.toBeUndefined()
      await expect(listed(store)).resolves.toEqual({})
    })

    test('what was put is there, byte for byte', async () => {
      const { store } = await subject()
      const every = Uint8Array.from({ length: 256 }, (_, index) => index)
      await store.put('t:alice', every)
      await store.put('t:empty', new Uint8Array())
      await expect(text(store, 't:alice')).resolves.toBe(asText(every))
      await expect(text(store, 't:empty')).resolves.toBe('')
    })

    test('a record of 100 KiB is kept', async () => {
      const { store } = await subject()
      const large = Buffer.alloc(100 * 1024, 'record ')
      await store.put('t:large', large)
      await expect(text(store, 't:large')).resolves.toBe(asText(large))
    })

    test('putting replaces what was there, with and without a time to live', async () => {
      const { store } = await subject()
      for (const [value, ttl] of [['one'], ['two', HOUR], ['three', 1.5 * HOUR], ['four']] as const) {
        await store.put('t:alice', bytes(value), ttl)
        await expect(text(store, 't:alice')).resolves.toBe(asText(bytes(value)))
      }
      await expect(listed(store)).resolves.toEqual({ 't:alice': asText(bytes('four')) })
    })

    test('what changes after it was put does not change the record', async () => {
      const { store } = await subject()
      const value = bytes('before')
      await store.put('t:alice', value)
      value.fill(0)
      await expect(text(store, 't:alice')).resolves.toBe(asText(bytes('before')))
    })

    test('deleting takes away this record and no other, and what is not there is gone already', async () => {
      const { store } = await subject()
      for (const key of ['t:a', 't:ab', 't:b']) await store.put(key, bytes(key))
      await store.delete('t:a')
      await store.delete('t:a')
      await store.delete('t:never')
      await expect(store.get('t:a')).resolves.toBeUndefined()
      expect(Object.keys(await listed(store)).sort()).toEqual(['t:ab', 't:b'])
    })

    test.each([
      't:',
      't:a b',
      't:*',
      't:[a-z]?',
      't:{slot}',
      't:$where',
      't:{"$ne":""}',
      't:a.b/c\\d',
      't:line\nbreak',
      't:nul\0byte',
      't:Ünïcødé 😀',
    ])('the key %j is one like any other', async (key) => {
      const { store } = await subject()
      await store.put('t:other', bytes('other'))
      await expect(store.get(key)).resolves.toBeUndefined()
      await store.put(key, bytes('mine'))
      await expect(text(store, key)).resolves.toBe(asText(bytes('mine')))
      expect(Object.keys(await listed(store)).sort()).toEqual([key, 't:other'].sort())
      await store.delete(key)
      expect(Object.keys(await listed(store))).toEqual(['t:other'])
    })

    test('a key of a thousand characters is one like any other', async () => {
      const { store } = await subject()
      const key = `t:${'long'.repeat(250)}`
      await store.put(key, bytes('mine'))
      await expect(text(store, key)).resolves.toBe(asText(bytes('mine')))
      await expect(store.get(key.slice(0, -1))).resolves.toBeUndefined()
    })

    test('keys differ byte for byte', async () => {
      const { store } = await subject()
      await store.put('t:alice', bytes('x'))
      for (const key of ['t:Alice', 't:alice ', ' t:alice', 't:alic', 't:alicé', 'alice'])
        await expect(store.get(key)).resolves.toBeUndefined()
    })

    test('every record is listed, however many there are', async () => {
      const { store } = await subject()
      const keys = Array.from({ length: 1234 }, (_, index) => `t:user ${index}`)
      for (let from = 0; from < keys.length; from += 100)
        await Promise.all(keys.slice(from, from + 100).map((key) => store.put(key, bytes(key))))
      const found = await listed(store)
      expect(Object.keys(found).sort()).toEqual([...keys].sort())
      expect(found['t:user 1233']).toBe(asText(bytes('t:user 1233')))
    })

    test('a list may be left early, and changed while it is read', async () => {
      const { store } = await subject()
      for (const key of ['t:a', 't:b', 't:c']) await store.put(key, bytes(key))
      for await (const [key] of store.entries()) {
        await store.delete(key)
        break
      }
      expect(Object.keys(await listed(store))).toHaveLength(2)
      for await (const [key] of store.entries()) await store.delete(key)
      await expect(listed(store)).resolves.toEqual({})
    })

    test('of many who write one record at once, one has the last word', async () => {
      const { store } = await subject()
      const values = Array.from({ length: 20 }, (_, index) => `value ${index}`)
      await Promise.all(values.map((value) => store.put('t:alice', bytes(value))))
      expect(values.map((value) => asText(bytes(value)))).toContain(await text(store, 't:alice'))
      expect(Object.keys(await listed(store))).toEqual(['t:alice'])
    })

    test('of many who claim a key at once, one has it until it gives it back', async () => {
      const { store } = await subject()
      const claims = await Promise.all(Array.from({ length: 20 }, () => store.claim('claim of alice', HOUR)))
      const given = claims.filter((claim) => claim !== undefined)
      expect(given).toHaveLength(1)
      await expect(store.claim('claim of bob', HOUR)).resolves.toBeDefined()
      await given[0]?.()
      await expect(store.claim('claim of alice', HOUR)).resolves.toBeDefined()
    })

    test('a claim ends by itself', async () => {
      const { store } = await subject()
      await expect(store.claim('claim of alice', 50)).resolves.toBeDefined()
      while ((await store.claim('claim of alice', HOUR)) === undefined)
        await new Promise((next) => setTimeout(next, 10))
    })

    test('it says that it answers', async () => {
      const { store } = await subject()
      await expect(store.check(new AbortController().signal)).resolves.toBeUndefined()
    })

    test('an outage is a BackendError, where there can be one', async () => {
      const { broken } = await subject()
      if (broken === undefined) return
      const asked = [
        () => broken.get('t:alice'),
        () => broken.put('t:alice', bytes('x')),
        () => broken.put('t:alice', bytes('x'), HOUR),
        () => broken.delete('t:alice'),
        () => broken.claim('claim of alice', HOUR),
        () => listed(broken),
        () => broken.check(new AbortController().signal),
      ]
      await Promise.all(asked.map((ask) => expect(ask()).rejects.toBeInstanceOf(BackendError)))
    })

    test('closing it twice is closing it once, and a store nobody asked closes, too', async () => {
      const { store, broken } = await subject()
      await store.get('t:alice')
      await store.close()
      await expect(store.close()).resolves.toBeUndefined()
      await expect(Promise.resolve(broken?.close())).resolves.toBeUndefined()
    })

    test('once it is closed, everything is an outage', async () => {
      const { store } = await subject()
      await store.get('t:alice')
      await store.close()
      await expect(store.get('t:alice')).rejects.toBeInstanceOf(BackendError)
      await expect(store.put('t:alice', bytes('x'))).rejects.toBeInstanceOf(BackendError)
    })
  })
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

// As text, because a Buffer equals no Uint8Array.
const asText = (value: Uint8Array): string => Buffer.from(value).toString('latin1')

async function text(store: RecordStore, key: string): Promise<string | undefined> {
  const value = await store.get(key)
  return value && asText(value)
}

async function listed(store: RecordStore): Promise<Record<string, string>> {
  const found: Record<string, string> = {}
  for await (const [key, value] of store.entries()) found[key] = asText(value)
  return found
}
