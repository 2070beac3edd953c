// A record store in a LevelDB folder; docker_auth's own opens and stays usable by docker_auth.
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { BackendError, ConfigError } from './errors.ts'
import { errorCode, requireFolder } from './file-errors.ts'
import { isFlocked } from './flock.ts'
import type { RecordStore } from './record-store.ts'

/** A LevelDB folder, by its absolute path. */
export interface LevelStoreSettings {
  readonly kind: 'level'
  readonly path: string
}

const CURE = 'change level_token_db.path'

// What LevelDB and goleveldb leave in their folders, and what a new volume holds.
const LEVEL_FILE = /^(?:CURRENT(?:\.\w+)?|LOCK|LOG(?:\.old)?|MANIFEST-\d+|\d+\.\w+|lost\+found)$/

/** Opens the folder, which is made if need be. LevelDB keeps no times, so `ttl` means nothing here. Throws ConfigError that says why it cannot be had. */
export async function openLevelStore({ path }: LevelStoreSettings, now: () => number = Date.now): Promise<RecordStore> {
  const { ClassicLevel } = await loadDriver()
  await requireFolder(path, CURE)
  await refuseForeign(path)
  // goleveldb's lock is of another kind than LevelDB's: neither keeps the other out.
  if (await isFlocked(join(path, 'LOCK'))) throw new ConfigError(inUse(path))
  const db = new ClassicLevel<string, Uint8Array>(path, { keyEncoding: 'utf8', valueEncoding: 'view' })
  try {
    await db.open()
  } catch (error) {
    throw new ConfigError(describeOpenFailure(path, error), { cause: error })
  }

  const claims = new Map<string, number>()

  const attempt = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work()
    } catch (error) {
      throw new BackendError(`the LevelDB folder ${path} does not work`, { cause: error })
    }
  }

  return {
    get: (key) => attempt(() => db.get(key)),
    // On disk before it is answered for: a password that was shown, or a token that replaced another, must not be lost.
    put: (key, value) => attempt(() => db.put(key, value, { sync: true })),
    delete: (key) => attempt(() => db.del(key, { sync: true })),
    // One process has the folder, so that it alone has to know.
    claim(key, ttl) {
      if ((claims.get(key) ?? 0) > now()) return Promise.resolve(undefined)
      claims.set(key, now() + ttl)
      return Promise.resolve(() => Promise.resolve(void claims.delete(key)))
    },
    async *entries() {
      const iterator = await attempt(() => Promise.resolve(db.iterator()))
      try {
        for (;;) {
          const entry = await attempt(() => iterator.next())
          if (entry === undefined) return
          yield entry
        }
      } finally {
        await iterator.close()
      }
    },
    async check() {
      await attempt(() => db.get('check'))
    },
    close: () => db.close(),
  }
}

async function loadDriver(): Promise<typeof import('classic-level')> {
  try {
    return await import('classic-level')
  } catch (error) {
    throw new ConfigError(
      'level_token_db needs the package classic-level, which is not here: npm install classic-level',
      {
        cause: error,
      },
    )
  }
}

// LevelDB would lay its files among those of whatever folder a slip of the pen names.
async function refuseForeign(path: string): Promise<void> {
  const names = await readdir(path)
  const foreign = names.filter((name) => !LEVEL_FILE.test(name))
  if (foreign.length === 0 || names.includes('CURRENT')) return
  throw new ConfigError(`${path} holds ${foreign.slice(0, 3).join(', ')} but no LevelDB: ${CURE}`)
}

function inUse(path: string): string {
  return `${path} is in use by another process: stop it (docker_auth?), or ${CURE}`
}

function describeOpenFailure(path: string, error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined
  const code = errorCode(cause)
  if (code === 'LEVEL_LOCKED') return inUse(path)
  if (code === 'LEVEL_CORRUPTION') return `${path} is damaged: restore it from a copy, or ${CURE}`
  return `${path} cannot be opened (${cause instanceof Error ? cause.message : code}): ${CURE}`
}
