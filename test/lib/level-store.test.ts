// The LevelDB store: which folders it opens, and what it says about those it does not.
import { describe, expect, test } from '@jest/globals'
import { mkdir, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { BackendError, ConfigError } from '../../src/lib/errors.ts'
import { openLevelStore } from '../../src/lib/level-store.ts'
import type { RecordStore } from '../../src/lib/record-store.ts'
import { useFolder } from '../support/folder.ts'
import { recordStoreConformance } from './record-store-conformance.ts'

const folder = useFolder()
const open = (name: string): Promise<RecordStore> => openLevelStore({ kind: 'level', path: folder.path(name) })

/** What is said about a folder that cannot be opened, with the path left out. */
async function refusal(name: string): Promise<string> {
  const failed = await open(name).then(
    () => undefined,
    (error: unknown) => error,
  )
  if (!(failed instanceof ConfigError)) throw new Error('this folder was opened', { cause: failed })
  return failed.message.replaceAll(`${folder.path()}/`, '')
}

let subjects = 0
recordStoreConformance('LevelDB', async () => ({ store: await open(`conformance-${subjects++}`) }))

describe('a folder', () => {
  test('that does not exist is made, for this process alone', async () => {
    const store = await open('data/tokens')
    await store.close()
    expect((await stat(folder.path('data/tokens'))).mode & 0o777).toBe(0o700)
    expect(await readdir(folder.path('data'))).toEqual(['tokens'])
  })

  test('that is empty, or new as a volume, is used', async () => {
    await mkdir(folder.path('tokens/lost+found'), { recursive: true })
    await (await open('tokens')).close()
    await expect(readdir(folder.path('tokens'))).resolves.toContain('CURRENT')
  })

  test('keeps what was put there', async () => {
    const store = await open('tokens')
    await store.put('t:bob', Buffer.from('one'))
    await store.put('t:bob', Buffer.from('two'))
    await store.put('t:é', Buffer.from([0, 255, 128]))
    await store.close()
    const again = await open('tokens')
    expect(Buffer.from((await again.get('t:bob'))!).toString()).toBe('two')
    expect([...(await again.get('t:é'))!]).toEqual([0, 255, 128])
    await again.close()
  })

  test('that holds something else is left alone', async () => {
    await folder.write('etc/passwd', 'root')
    expect(await refusal('etc')).toBe('etc holds passwd but no LevelDB: change level_token_db.path')
    expect(await readdir(folder.path('etc'))).toEqual(['passwd'])
  })

  test('that holds a LevelDB beside something else is opened', async () => {
    await (await open('tokens')).close()
    await folder.write('tokens/README', 'x')
    await (await open('tokens')).close()
  })

  test('that was left by a first start cut short is opened', async () => {
    await folder.write('tokens/LOCK', '')
    await folder.write('tokens/MANIFEST-000001', '')
    await (await open('tokens')).close()
  })
})

describe('what cannot be opened is said with its cure', () => {
  test('a file', async () => {
    await folder.write('tokens', 'x')
    expect(await refusal('tokens')).toBe(
      'tokens cannot be written (a file of that name is in the way): change level_token_db.path',
    )
  })

  test('a folder below a file', async () => {
    await folder.write('file', 'x')
    expect(await refusal(join('file', 'tokens'))).toContain('change level_token_db.path')
  })

  test('a folder that another holds open', async () => {
    const store = await open('tokens')
    expect(await refusal('tokens')).toBe(
      'tokens is in use by another process: stop it (docker_auth?), or change level_token_db.path',
    )
    await store.close()
    await (await open('tokens')).close()
  })

  test('a damaged folder', async () => {
    await (await open('tokens')).close()
    await folder.write('tokens/CURRENT', 'MANIFEST-999999\n')
    expect(await refusal('tokens')).toMatch(/^tokens (?:is damaged: restore it from a copy|cannot be opened)/)
  })
})

test('a store that is closed is an outage', async () => {
  const store = await open('tokens')
  await store.close()
  await store.close()
  await expect(store.get('x')).rejects.toBeInstanceOf(BackendError)
  await expect(store.put('x', new Uint8Array())).rejects.toBeInstanceOf(BackendError)
  await expect(store.delete('x')).rejects.toBeInstanceOf(BackendError)
  await expect(store.check(AbortSignal.timeout(1000))).rejects.toBeInstanceOf(BackendError)
  await expect(store.entries()[Symbol.asyncIterator]().next()).rejects.toBeInstanceOf(BackendError)
})
