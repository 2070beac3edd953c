// What every Store must do, whatever it keeps things in.
import { beforeEach, describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { createHash } from 'node:crypto'
import type { Digest } from '../../src/protocol/digest.ts'
import type { Repository, Store } from '../../src/registry/store.ts'

const digestOf = (bytes: Uint8Array | string, algorithm: 'sha256' | 'sha512' = 'sha256'): Digest => ({
  algorithm,
  hex: createHash(algorithm).update(bytes).digest('hex'),
})

async function* body(...parts: (string | Uint8Array | Error)[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) {
    await Promise.resolve()
    if (part instanceof Error) throw part
    yield Buffer.from(part)
  }
}

async function all(list: AsyncIterable<string>): Promise<string[]> {
  const items: string[] = []
  for await (const item of list) items.push(item)
  return items
}

async function push(repository: Repository, bytes: string): Promise<Digest> {
  const digest = digestOf(bytes)
  await repository.uploads.receive(body(bytes), digest)
  return digest
}

async function pull(repository: Repository, digest: Digest): Promise<string | undefined> {
  const blob = await repository.blobs.find(digest)
  if (blob === undefined) return undefined
  if (blob.size === 0) return ''
  return Buffer.concat((await (await blob.read(0, blob.size - 1)).toArray()) as Buffer[]).toString()
}

/** Runs the suite on stores that `open` makes; each is new and empty, and `reopen` is the same one after a restart. */
export function storeConformance(
  name: string,
  open: () => Promise<{ readonly store: Store; readonly reopen: () => Promise<Store> }>,
): void {
  describe(name, () => {
    let store: Store
    let reopen: () => Promise<Store>
    let a: Repository
    let b: Repository
    beforeEach(async () => {
      ;({ store, reopen } = await open())
      a = store.repository('a')
      b = store.repository('team/b')
    })

    describe('blobs', () => {
      test('come back as they were sent', async () => {
        expect(await pull(a, await push(a, 'hello'))).toBe('hello')
      })

      test('may be empty', async () => {
        expect(await pull(a, await push(a, ''))).toBe('')
      })

      test('are read in part', async () => {
        const blob = await a.blobs.find(await push(a, 'hello'))
        expect(Buffer.concat((await (await blob!.read(1, 3)).toArray()) as Buffer[]).toString()).toBe('ell')
      })

      test('are named by sha512 just as well', async () => {
        const digest = digestOf('hello', 'sha512')
        await a.uploads.receive(body('hello'), digest)
        expect(await pull(a, digest)).toBe('hello')
      })

      test('are known only in their own repository', async () => {
        const digest = await push(a, 'hello')
        expect(await b.blobs.find(digest)).toBeUndefined()
      })

      test('are mounted from a repository that holds them', async () => {
        const digest = await push(a, 'hello')
        expect(await b.blobs.mount(digest, 'a')).toBe(true)
        expect(await pull(b, digest)).toBe('hello')
      })

      test('are not mounted from one that does not', async () => {
        const digest = await push(a, 'hello')
        expect(await b.blobs.mount(digest, 'c')).toBe(false)
        expect(await b.blobs.find(digest)).toBeUndefined()
      })

      test('are deleted in one repository and stay in another', async () => {
        const digest = await push(a, 'hello')
        await b.blobs.mount(digest, 'a')
        expect(await a.blobs.delete(digest)).toBe(true)
        expect(await a.blobs.delete(digest)).toBe(false)
        expect(await a.blobs.find(digest)).toBeUndefined()
        expect(await pull(b, digest)).toBe('hello')
      })

      test('stay deleted when another repository gets the same bytes', async () => {
        const digest = await push(a, 'hello')
        await a.blobs.delete(digest)
        await push(b, 'hello')
        expect(await a.blobs.find(digest)).toBeUndefined()
      })
    })

    describe('uploads', () => {
      test('grow chunk by chunk and become a blob', async () => {
        const id = await a.uploads.start()
        expect(await a.uploads.size(id)).toBe(0)
        expect(await a.uploads.write(id, { body: body('he', 'l') })).toEqual({ outcome: 'written', size: 3 })
        expect(await a.uploads.size(id)).toBe(3)
        const last = { body: body('lo'), range: { start: 3, length: 2 }, digest: digestOf('hello') }
        expect(await a.uploads.write(id, last)).toEqual({ outcome: 'written', size: 5 })
        expect(await pull(a, digestOf('hello'))).toBe('hello')
      })

      test('are over once they became a blob', async () => {
        const id = await a.uploads.start()
        await a.uploads.write(id, { body: body('hello'), digest: digestOf('hello') })
        expect(await a.uploads.size(id)).toBeUndefined()
        expect(await a.uploads.write(id, { body: body('x') })).toEqual({ outcome: 'unknown' })
        expect(await a.uploads.cancel(id)).toBe('unknown')
      })

      test('refuse a chunk that begins elsewhere, and go on', async () => {
        const id = await a.uploads.start()
        await a.uploads.write(id, { body: body('hel') })
        const wrong = { body: body('lo'), range: { start: 4, length: 2 } }
        expect(await a.uploads.write(id, wrong)).toEqual({ outcome: 'out-of-order', size: 3 })
        await a.uploads.write(id, { body: body('lo'), digest: digestOf('hello') })
        expect(await pull(a, digestOf('hello'))).toBe('hello')
      })

      test.each([1, 3])('drop a chunk that is not as long as it says (%i)', async (length) => {
        const id = await a.uploads.start()
        await a.uploads.write(id, { body: body('hel') })
        const wrong = { body: body('lo'), range: { start: 3, length } }
        expect(await a.uploads.write(id, wrong)).toEqual({ outcome: 'wrong-length' })
        expect(await a.uploads.size(id)).toBe(3)
        await a.uploads.write(id, { body: body('lo'), digest: digestOf('hello') })
        expect(await pull(a, digestOf('hello'))).toBe('hello')
      })

      test('keep what arrived of a body that broke off, and hand on its error', async () => {
        const id = await a.uploads.start()
        const broken = new Error('gone')
        await expect(a.uploads.write(id, { body: body('hel', broken) })).rejects.toBe(broken)
        expect(await a.uploads.size(id)).toBe(3)
        await a.uploads.write(id, { body: body('lo'), digest: digestOf('hello') })
        expect(await pull(a, digestOf('hello'))).toBe('hello')
      })

      test('end with a wrong digest', async () => {
        const id = await a.uploads.start()
        const wrong = { body: body('hello'), digest: digestOf('other') }
        expect(await a.uploads.write(id, wrong)).toEqual({ outcome: 'wrong-digest' })
        expect(await a.uploads.size(id)).toBeUndefined()
        expect(await a.blobs.find(digestOf('other'))).toBeUndefined()
        expect(await a.blobs.find(digestOf('hello'))).toBeUndefined()
      })

      test('serve one writer at a time', async () => {
        const id = await a.uploads.start()
        let arrive: () => void = () => undefined
        const arrival = new Promise<void>((resolve) => (arrive = resolve))
        const first = a.uploads.write(id, {
          body: (async function* () {
            await arrival
            yield Buffer.from('first')
          })(),
        })
        expect(await a.uploads.write(id, { body: body('second') })).toEqual({ outcome: 'busy' })
        expect(await a.uploads.cancel(id)).toBe('busy')
        arrive()
        expect(await first).toEqual({ outcome: 'written', size: 5 })
      })

      test('belong to the repository they were started in', async () => {
        const id = await a.uploads.start()
        expect(await b.uploads.size(id)).toBeUndefined()
        expect(await b.uploads.write(id, { body: body('x') })).toEqual({ outcome: 'unknown' })
        expect(await b.uploads.cancel(id)).toBe('unknown')
        expect(await a.uploads.size(id)).toBe(0)
      })

      test.each(['', '.', '..', '../../../a/_uploads', 'x', '00000000-0000-0000-0000-000000000000', 'a\0b'])(
        'do not know the session %j',
        async (id) => {
          expect(await a.uploads.size(id)).toBeUndefined()
          expect(await a.uploads.write(id, { body: body('x') })).toEqual({ outcome: 'unknown' })
          expect(await a.uploads.cancel(id)).toBe('unknown')
        },
      )

      test('are forgotten when cancelled', async () => {
        const id = await a.uploads.start()
        expect(await a.uploads.cancel(id)).toBe('cancelled')
        expect(await a.uploads.size(id)).toBeUndefined()
      })

      test('go on after a restart', async () => {
        const id = await a.uploads.start()
        await a.uploads.write(id, { body: body('hel') })
        const again = (await reopen()).repository('a')
        await again.uploads.write(id, { body: body('lo'), digest: digestOf('hello') })
        expect(await pull(again, digestOf('hello'))).toBe('hello')
      })

      test('keep nothing of a whole blob that broke off', async () => {
        const broken = new Error('gone')
        await expect(a.uploads.receive(body('hel', broken), digestOf('hello'))).rejects.toBe(broken)
        expect(await a.blobs.find(digestOf('hello'))).toBeUndefined()
      })

      test('hold any bytes in any chunks, with breaks and restarts between them', async () => {
        const step = fc.record({
          // Larger than one piece, now and then.
          chunk: fc.oneof(
            fc.uint8Array({ maxLength: 64 }),
            fc.integer({ min: 1_000_000, max: 1_100_000 }).map((length) => Buffer.alloc(length, length)),
          ),
          breaks: fc.boolean(),
          restarts: fc.boolean(),
        })
        await fc.assert(
          fc.asyncProperty(fc.array(step, { maxLength: 6 }), async (steps) => {
            const whole = Buffer.concat(steps.map(({ chunk }) => chunk))
            const id = await a.uploads.start()
            let repository = a
            for (const { chunk, breaks, restarts } of steps) {
              if (restarts) repository = (await reopen()).repository('a')
              const written = repository.uploads.write(id, {
                body: breaks ? body(chunk, new Error('gone')) : body(chunk),
              })
              await written.catch(() => undefined)
            }
            expect(await repository.uploads.write(id, { body: body(), digest: digestOf(whole) })).toEqual({
              outcome: 'written',
              size: whole.length,
            })
          }),
          { numRuns: 25 },
        )
      })
    })

    describe('manifests', () => {
      const bytes = Buffer.from('{ "any": "bytes" }')
      const digest = digestOf(bytes)

      test('come back by digest and by tag', async () => {
        await a.manifests.put(digest, bytes, 'v1')
        expect(Buffer.from((await a.manifests.find(digest))!)).toEqual(bytes)
        expect(await a.manifests.resolve('v1')).toEqual(digest)
      })

      test('need no tag', async () => {
        await a.manifests.put(digest, bytes)
        expect(await a.manifests.find(digest)).toBeDefined()
        expect(await all(a.manifests.tags(''))).toEqual([])
      })

      test('are known only in their own repository, and are no blobs', async () => {
        await a.manifests.put(digest, bytes, 'v1')
        expect(await b.manifests.find(digest)).toBeUndefined()
        expect(await b.manifests.resolve('v1')).toBeUndefined()
        expect(await a.blobs.find(digest)).toBeUndefined()
      })

      test('go with every tag that points to them, and with no other', async () => {
        const other = Buffer.from('other')
        await a.manifests.put(digest, bytes, 'v1')
        await a.manifests.put(digest, bytes, 'v2')
        await a.manifests.put(digest, bytes, 'moved')
        await a.manifests.put(digestOf(other), other, 'moved')
        expect(await a.manifests.delete(digest)).toBe(true)
        expect(await a.manifests.delete(digest)).toBe(false)
        expect(await all(a.manifests.tags(''))).toEqual(['moved'])
        expect(await a.manifests.find(digest)).toBeUndefined()
        expect(await a.manifests.find(digestOf(other))).toBeDefined()
      })

      test('stay when a tag goes', async () => {
        await a.manifests.put(digest, bytes, 'v1')
        expect(await a.manifests.deleteTag('v1')).toBe(true)
        expect(await a.manifests.deleteTag('v1')).toBe(false)
        expect(await a.manifests.resolve('v1')).toBeUndefined()
        expect(await a.manifests.find(digest)).toBeDefined()
      })

      test('keep a tag that moves to another while they are deleted', async () => {
        const other = Buffer.from('other')
        await a.manifests.put(digest, bytes, 'v1')
        await Promise.all([a.manifests.put(digestOf(other), other, 'v1'), a.manifests.delete(digest)])
        expect(await a.manifests.resolve('v1')).toEqual(digestOf(other))
      })

      test('list their tags in order, from anywhere', async () => {
        for (const tag of ['b', 'A', 'a.1', '_', 'a', '10', '9']) await a.manifests.put(digest, bytes, tag)
        expect(await all(a.manifests.tags(''))).toEqual(['10', '9', 'A', '_', 'a', 'a.1', 'b'])
        expect(await all(a.manifests.tags('a'))).toEqual(['a.1', 'b'])
        expect(await all(a.manifests.tags('a0'))).toEqual(['b'])
      })
    })

    describe('repositories', () => {
      test('exist once something is stored in them', async () => {
        expect(await a.exists()).toBe(false)
        await push(a, 'hello')
        expect(await a.exists()).toBe(true)
        expect(await store.repository('team').exists()).toBe(false)
      })

      test('are listed component by component, from anywhere', async () => {
        const names = ['a', 'a/b', 'a/b/c', 'a-b', 'b/a', 'team/x/y']
        for (const name of names) await push(store.repository(name), 'hello')
        expect(await all(store.repositories(''))).toEqual(['a', 'a/b', 'a/b/c', 'a-b', 'b/a', 'team/x/y'])
        expect(await all(store.repositories('a/b'))).toEqual(['a/b/c', 'a-b', 'b/a', 'team/x/y'])
        expect(await all(store.repositories('a/b/b'))).toEqual(['a/b/c', 'a-b', 'b/a', 'team/x/y'])
        expect(await all(store.repositories('a-b'))).toEqual(['b/a', 'team/x/y'])
        expect(await all(store.repositories('b'))).toEqual(['b/a', 'team/x/y'])
        expect(await all(store.repositories('team/x/y'))).toEqual([])
      })

      test('are the same after a restart', async () => {
        await push(b, 'hello')
        expect(await all((await reopen()).repositories(''))).toEqual(['team/b'])
      })
    })
  })
}
