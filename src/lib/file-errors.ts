// Why a file cannot be read or written, in one sentence an admin can act on.
import { stat } from 'node:fs/promises'
import { userInfo } from 'node:os'

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
