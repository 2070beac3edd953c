// The lines of a log file, a batch at a time, so that a log of any size takes little memory.
import { open } from 'node:fs/promises'
import { stdin } from 'node:process'
import { pipeline } from 'node:stream'
import type { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { ConfigError } from '../../lib/errors.ts'
import { describeReadFailure } from '../../lib/file-errors.ts'

// No token line is longer, and whoever can write to a log can write a line without an end.
const MAX_LINE = 1024 * 1024
const CHUNK = 256 * 1024

/** A log that can be read once. */
export interface LogFile {
  readonly name: string
  /** Bytes; undefined where nobody knows them before the end. */
  readonly size: number | undefined
  /** Its lines without their ends; undefined for one above 1 MiB. Throws ConfigError when it cannot be read. */
  readonly lines: () => AsyncIterable<readonly (string | undefined)[]>
  /** How many of `size` have been read. */
  readonly bytesRead: () => number
}

/** Opens a log; `-` is what is piped in, and one that ends in `.gz` is unpacked. Throws ConfigError when there is none. */
export async function openLog(path: string): Promise<LogFile> {
  if (path === '-') return { name: 'standard input', size: undefined, lines: () => split(stdin), bytesRead: () => 0 }
  try {
    const handle = await open(path)
    const stats = await handle.stat()
    const stream = handle.createReadStream({ highWaterMark: CHUNK })
    return {
      name: path,
      size: stats.isFile() ? stats.size : undefined,
      lines: () => linesOf(path, path.endsWith('.gz') ? unpack(stream) : stream),
      bytesRead: () => stream.bytesRead,
    }
  } catch (error) {
    throw await readFailure(path, error)
  }
}

function unpack(stream: Readable): Readable {
  // The unpacked stream reports what went wrong with either.
  return pipeline(stream, createGunzip({ chunkSize: CHUNK }), () => undefined)
}

async function* linesOf(path: string, stream: Readable): AsyncGenerator<readonly (string | undefined)[]> {
  try {
    yield* split(stream)
  } catch (error) {
    throw await readFailure(path, error)
  }
}

async function readFailure(path: string, error: unknown): Promise<ConfigError> {
  return new ConfigError([{ file: path, message: await describeReadFailure(path, error) }], { cause: error })
}

async function* split(chunks: AsyncIterable<Buffer>): AsyncGenerator<readonly (string | undefined)[]> {
  let rest = Buffer.alloc(0)
  let tooLong = false
  const line = (end: Buffer): string | undefined => {
    const whole = rest.length === 0 ? end : Buffer.concat([rest, end])
    const text = tooLong || whole.length > MAX_LINE ? undefined : whole.toString('utf8')
    rest = Buffer.alloc(0)
    tooLong = false
    return text
  }
  for await (const chunk of chunks) {
    const lines: (string | undefined)[] = []
    let start = 0
    for (let end = chunk.indexOf(0x0a); end >= 0; end = chunk.indexOf(0x0a, start)) {
      lines.push(line(chunk.subarray(start, end)))
      start = end + 1
    }
    rest = Buffer.concat([rest, chunk.subarray(start)])
    if (rest.length > MAX_LINE) {
      tooLong = true
      rest = Buffer.alloc(0)
    }
    yield lines
  }
  if (rest.length > 0 || tooLong) yield [line(Buffer.alloc(0))]
}
