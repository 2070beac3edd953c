// Why a file cannot be read or written, in one sentence an admin can act on.
import { access, constants, mkdir, stat } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { dirname } from 'node:path'
import { ConfigError } from './errors.ts'

/** The system's code of a failed call (`ENOENT`), or `''`. */
export function errorCode(error: unknown): string {
  const failed = typeof error === 'object' && error !== null && 'code' in error
  return failed && typeof error.code === 'string' ? error.code : ''
}

/** Says why this file could not be read: missing, a folder, or whose it is and who we are. */
export async function describeReadFailure(path: string, error: unknown): Promise<string> {
  const code = errorCode(error)
  if (code === 'ENOENT') return 'does not exist'
  if (code === 'ENOTDIR') return 'does not exist (a part of its path is a file)'
  if (code === 'EISDIR') return 'is a folder, not a file'
  if (code === 'EACCES' || code === 'EPERM') return `cannot be read: ${await describeOwner(path)}`
  return `cannot be read (${code || String(error)})`
}

/** `it is root 0600; this process is uid 1000`. */
export async function describeOwner(path: string): Promise<string> {
  const me = `this process is uid ${process.geteuid?.() ?? userInfo().uid}`
  try {
    const { uid, mode } = await stat(path)
    return `it is ${uid === 0 ? 'root' : `uid ${uid}`} ${(mode & 0o7777).toString(8).padStart(4, '0')}; ${me}`
  } catch {
    return `a folder above it is closed to this process; ${me}`
  }
}

/** Says what could not be written, when writing at this path failed, and why: `/data cannot be written (the disk is full)`. */
export async function describeWriteFailure(path: string, error: unknown): Promise<string> {
  const closed = await nearestExisting(path)
  return `${closed} cannot be written (${WRITE_FAILURES[errorCode(error)] ?? (await describeOwner(closed))})`
}

const WRITE_FAILURES: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EROFS: 'the file system is read-only',
  EEXIST: 'a file of that name is in the way',
  ENOTDIR: 'it is a file, not a folder',
}

// What could not be made is the fault of the folder it would have stood in.
async function nearestExisting(path: string): Promise<string> {
  const found = await stat(path).catch(() => undefined)
  return found !== undefined || dirname(path) === path ? path : nearestExisting(dirname(path))
}

/** Makes sure that a folder exists and can be written. Throws ConfigError that says why not, and `cure`. */
export async function requireFolder(path: string, cure: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 })
    await access(path, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (error) {
    throw new ConfigError(`${await describeWriteFailure(path, error)}: ${cure}`, { cause: error })
  }
}
