// The one secret of browser sign-ins, and the keys derived from it.
import { hkdfSync } from 'node:crypto'
import { readFile, unlink } from 'node:fs/promises'
import { createFile } from '../../lib/create-file.ts'
import { ConfigError } from '../../lib/errors.ts'
import { describeReadFailure, describeWriteFailure, errorCode } from '../../lib/file-errors.ts'
import type { StoreSettings } from '../../lib/record-stores.ts'
import { Secret } from '../../lib/secret.ts'

const MIN_LENGTH = 32

/** What is wrong with `secret_key_file` for these stores, if anything: those that replicas share need it. */
export function secretKeyProblem(stores: readonly StoreSettings[], secretKey: Secret | undefined): string | undefined {
  if (secretKey !== undefined)
    return secretKey.reveal().length < MIN_LENGTH ? `must hold at least ${MIN_LENGTH} characters` : undefined
  const shared = stores.find(({ kind }) => kind !== 'level')
  return shared === undefined ? undefined : neededWith(shared)
}

function neededWith({ kind }: StoreSettings): string {
  return `is needed with ${kind}_token_db: a file with at least ${MIN_LENGTH} random characters, the same for every replica`
}

/**
 * The secret of a store: the configured one, or a LevelDB folder's own, which stands beside it in `PATH.key` and is made once.
 * Call it while the folder is open: its lock keeps two processes from making two keys. Throws ConfigError when it cannot be had.
 */
export async function secretOf(
  store: StoreSettings,
  secretKey: Secret | undefined,
  randomBytes: (size: number) => Buffer,
): Promise<Secret> {
  if (secretKey !== undefined) return secretKey
  if (store.kind !== 'level') throw new ConfigError(`secret_key_file ${neededWith(store)}`)
  const path = `${store.path}.key`
  return (await readKey(path)) ?? makeKey(path, randomBytes)
}

async function readKey(path: string): Promise<Secret | undefined> {
  try {
    const text = (await readFile(path, 'utf8')).trim()
    if (text.length >= MIN_LENGTH) return new Secret(text)
    // A run that was interrupted had no time to fill it.
    if (text === '') await unlink(path)
    else throw new ConfigError(`${path} must hold at least ${MIN_LENGTH} characters`)
  } catch (error) {
    if (error instanceof ConfigError) throw error
    if (errorCode(error) !== 'ENOENT')
      throw new ConfigError(`${path} ${await describeReadFailure(path, error)}`, { cause: error })
  }
  return undefined
}

async function makeKey(path: string, randomBytes: (size: number) => Buffer): Promise<Secret> {
  const text = randomBytes(32).toString('base64')
  try {
    await createFile(path, `${text}\n`, 0o600)
  } catch (error) {
    const failure = await describeWriteFailure(path, error)
    throw new ConfigError(`${failure}: ${path} is to hold a secret; or name one with secret_key_file`, { cause: error })
  }
  return new Secret(text)
}

/** A key of 32 bytes for one purpose: HKDF-SHA256, https://www.rfc-editor.org/rfc/rfc5869 */
export function deriveKey(secret: Secret, purpose: 'cookie' | 'record'): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secret.reveal(), '', `registry-auth ${purpose}`, 32))
}
