// The Store on disk, in Distribution's own directory layout.
import { isRepositoryName } from '../protocol/reference.ts'
import { createDiskBlobs } from './disk-blobs.ts'
import { createDiskManifests } from './disk-manifests.ts'
import { createDiskUploads } from './disk-uploads.ts'
import type { Files } from './files.ts'
import { createFiles } from './files.ts'
import type { Layout } from './layout.ts'
import { createLayout, REPOSITORY_PARTS } from './layout.ts'
import { createQueue } from '../lib/queue.ts'
import type { Store } from './store.ts'

interface DiskStoreOptions {
  readonly rootdirectory: string
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** Random UUIDs, for upload sessions and temporary names. */
  readonly randomId: () => string
}

/** Keeps everything below `rootdirectory`, which need not exist yet. Its methods throw BackendError when the disk fails. */
export function createDiskStore({ rootdirectory, now, randomId }: DiskStoreOptions): Store {
  const layout = createLayout(rootdirectory)
  const files = createFiles(randomId)
  const queue = createQueue()
  const uploadsOf = createDiskUploads({ layout, files, now, randomId })
  return {
    repositories: (last) => walk(layout, files, '', last === '' ? undefined : last.split('/')),
    repository: (name) => ({
      exists: async () => isRepository(await files.directories(layout.repository(name))),
      blobs: createDiskBlobs({ layout, files, name }),
      manifests: createDiskManifests({ layout, files, queue, name }),
      uploads: uploadsOf(name),
    }),
  }
}

function isRepository(directories: readonly string[]): boolean {
  return REPOSITORY_PARTS.some((part) => directories.includes(part))
}

/**
 * The repositories at and below `name`. `after` is what of the last known name still lies below here: nothing left of it
 * means that this directory is the last known one itself.
 */
async function* walk(
  layout: Layout,
  files: Files,
  name: string,
  after: readonly string[] | undefined,
): AsyncGenerator<string> {
  const directories = await files.directories(layout.repository(name))
  if (after === undefined && isRepositoryName(name) && isRepository(directories)) yield name
  const [first, ...rest] = after ?? []
  for (const directory of directories) {
    if (!isRepositoryName(directory)) continue
    if (first !== undefined && directory < first) continue
    const below = name === '' ? directory : `${name}/${directory}`
    yield* walk(layout, files, below, directory === first ? rest : undefined)
  }
}
