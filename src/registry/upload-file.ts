// One upload's file: received, hashed and written in pieces, so that the size of a blob never matters to memory.
import type { Hash } from 'node:crypto'
import { createHash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import type { DigestAlgorithm } from '../protocol/digest.ts'
import { onDisk } from './files.ts'

const PIECE = 1024 * 1024

// The algorithm nearly every client uses; content named by another one is read again when it is whole.
const RUNNING_ALGORITHM: DigestAlgorithm = 'sha256'

/** The running hash of a file's first `size` bytes. It is worth something only while the file has just that size. */
export interface Progress {
  readonly hash: Hash
  size: number
}

/** The progress of what is already in the file. */
export async function readProgress(file: FileHandle): Promise<Progress> {
  const { size } = await onDisk(file.stat())
  return { hash: await hashFile(file, RUNNING_ALGORITHM, size), size }
}

/**
 * Appends a body and moves `progress` along; stops early once more than `limit` bytes came. When the body fails, what had
 * arrived is in the file and in the progress, and its error is thrown. A failed write may leave the file ahead of the progress.
 */
export async function appendBody(
  file: FileHandle,
  body: AsyncIterable<Uint8Array>,
  progress: Progress,
  limit: number,
): Promise<void> {
  const piece = Buffer.allocUnsafe(PIECE)
  let filled = 0
  let arrived = 0
  const flush = async (): Promise<void> => {
    const bytes = piece.subarray(0, filled)
    filled = 0
    await onDisk(writeAll(file, bytes, progress.size))
    progress.hash.update(bytes)
    progress.size += bytes.length
  }
  try {
    for await (const chunk of body) {
      arrived += chunk.length
      for (let rest = chunk; rest.length > 0;) {
        const part = rest.subarray(0, PIECE - filled)
        piece.set(part, filled)
        filled += part.length
        rest = rest.subarray(part.length)
        if (filled === PIECE) await flush()
      }
      if (arrived > limit) return
    }
  } finally {
    await flush()
  }
}

/** The hexadecimal hash of the whole file, which must have just the progress's size. */
export async function hashOf(file: FileHandle, progress: Progress, algorithm: DigestAlgorithm): Promise<string> {
  const hash = algorithm === RUNNING_ALGORITHM ? progress.hash.copy() : await hashFile(file, algorithm, progress.size)
  return hash.digest('hex')
}

async function hashFile(file: FileHandle, algorithm: DigestAlgorithm, size: number): Promise<Hash> {
  const hash = createHash(algorithm)
  const piece = Buffer.allocUnsafe(Math.min(PIECE, size))
  for (let position = 0; position < size;) {
    const { bytesRead } = await onDisk(file.read(piece, 0, piece.length, position))
    if (bytesRead === 0) break
    hash.update(piece.subarray(0, bytesRead))
    position += bytesRead
  }
  return hash
}

async function writeAll(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done)
    done += bytesWritten
  }
}
