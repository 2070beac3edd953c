// The files of one load: read once, listed in name order, and compared with what they hold later.
import { describe, expect, test } from '@jest/globals'
import { chmod, mkdir, readFile, rename, stat, symlink, truncate, unlink, utimes, writeFile } from 'node:fs/promises'
import { createFile } from '../../src/lib/create-file.ts'
import { createFileSet } from '../../src/lib/files.ts'
import type { FileSet } from '../../src/lib/files.ts'
import { useFolder } from '../support/folder.ts'

const folder = useFolder()

/** A set that has read this file. */
async function having(path: string): Promise<FileSet> {
  const files = createFileSet()
  await files.readText(path).catch(() => undefined)
  return files
}

describe('a file that cannot be read', () => {
  test.each([
    ['one that is missing', 'nix.yml', 'does not exist'],
    ['one below a file', 'a.yml/b.yml', 'does not exist (a part of its path is a file)'],
    ['a folder', '', 'is a folder, not a file'],
    ['one that is not UTF-8', 'latin.yml', 'is not UTF-8 text'],
    ['one that is far too large', 'huge.yml', 'is larger than 64 MiB'],
  ])('%s', async (_what, name, expected) => {
    await folder.write('a.yml', 'a')
    await writeFile(folder.path('latin.yml'), Buffer.of(0xff))
    await writeFile(folder.path('huge.yml'), '')
    await truncate(folder.path('huge.yml'), 65 * 1024 * 1024)
    await expect(createFileSet().readText(folder.path(name))).rejects.toThrow(`${folder.path(name)}: ${expected}`)
  })

  test('is remembered, so that its appearance is a change', async () => {
    const files = await having(folder.path('late.yml'))
    await expect(files.isSame()).resolves.toBe(true)
    await expect(files.looksChanged()).resolves.toBe(false)
    await folder.write('late.yml', 'a: b')
    await expect(files.isSame()).resolves.toBe(false)
    await expect(files.looksChanged()).resolves.toBe(true)
    expect(files.paths()).toEqual([folder.path('late.yml')])
  })
})

describe('a change is noticed', () => {
  test.each<[string, (path: string) => Promise<unknown>]>([
    ['written again', (path) => writeFile(path, 'other')],
    ['truncated', (path) => writeFile(path, '')],
    ['deleted', (path) => unlink(path)],
    ['replaced by rename', async (path) => rename(await folder.write('new.yml', 'other'), path)],
    [
      'made a folder',
      async (path) => {
        await unlink(path)
        await mkdir(path)
      },
    ],
  ])('of a file that was %s', async (_what, change) => {
    const files = await having(await folder.write('a.yml', 'once'))
    await change(folder.path('a.yml'))
    await expect(files.isSame()).resolves.toBe(false)
    await expect(files.looksChanged()).resolves.toBe(true)
  })

  test('of a file behind a symbolic link that was swapped, as a ConfigMap does', async () => {
    await folder.write('v1/a.yml', 'once')
    await folder.write('v2/a.yml', 'twice')
    await symlink('v1', folder.path('data'))
    const files = await having(folder.path('data/a.yml'))
    await symlink('v2', folder.path('data.new'))
    await rename(folder.path('data.new'), folder.path('data'))
    await expect(files.isSame()).resolves.toBe(false)
    await expect(files.looksChanged()).resolves.toBe(true)
  })

  test('of content, even where size and time say nothing', async () => {
    const path = await folder.write('a.yml', 'aaaa')
    const { atime, mtime } = await stat(path)
    const files = await having(path)
    await writeFile(path, 'bbbb')
    await utimes(path, atime, mtime)
    await expect(files.isSame()).resolves.toBe(false)
  })

  test('but a file written again with the same content is the same', async () => {
    const files = await having(await folder.write('a.yml', 'once'))
    await folder.write('a.yml', 'once')
    await expect(files.isSame()).resolves.toBe(true)
  })
})

describe('a pattern', () => {
  test('names files in name order, and never hidden ones', async () => {
    for (const name of ['b.yml', 'a.yml', 'B.yml', '10.yml', '9.yml', '.hidden.yml', 'a.yaml', 'sub/c.yml'])
      await folder.write(name, '')
    const names = await createFileSet().list(folder.path('*.yml'))
    expect(names).toEqual(['10.yml', '9.yml', 'B.yml', 'a.yml', 'b.yml'].map((name) => folder.path(name)))
  })

  test.each(['nix/*.yml', '*.nix', '[', 'a\\'])('that finds nothing is empty: %s', async (pattern) => {
    await folder.write('a.yml', '')
    await expect(createFileSet().list(folder.path(pattern))).resolves.toEqual([])
  })

  test('is watched: a file that comes or goes is a change', async () => {
    const files = createFileSet()
    await files.list(folder.path('*.yml'))
    await folder.write('a.yml', '')
    await expect(files.isSame()).resolves.toBe(false)
    await expect(files.looksChanged()).resolves.toBe(true)
  })
})

describe('a file that is created', () => {
  test('has exactly its mode, whatever the umask', async () => {
    const path = folder.path('new')
    const before = process.umask(0o000)
    await createFile(path, 'x', 0o600).finally(() => process.umask(before))
    expect((await stat(path)).mode & 0o7777).toBe(0o600)
  })

  test('never replaces one that is there', async () => {
    const path = await folder.write('old', 'mine')
    await chmod(path, 0o600)
    await expect(createFile(path, 'yours', 0o600)).rejects.toMatchObject({ code: 'EEXIST' })
    await expect(readFile(path, 'utf8')).resolves.toBe('mine')
  })
})

test('a list in a folder that cannot be read is an error, not an empty list', async () => {
  const file = await folder.write('a.yml', 'a')
  const files = createFileSet()
  await expect(files.list(`${file}/*.yml`)).rejects.toThrow(`${file}: does not exist (a part of its path is a file)`)
  await expect(files.isSame()).resolves.toBe(true)
})
