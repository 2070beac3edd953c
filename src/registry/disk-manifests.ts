// Manifests and tags on disk. What a reader follows is written last and removed first: bytes, then revision, then tag.
import { dirname } from 'node:path'
import { formatDigest } from '../protocol/digest.ts'
import { isTag } from '../protocol/reference.ts'
import type { Files } from './files.ts'
import type { Layout } from './layout.ts'
import type { Queue } from '../lib/queue.ts'
import type { Manifests } from './store.ts'

interface DiskManifestsOptions {
  readonly layout: Layout
  readonly files: Files
  /** One for the whole store: changes to one repository take turns, so that a tag that just moved is not deleted. */
  readonly queue: Queue
  /** The repository. */
  readonly name: string
}

export function createDiskManifests({ layout, files, queue, name }: DiskManifestsOptions): Manifests {
  const removeTag = async (tag: string): Promise<void> => {
    await files.remove(layout.tagLink(name, tag))
    await files.remove(layout.tag(name, tag))
  }
  const manifests: Manifests = {
    find: async (digest) => {
      const target = await files.readLink(layout.revisionLink(name, digest))
      return target && (await files.read(layout.blob(target)))
    },
    resolve: (tag) => files.readLink(layout.tagLink(name, tag)),
    put: (digest, bytes, tag) =>
      queue(name, async () => {
        await files.place(layout.blob(digest), bytes)
        await files.placeLink(layout.revisionLink(name, digest), digest)
        if (tag === undefined) return
        await files.placeLink(layout.tagHistoryLink(name, tag, digest), digest)
        await files.placeLink(layout.tagLink(name, tag), digest)
      }),
    delete: (digest) =>
      queue(name, async () => {
        const link = layout.revisionLink(name, digest)
        if ((await files.readLink(link)) === undefined) return false
        for await (const tag of manifests.tags('')) {
          const target = await manifests.resolve(tag)
          if (target !== undefined && formatDigest(target) === formatDigest(digest)) await removeTag(tag)
        }
        await files.remove(dirname(link))
        return true
      }),
    deleteTag: (tag) =>
      queue(name, async () => {
        if ((await manifests.resolve(tag)) === undefined) return false
        await removeTag(tag)
        return true
      }),
    tags: async function* (last) {
      for (const tag of await files.directories(layout.tags(name))) {
        if (tag > last && isTag(tag) && (await manifests.resolve(tag)) !== undefined) yield tag
      }
    },
  }
  return manifests
}
