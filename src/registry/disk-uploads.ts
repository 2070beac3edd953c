// Upload sessions on disk: a directory each, whose data becomes a blob by a rename once it is whole and its digest is right.
import type { FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import type { Digest } from '../protocol/digest.ts'
import type { Files } from './files.ts'
import { onDisk } from './files.ts'
import type { Layout } from './layout.ts'
import type { Chunk, Uploads, Written } from './store.ts'
import type { Progress } from './upload-file.ts'
import { appendBody, hashOf, readProgress } from './upload-file.ts'

// A session whose progress was forgotten is read again from the disk, so this only bounds memory.
const PROGRESS_KEPT = 1000

const SESSION_ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

interface DiskUploadsOptions {
  readonly layout: Layout
  readonly files: Files
  readonly now: () => number
  readonly randomId: () => string
}

/** The upload sessions of each repository. What is remembered between requests is remembered here, for all of them. */
export function createDiskUploads({ layout, files, now, randomId }: DiskUploadsOptions): (name: string) => Uploads {
  const busy = new Set<string>()
  const known = new Map<string, Progress>()

  const alone = async <T>(session: string, work: () => Promise<T>): Promise<T | 'busy'> => {
    if (busy.has(session)) return 'busy'
    busy.add(session)
    try {
      return await work()
    } finally {
      busy.delete(session)
    }
  }

  const recall = async (session: string, file: FileHandle): Promise<Progress> => {
    const remembered = known.get(session)
    const { size } = await onDisk(file.stat())
    const progress = remembered?.size === size ? remembered : await readProgress(file)
    known.set(session, progress)
    const [oldest] = known.keys()
    if (known.size > PROGRESS_KEPT && oldest !== undefined) known.delete(oldest)
    return progress
  }

  const end = async (session: string): Promise<void> => {
    known.delete(session)
    await files.remove(session)
  }

  const append = async (session: string, file: FileHandle, chunk: Chunk): Promise<Written> => {
    const progress = await recall(session, file)
    const start = progress.size
    const length = chunk.range?.length ?? Infinity
    if (chunk.range !== undefined && chunk.range.start !== start) return { outcome: 'out-of-order', size: start }
    await appendBody(file, chunk.body, progress, length)
    if (chunk.range !== undefined && progress.size - start !== length) {
      known.delete(session)
      await onDisk(file.truncate(start))
      return { outcome: 'wrong-length' }
    }
    if (chunk.digest !== undefined) {
      if ((await hashOf(file, progress, chunk.digest.algorithm)) !== chunk.digest.hex)
        return { outcome: 'wrong-digest' }
      await onDisk(file.sync())
    }
    return { outcome: 'written', size: progress.size }
  }

  const write = async (name: string, session: string, chunk: Chunk): Promise<Written> => {
    const file = await files.open(join(session, 'data'), 'r+')
    if (file === undefined) return { outcome: 'unknown' }
    const written = await append(session, file, chunk).finally(() => file.close())
    if (written.outcome === 'wrong-digest') await end(session)
    if (written.outcome === 'written' && chunk.digest !== undefined) {
      await files.move(join(session, 'data'), layout.blob(chunk.digest))
      await files.placeLink(layout.layerLink(name, chunk.digest), chunk.digest)
      await end(session)
    }
    return written
  }

  return (name) => {
    const uploads: Uploads = {
      start: async () => {
        const id = randomId()
        const session = layout.upload(name, id)
        await files.create(join(session, 'startedat'), formatTime(now()))
        await files.create(join(session, 'data'), '')
        return id
      },
      size: async (id) => (SESSION_ID.test(id) ? files.size(join(layout.upload(name, id), 'data')) : undefined),
      write: async (id, chunk) => {
        if (!SESSION_ID.test(id)) return { outcome: 'unknown' }
        const session = layout.upload(name, id)
        const written = await alone(session, () => write(name, session, chunk))
        return written === 'busy' ? { outcome: 'busy' } : written
      },
      receive: async (body: AsyncIterable<Uint8Array>, digest: Digest) => {
        const id = await uploads.start()
        try {
          return await uploads.write(id, { body, digest })
        } catch (error) {
          await end(layout.upload(name, id))
          throw error
        }
      },
      cancel: async (id) => {
        if ((await uploads.size(id)) === undefined) return 'unknown'
        const session = layout.upload(name, id)
        return alone(session, async () => {
          await end(session)
          return 'cancelled' as const
        })
      },
    }
    return uploads
  }
}

// RFC 3339 in whole seconds, as Distribution writes it.
function formatTime(time: number): string {
  return new Date(time).toISOString().replace(/\.\d+Z$/, 'Z')
}
