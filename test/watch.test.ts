// A change is acted on once it holds still: never on half a file, never on a file that is gone for a moment.
import { afterEach, describe, expect, test } from '@jest/globals'
import { rename, stat, symlink, unlink, utimes, writeFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { createFileSet } from '../src/lib/files.ts'
import type { FileSet } from '../src/lib/files.ts'
import { loadSettled, watch } from '../src/watch.ts'
import type { Attempt, Watch } from '../src/watch.ts'
import { useFolder } from './support/folder.ts'

const folder = useFolder()
let watching: Watch | undefined
afterEach(() => watching?.close())

/** Reads one file; what it gives is its text, or that there is none. */
function reader(path: string): () => Promise<Attempt<string>> {
  return async () => {
    const files = createFileSet()
    return { result: await files.readText(path).catch(() => '(missing)'), files }
  }
}

/** Watches a file that says `old` and collects what is applied. */
async function watched(name = 'a.yml'): Promise<{ path: string; applied: string[]; next: () => Promise<string> }> {
  const path = folder.path(name)
  const applied: string[] = []
  const load = reader(path)
  const { files } = await load()
  watching = watch(files, load, (result) => {
    applied.push(result)
    return Promise.resolve()
  })
  const next = async (): Promise<string> => {
    const seen = applied.length
    while (applied.length === seen) await sleep(20)
    return applied.at(-1) ?? ''
  }
  return { path, applied, next }
}

describe('loading until it holds still', () => {
  test('takes a file that does', async () => {
    const load = reader(await folder.write('a.yml', 'whole'))
    await expect(loadSettled(load, createFileSet())).resolves.toMatchObject({ result: 'whole' })
  })

  test('never takes what is written in pieces, each a while after the other', async () => {
    const path = await folder.write('a.yml', '')
    const pieces = ['on', 'one t', 'one two', 'one two three']
    const writing = (async () => {
      for (const piece of pieces) {
        await writeFile(path, piece)
        await sleep(150)
      }
    })()
    await expect(loadSettled(reader(path), createFileSet())).resolves.toMatchObject({ result: pieces.at(-1) })
    await writing
  })

  test('waits for a file that this load no longer reads, in case it comes back', async () => {
    const rules = await folder.write('rules/a.yml', 'rules')
    const load = async (): Promise<Attempt<string[]>> => {
      const files = createFileSet()
      const names = await files.list(folder.path('rules/*.yml'))
      return { result: await Promise.all(names.map((name) => files.readText(name))), files }
    }
    const { files } = await load()
    await unlink(rules)
    const settled = loadSettled(load, files)
    await sleep(600)
    await writeFile(rules, 'rules again')
    await expect(settled).resolves.toMatchObject({ result: ['rules again'] })
  })

  test('takes it for gone in the end', async () => {
    const load = reader(folder.path('nix.yml'))
    await expect(loadSettled(load, createFileSet())).resolves.toMatchObject({ result: '(missing)' })
  })
})

describe('a watched file is applied when it was', () => {
  test.each<[string, (path: string) => Promise<unknown>]>([
    ['written', (path) => writeFile(path, 'new')],
    ['replaced by rename', async (path) => rename(await folder.write('other', 'new'), path)],
    [
      'truncated and written in pieces',
      async (path) => {
        for (const piece of ['', 'n', 'ne', 'new']) {
          await writeFile(path, piece)
          await sleep(100)
        }
      },
    ],
    [
      'deleted and created',
      async (path) => {
        await unlink(path)
        await sleep(50)
        await writeFile(path, 'new')
      },
    ],
    [
      'edited without a change of its size and time',
      async (path) => {
        const { atime, mtime } = await stat(path)
        await writeFile(path, 'new')
        await utimes(path, atime, mtime)
      },
    ],
  ])('%s', async (_how, change) => {
    await folder.write('a.yml', 'old')
    const { path, applied, next } = await watched()
    const applying = next()
    await change(path)
    await applying
    expect(applied).toEqual(['new'])
  })

  test('swapped behind a symbolic link, as a ConfigMap is', async () => {
    await folder.write('v1/a.yml', 'old')
    await folder.write('v2/a.yml', 'new')
    await symlink('v1', folder.path('data'))
    const { next } = await watched('data/a.yml')
    const applying = next()
    await symlink('v2', folder.path('data.new'))
    await rename(folder.path('data.new'), folder.path('data'))
    expect(await applying).toBe('new')
  })

  test('created, though it was missing from the start', async () => {
    const { path, next } = await watched()
    const applying = next()
    await writeFile(path, 'new')
    expect(await applying).toBe('new')
  })
})

test('content counts where sizes and times lie, as on some network mounts', async () => {
  const lying: FileSet = {
    readText: () => Promise.resolve(''),
    list: () => Promise.resolve([]),
    paths: () => [],
    looksChanged: () => Promise.resolve(false),
    isSame: () => Promise.resolve(false),
  }
  const load = reader(await folder.write('a.yml', 'new'))
  const applied = new Promise<string>((resolve) => {
    watching = watch(lying, load, (result) => Promise.resolve(resolve(result)))
  })
  await expect(applied).resolves.toBe('new')
})

test('nothing is applied where nothing changed', async () => {
  await folder.write('a.yml', 'old')
  const { applied } = await watched()
  await sleep(1200)
  expect(applied).toEqual([])
})

test('a trigger applies what is there, changed or not, and triggers take turns', async () => {
  await folder.write('a.yml', 'old')
  let running = 0
  let most = 0
  let count = 0
  const load = reader(folder.path('a.yml'))
  const done = new Promise<void>((resolve) => {
    void load().then(({ files }) => {
      watching = watch(files, load, async () => {
        most = Math.max(most, ++running)
        await sleep(50)
        running--
        if (++count === 3) resolve()
      })
      for (let index = 0; index < 3; index++) watching.trigger()
    })
  })
  await done
  expect(most).toBe(1)
})
