// The Store on disk: it is a Store, its files are Distribution's, and nothing found in its folder breaks it.
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { createHash, randomUUID } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Digest } from '../../src/protocol/digest.ts'
import { createDiskStore } from '../../src/registry/disk-store.ts'
import type { Store } from '../../src/registry/store.ts'
import { storeConformance } from './store-conformance.ts'

const folders: string[] = []
const newFolder = async (): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'store-'))
  folders.push(folder)
  return folder
}
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true })
})

const openStore = (rootdirectory: string): Store =>
  createDiskStore({ rootdirectory, now: () => Date.UTC(2026, 0, 2, 3, 4, 5, 678), randomId: randomUUID })

storeConformance('a store on disk', async () => {
  const rootdirectory = join(await newFolder(), 'not', 'yet', 'there')
  return { store: openStore(rootdirectory), reopen: () => Promise.resolve(openStore(rootdirectory)) }
})

const digestOf = (text: string): Digest => ({
  algorithm: 'sha256',
  hex: createHash('sha256').update(text).digest('hex'),
})

async function* body(text: string): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(Buffer.from(text))
}

async function all(list: AsyncIterable<string>): Promise<string[]> {
  const items: string[] = []
  for await (const item of list) items.push(item)
  return items
}

async function filesBelow(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  const read = files.map(async (file) => [file.slice(folder.length + 1), await readFile(file, 'utf8')] as const)
  return Object.fromEntries((await Promise.all(read)).sort())
}

