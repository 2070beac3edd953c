// A temporary folder for each test of a file, with helpers to put files there.
import { afterEach, beforeEach } from '@jest/globals'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

export interface Folder {
  /** The absolute path of a name in this test's folder; the folder itself without a name. */
  path(name?: string): string
  /** Writes a file there, making the folders above it, and answers its path. */
  write(name: string, content: string): Promise<string>
}

/** Makes a folder before each test and removes it afterwards. */
export function useFolder(): Folder {
  let root = ''
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'registry-auth-'))
  })
  afterEach(() => rm(root, { recursive: true, force: true }))
  return {
    path: (name = '') => join(root, name),
    async write(name, content) {
      const path = join(root, name)
      await mkdir(dirname(path), { recursive: true })
      await writeFile(path, content)
      return path
    },
  }
}
