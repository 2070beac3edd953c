// Files that are made once and never overwritten.
import { open } from 'node:fs/promises'

/** Creates a file that must not exist yet, with exactly this mode, and returns when it is on disk. Throws what the system says. */
export async function createFile(path: string, content: string, mode: number): Promise<void> {
  const file = await open(path, 'wx', mode)
  try {
    await file.writeFile(content)
    await file.sync()
  } finally {
    await file.close()
  }
}