describe('on disk', () => {
  const layer = digestOf('layer')
  const manifest = digestOf('manifest')
  let root: string
  let v2: string
  let store: Store
  beforeEach(async () => {
    root = await newFolder()
    v2 = join(root, 'docker', 'registry', 'v2')
    store = openStore(root)
  })

  test('an image is just the files that Distribution would have written', async () => {
    const { uploads, manifests } = store.repository('team/app')
    await uploads.receive(body('layer'), layer)
    await manifests.put(manifest, Buffer.from('manifest'), 'v1')
    const repository = 'docker/registry/v2/repositories/team/app'
    expect(await filesBelow(root)).toEqual({
      [`docker/registry/v2/blobs/sha256/${layer.hex.slice(0, 2)}/${layer.hex}/data`]: 'layer',
      [`docker/registry/v2/blobs/sha256/${manifest.hex.slice(0, 2)}/${manifest.hex}/data`]: 'manifest',
      [`${repository}/_layers/sha256/${layer.hex}/link`]: `sha256:${layer.hex}`,
      [`${repository}/_manifests/revisions/sha256/${manifest.hex}/link`]: `sha256:${manifest.hex}`,
      [`${repository}/_manifests/tags/v1/current/link`]: `sha256:${manifest.hex}`,
      [`${repository}/_manifests/tags/v1/index/sha256/${manifest.hex}/link`]: `sha256:${manifest.hex}`,
    })
  })

  test('an upload is its data and when it started', async () => {
    const id = await store.repository('a').uploads.start()
    await store.repository('a').uploads.write(id, { body: body('part') })
    expect(await filesBelow(root)).toEqual({
      [`docker/registry/v2/repositories/a/_uploads/${id}/data`]: 'part',
      [`docker/registry/v2/repositories/a/_uploads/${id}/startedat`]: '2026-01-02T03:04:05Z',
    })
  })

  test('a finished, refused or cancelled upload leaves nothing behind', async () => {
    const { uploads } = store.repository('a')
    await uploads.receive(body('layer'), layer)
    await uploads.receive(body('other'), layer)
    await uploads.cancel(await uploads.start())
    expect(Object.keys(await filesBelow(root)).filter((file) => file.includes('_uploads'))).toEqual([])
    expect(await readdir(join(v2, 'repositories', 'a', '_uploads'))).toEqual([])
  })

  test('a link decides which blob it is, as Distribution links sha512 names', async () => {
    await store.repository('a').uploads.receive(body('layer'), layer)
    const alias: Digest = { algorithm: 'sha512', hex: createHash('sha512').update('layer').digest('hex') }
    const link = join(v2, 'repositories', 'a', '_layers', 'sha512', alias.hex)
    await mkdir(link, { recursive: true })
    await writeFile(join(link, 'link'), `sha256:${layer.hex}`)
    expect((await store.repository('a').blobs.find(alias))?.size).toBe(5)
    expect(await store.repository('b').blobs.mount(alias, 'a')).toBe(true)
    expect((await store.repository('b').blobs.find(alias))?.size).toBe(5)
  })

  test.each(['', 'sha256:short', '../../../../etc/passwd', 'x'.repeat(100_000)])(
    'a damaged link is a blob that is not there (%#)',
    async (content) => {
      await store.repository('a').uploads.receive(body('layer'), layer)
      await writeFile(join(v2, 'repositories', 'a', '_layers', 'sha256', layer.hex, 'link'), content)
      expect(await store.repository('a').blobs.find(layer)).toBeUndefined()
    },
  )

  test('a link whose data is gone is a blob that is not there', async () => {
    await store.repository('a').uploads.receive(body('layer'), layer)
    await rm(join(v2, 'blobs'), { recursive: true })
    expect(await store.repository('a').blobs.find(layer)).toBeUndefined()
    expect(await store.repository('b').blobs.mount(layer, 'a')).toBe(false)
  })

  test('damaged data is replaced by the next push', async () => {
    await store.repository('a').uploads.receive(body('layer'), layer)
    const data = join(v2, 'blobs', 'sha256', layer.hex.slice(0, 2), layer.hex, 'data')
    await writeFile(data, 'la')
    await store.repository('b').uploads.receive(body('layer'), layer)
    expect(await readFile(data, 'utf8')).toBe('layer')
  })

  test('foreign files, links and loops are passed over in lists', async () => {
    const repositories = join(v2, 'repositories')
    const { uploads, manifests } = store.repository('a')
    await uploads.receive(body('layer'), layer)
    await manifests.put(manifest, Buffer.from('manifest'), 'v1')
    const tags = join(repositories, 'a', '_manifests', 'tags')
    await mkdir(join(tags, 'half'))
    await mkdir(join(tags, 'link-is-a-folder', 'current', 'link'), { recursive: true })
    await mkdir(join(tags, 'not a tag', 'current'), { recursive: true })
    await writeFile(join(tags, 'not a tag', 'current', 'link'), `sha256:${manifest.hex}`)
    await writeFile(join(tags, 'file'), '')
    await symlink(tags, join(tags, 'loop'))
    await symlink('/nowhere', join(tags, 'broken'))
    await writeFile(join(repositories, 'file'), '')
    await symlink(repositories, join(repositories, 'loop'))
    await symlink('/nowhere', join(repositories, 'a', 'broken'))
    await mkdir(join(repositories, 'lost+found', '_layers'), { recursive: true })
    await mkdir(join(repositories, 'Upper', '_layers'), { recursive: true })
    expect(await all(manifests.tags(''))).toEqual(['v1'])
    expect(await all(store.repositories(''))).toEqual(['a'])
    expect(await manifests.delete(manifest)).toBe(true)
  })

  test('an upload that something else wrote to is hashed again', async () => {
    const { uploads, blobs } = store.repository('a')
    const id = await uploads.start()
    await uploads.write(id, { body: body('la') })
    await writeFile(join(v2, 'repositories', 'a', '_uploads', id, 'data'), 'laye')
    await uploads.write(id, { body: body('r'), digest: layer })
    expect(await blobs.find(layer)).toBeDefined()
  })

  test('a disk that fails is an outage, not a missing blob', async () => {
    // Where tests run as root no permission is ever missing, so a file stands in the way instead.
    await mkdir(join(v2), { recursive: true })
    await writeFile(join(v2, 'repositories'), '')
    await expect(store.repository('a').uploads.start()).rejects.toMatchObject({ name: 'BackendError' })
  })
})
