// The registry's hands on the disk: the only file here that touches node:fs. A full disk is the client's to know, any other
// trouble is an outage, and what is simply not there is undefined.
import type { FileHandle } from 'node:fs/promises'
import { mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { isNativeError } from 'node:util/types'
import type { Digest } from '../protocol/digest.ts'
import { formatDigest, parseDigest } from '../protocol/digest.ts'
import { BackendError } from '../lib/errors.ts'
import { registryError } from './errors.ts'

export interface Files {
  /** The whole file. */
  read(path: string): Promise<Buffer | undefined>
  /** The digest a link file holds; undefined also when it holds something else. */
  readLink(path: string): Promise<Digest | undefined>
  /** The size of a regular file. */
  size(path: string): Promise<number | undefined>
  /** The real subdirectories' names (symbolic links and files are passed over), in the order of their character codes. */
  directories(path: string): Promise<readonly string[]>
  /** Writes a new file whose loss in a crash would not matter. */
  create(path: string, content: string): Promise<void>
  /** Writes a whole file under a temporary name, then renames it: a crash leaves the old file or the new one. */
  place(path: string, content: string | Uint8Array): Promise<void>
  /** Places a link file. */
  placeLink(path: string, digest: Digest): Promise<void>
  /** Renames a file that is already on the disk, replacing what was there. */
  move(from: string, to: string): Promise<void>
  /** Removes a file or a whole directory, if there. */
  remove(path: string): Promise<void>
  open(path: string, flags: 'r' | 'r+'): Promise<FileHandle | undefined>
}

/** `randomId` makes the temporary names. */
export function createFiles(randomId: () => string): Files {
  const files: Files = {
    read: (path) => onDisk(unlessMissing(readFile(path))),
    readLink: async (path) => {
      const content = await files.read(path)
      return content && parseDigest(content.toString('latin1').trim())
    },
    size: async (path) => {
      const found = await onDisk(unlessMissing(stat(path)))
      return found?.isFile() ? found.size : undefined
    },
    directories: async (path) => {
      const entries = (await onDisk(unlessMissing(readdir(path, { withFileTypes: true })))) ?? []
      return entries
        .filter((entry) => entry.isDirectory())
        .map((entry) => entry.name)
        .sort()
    },
    create: (path, content) => onDisk(create(path, content)),
    place: (path, content) => onDisk(place(path, content, `${path}.${randomId()}`)),
    placeLink: (path, digest) => files.place(path, formatDigest(digest)),
    move: (from, to) => onDisk(move(from, to)),
    remove: (path) => onDisk(rm(path, { recursive: true, force: true })),
    open: (path, flags) => onDisk(unlessMissing(open(path, flags))),
  }
  return files
}

/** Turns an error of the operating system into an answer: 507 for a full disk, BackendError for the rest. Other errors pass. */
export async function onDisk<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    const code = errnoOf(error)
    if (code === undefined) throw error
    if (code === 'ENOSPC' || code === 'EDQUOT') {
      throw registryError('UNKNOWN', { status: 507, message: 'the registry has no disk space left', cause: error })
    }
    throw new BackendError(`registry storage: ${String(error)}`, { cause: error })
  }
}

const MISSING: readonly unknown[] = ['ENOENT', 'ENOTDIR', 'EISDIR', 'ELOOP']

async function unlessMissing<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work
  } catch (error) {
    if (MISSING.includes(errnoOf(error))) return undefined
    throw error
  }
}

function errnoOf(error: unknown): unknown {
  return isNativeError(error) && 'syscall' in error && 'code' in error ? error.code : undefined
}

async function create(path: string, content: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, content, { flag: 'wx' })
}

async function place(path: string, content: string | Uint8Array, temporary: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  try {
    const file = await open(temporary, 'wx')
    try {
      await file.writeFile(content)
      await file.sync()
    } finally {
      await file.close()
    }
    await move(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

async function move(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true })
  await rename(from, to)
  // The new name is only as durable as the directory that holds it.
  const directory = await open(dirname(to), 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}
