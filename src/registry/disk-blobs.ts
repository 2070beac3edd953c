// Blobs on disk: bytes that all repositories share, and a link in each repository that holds them.
import type { Readable } from 'node:stream'
import { BackendError } from '../lib/errors.ts'
import type { Digest } from '../protocol/digest.ts'
import type { Files } from './files.ts'
import type { Layout } from './layout.ts'
import type { Blobs } from './store.ts'

// A larger piece per read is what makes a download as fast as the disk.
const READ_SIZE = 1024 * 1024

interface DiskBlobsOptions {
  readonly layout: Layout
  readonly files: Files
  /** The repository. */
  readonly name: string
}

export function createDiskBlobs({ layout, files, name }: DiskBlobsOptions): Blobs {
  return {
    find: async (digest) => {
      const found = await locate(layout, files, name, digest)
      if (found === undefined) return undefined
      return { size: found.size, read: (start, end) => read(files, found.path, start, end) }
    },
    mount: async (digest, from) => {
      const found = await locate(layout, files, from, digest)
      if (found === undefined) return false
      await files.placeLink(layout.layerLink(name, digest), found.digest)
      return true
    },
    delete: async (digest) => {
      const found = await locate(layout, files, name, digest)
      if (found === undefined) return false
      await files.remove(layout.layerLink(name, digest))
      return true
    },
  }
}

interface Located {
  readonly digest: Digest
  readonly path: string
  readonly size: number
}

// The link's content decides, not its name: Distribution links a sha512 name to the sha256 of the same bytes.
async function locate(layout: Layout, files: Files, name: string, asked: Digest): Promise<Located | undefined> {
  const digest = await files.readLink(layout.layerLink(name, asked))
  if (digest === undefined) return undefined
  const path = layout.blob(digest)
  const size = await files.size(path)
  return size === undefined ? undefined : { digest, path, size }
}

async function read(files: Files, path: string, start: number, end: number): Promise<Readable> {
  const file = await files.open(path, 'r')
  if (file === undefined) throw new BackendError(`registry storage: ${path} went away while it was being read`)
  return file.createReadStream({ start, end, highWaterMark: READ_SIZE })
}
