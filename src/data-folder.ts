// The embedded default: a folder with a signing key, an admin, a configuration to keep editing, and the registry's storage.
import { randomInt } from 'node:crypto'
import { chmod, mkdir, readdir, readFile, stat, unlink } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { hash } from '@node-rs/bcrypt'
import { createFile } from './lib/create-file.ts'
import { ConfigError } from './lib/errors.ts'
import { describeOwner, describeWriteFailure, errorCode } from './lib/file-errors.ts'
import { Secret } from './lib/secret.ts'
import { firstConfig } from './first-config.ts'
import { createSelfSigned, selfSign } from './token/index.ts'

/** A prepared data folder. `password` is the admin's, known only when this run made it. */
export interface DataFolder {
  readonly folder: string
  readonly configFile: string
  readonly password: Secret | undefined
  /** Whether the folder held a key, or images, but no configuration. */
  readonly resumed: boolean
}

const KEY = 'token.key'
const CERTIFICATE = 'token.crt'
const CONFIG = 'config.yml'
const REGISTRY = 'registry'
const OURS = [KEY, CERTIFICATE, CONFIG, REGISTRY]
// A new volume holds the one, a server that was killed leaves the other; both are nobody's data.
const IGNORED = ['lost+found', 'admin.sock']

/** Whether the folder was prepared before. */
export async function isPrepared(folder: string): Promise<boolean> {
  return (await names(folder)).includes(CONFIG) && !(await isEmpty(join(folder, CONFIG)))
}

/**
 * Finds or makes the folder's contents. The configuration is written last: a run that was interrupted before it is resumed by
 * the next one. Throws ConfigError for a folder that cannot be used, having changed nothing in it.
 */
export async function prepareDataFolder(
  path: string,
  addresses: { readonly server: string; readonly registry: string },
  now: () => number,
): Promise<DataFolder> {
  const folder = resolve(path)
  const configFile = join(folder, CONFIG)
  if (await isPrepared(folder)) return { folder, configFile, password: undefined, resumed: false }
  await refuseForeign(folder)
  const resumed = (await names(folder)).some((name) => OURS.includes(name))
  return writing(folder, async () => {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await chmod(folder, 0o700)
    await makeKeyPair(folder, now)
    await mkdir(join(folder, REGISTRY), { recursive: true, mode: 0o700 })
    const password = newPassword()
    const passwordHash = await hash(password.reveal(), 10)
    await removeEmpty(configFile)
    await createFile(configFile, firstConfig({ folder, passwordHash, ...addresses }), 0o600)
    return { folder, configFile, password, resumed }
  })
}

async function refuseForeign(folder: string): Promise<void> {
  const foreign = (await names(folder)).filter((name) => ![...OURS, ...IGNORED].includes(name))
  if (foreign.length === 0) return
  throw new ConfigError(
    `${folder} holds ${foreign.slice(0, 3).join(', ')} but no ${CONFIG}: name an empty folder with REGISTRY_AUTH_DATA`,
  )
}

async function makeKeyPair(folder: string, now: () => number): Promise<void> {
  const keyFile = join(folder, KEY)
  const certificateFile = join(folder, CERTIFICATE)
  for (const file of [keyFile, certificateFile]) await removeEmpty(file)
  const subject = { commonName: 'registry-auth token signing', now, days: 3650 }
  if (!(await exists(keyFile))) {
    if (await exists(certificateFile))
      throw new ConfigError(`${certificateFile} stands there without its key: move it away and start again`)
    const { privateKeyPem, certificatePem } = await createSelfSigned(subject)
    await createFile(keyFile, privateKeyPem, 0o600)
    await createFile(certificateFile, certificatePem, 0o600)
  } else if (!(await exists(certificateFile))) {
    await createFile(certificateFile, await selfSign(await readFile(keyFile, 'utf8'), subject), 0o600)
  }
}

/** 20 characters that are easy to read and to select; more than 100 random bits. */
function newPassword(): Secret {
  const alphabet = 'abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789'
  return new Secret(Array.from({ length: 20 }, () => alphabet.charAt(randomInt(alphabet.length))).join(''))
}

/** What an interrupted run may leave behind is a file it had no time to fill. */
async function removeEmpty(path: string): Promise<void> {
  if (await isEmpty(path)) await unlink(path)
}

async function isEmpty(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined)
  return found !== undefined && found.isFile() && found.size === 0
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined
}

async function names(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return []
    if (errorCode(error) === 'ENOTDIR')
      throw new ConfigError(`${folder} is a file: name a folder with REGISTRY_AUTH_DATA`)
    throw new ConfigError(`${folder} cannot be read: ${await describeOwner(folder)}`, { cause: error })
  }
}

async function writing<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (errorCode(error) === '') throw error
    const failure = await describeWriteFailure(folder, error)
    throw new ConfigError(`${failure}: name another folder with REGISTRY_AUTH_DATA`, { cause: error })
  }
}
