// Files read while a configuration is loaded, remembered together so that a change of any of them is noticed.
import { createHash } from 'node:crypto'
import { readFile, readdir, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { ConfigError } from './errors.ts'
import { describeReadFailure, errorCode } from './file-errors.ts'
import { compileGlob } from './glob.ts'

const MAX_BYTES = 64 * 1024 * 1024

/** The files one load has read. */
export interface FileSet {
  /** The file as text. Throws ConfigError saying why it cannot be read. */
  readText(path: string): Promise<string>
  /** The files a pattern names, in name order; wildcards stand in the last part of the path only and never match a leading dot. */
  list(pattern: string): Promise<readonly string[]>
  /** Every path read so far. */
  paths(): readonly string[]
  /** Whether anything read so far looks different now: by size, times and inode, without reading it. */
  looksChanged(): Promise<boolean>
  /** Whether everything read so far has the same contents now. */
  isSame(): Promise<boolean>
}

/** One thing that was read: a cheap stamp of how it looked, and a digest of what it held. */
interface Seen {
  readonly stamp: string
  readonly digest: string
  currentStamp(): Promise<string>
  currentDigest(): Promise<string>
}

/** Starts with nothing read. */
export function createFileSet(): FileSet {
  const seen = new Map<string, Seen>()

  return {
    async readText(path) {
      const stamp = await stampOf(path)
      const content = await readBytes(path)
      seen.set(path, {
        stamp,
        digest: digestOf(content),
        currentStamp: () => stampOf(path),
        currentDigest: async () => digestOf(await readBytes(path)),
      })
      if (content instanceof Error)
        throw new ConfigError([{ message: content.message, file: path }], { cause: content })
      return decode(content, path)
    },
    async list(pattern) {
      const names = await listNames(pattern)
      const current = async (): Promise<string> => stampOfNames(await listNames(pattern))
      const stamp = stampOfNames(names)
      seen.set(`${pattern} (list)`, { stamp, digest: stamp, currentStamp: current, currentDigest: current })
      if (names instanceof Error)
        throw new ConfigError([{ message: names.message, file: dirname(pattern) }], { cause: names })
      return names
    },
    paths: () => [...seen.keys()],
    looksChanged: () => some(seen.values(), async (entry) => (await entry.currentStamp()) !== entry.stamp),
    isSame: async () => !(await some(seen.values(), async (entry) => (await entry.currentDigest()) !== entry.digest)),
  }
}

async function some<T>(items: Iterable<T>, test: (item: T) => Promise<boolean>): Promise<boolean> {
  for (const item of items) if (await test(item)) return true
  return false
}

async function stampOf(path: string): Promise<string> {
  try {
    const found = await stat(path, { bigint: true })
    return `${found.dev} ${found.ino} ${found.size} ${found.mtimeNs} ${found.ctimeNs} ${found.mode}`
  } catch (error) {
    return errorCode(error)
  }
}

// A file that cannot be read is an observation like any other: it is noticed when that changes.
async function readBytes(path: string): Promise<Buffer | Error> {
  try {
    if ((await stat(path)).size > MAX_BYTES) return new Error(`is larger than ${MAX_BYTES / 1024 / 1024} MiB`)
    return await readFile(path)
  } catch (error) {
    return new Error(await describeReadFailure(path, error), { cause: error })
  }
}

function digestOf(content: Buffer | Error): string {
  return content instanceof Error ? content.message : createHash('sha256').update(content).digest('base64')
}

function decode(content: Buffer, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(content)
  } catch (error) {
    throw new ConfigError([{ message: 'is not UTF-8 text', file: path }], { cause: error })
  }
}

// A folder that is not there holds nothing; one that cannot be read might.
async function listNames(pattern: string): Promise<string[] | Error> {
  const folder = dirname(pattern)
  const glob = compileGlob(basename(pattern))
  try {
    const names = (await readdir(folder)).filter((name) => !name.startsWith('.') && glob.matches(name))
    return names.sort().map((name) => join(folder, name))
  } catch (error) {
    return errorCode(error) === 'ENOENT' ? [] : new Error(await describeReadFailure(folder, error), { cause: error })
  }
}

function stampOfNames(names: readonly string[] | Error): string {
  return names instanceof Error ? names.message : names.join('\n')
}
