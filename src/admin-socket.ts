// The unix socket in the data folder that admin commands ask a running server through; only its owner may.
import { randomBytes } from 'node:crypto'
import { mkdir, rename, stat, unlink } from 'node:fs/promises'
import { createConnection, createServer } from 'node:net'
import type { Server, Socket } from 'node:net'
import { join, resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { BackendError, ConfigError, describeOutage } from './lib/errors.ts'
import { errorCode } from './lib/file-errors.ts'
import { parseJson } from './lib/json.ts'
import type { Logger } from './lib/logger.ts'
import { within } from './lib/within.ts'

const NAME = 'admin.sock'
// sun_path, without its final NUL.
const LONGEST_PATH = 107
const MAX_QUESTION = 1024 * 1024
const LIMIT_MS = 60_000

/** What the server answers: a value, or what is wrong with the question. */
type Reply = { readonly answer: unknown } | { readonly problem: string }

/** The socket of a running server. */
export interface AdminSocket {
  close(): Promise<void>
}

/**
 * Opens the socket in this folder, making the folder if it has to; one that is there is replaced. `answer` answers one question, and
 * may throw ConfigError to refuse it. Throws ConfigError when there can be no socket.
 */
export async function openAdminSocket(
  folder: string,
  answer: (question: unknown) => Promise<unknown>,
  log: Logger,
): Promise<AdminSocket> {
  const path = pathIn(folder)
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => undefined)
    within({ what: 'an admin command', ms: LIMIT_MS, late: () => socket.destroy() }, () => serve(socket, answer)).catch(
      (error: unknown) => {
        log.error({ err: error }, 'an admin command failed')
        socket.destroy()
      },
    )
  })
  server.maxConnections = 16
  // Renamed when it is ready: it is never there with other permissions, and one left behind or still in use is replaced at once.
  // The first name is no longer than the last, because Node cuts off what is too long for a socket.
  const temporary = join(resolve(folder), `.${randomBytes(4).toString('hex')}`)
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await listen(server, temporary)
    await rename(temporary, path)
  } catch (error) {
    server.close()
    throw new ConfigError(`${path} cannot be made: ${errorCode(error)}`, { cause: error })
  }
  const { ino } = await stat(path)
  return {
    async close() {
      server.close()
      // Another server may have replaced it by now.
      const found = await stat(path).catch(() => undefined)
      if (found?.ino === ino) await unlink(path)
    },
  }
}

/** Asks the server whose data folder this is. Throws ConfigError when none answers, or it refuses the question. */
export async function askAdminSocket(folder: string, question: object): Promise<unknown> {
  const path = pathIn(folder)
  const socket = createConnection({ path, allowHalfOpen: true })
  try {
    socket.end(JSON.stringify(question))
    const reply = parseReply(await within({ what: path, ms: LIMIT_MS }, () => text(socket)))
    if ('answer' in reply) return reply.answer
    throw new ConfigError(reply.problem)
  } catch (error) {
    if (error instanceof ConfigError) throw error
    const code = errorCode(error instanceof BackendError ? error.cause : error)
    const why = code === 'EACCES' ? 'only the user it runs as may ask it' : `no server answers at ${path}`
    throw new ConfigError(
      `${why}: name its data folder with --data (one with a configuration of its own has REGISTRY_AUTH_DATA), or a configuration file`,
      { cause: error },
    )
  } finally {
    socket.destroy()
  }
}

function pathIn(folder: string): string {
  const path = join(resolve(folder), NAME)
  if (Buffer.byteLength(path) <= LONGEST_PATH) return path
  throw new ConfigError(`${path} is too long for a socket: name a data folder with a shorter path`)
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((listening, failed) => {
    server.once('error', failed)
    // Bound before this returns, so nothing else is created with this mask.
    const mask = process.umask(0o177)
    server.listen(path, () => listening())
    process.umask(mask)
  })
}

async function serve(socket: Socket, answer: (question: unknown) => Promise<unknown>): Promise<void> {
  socket.end(JSON.stringify(await replyTo(await readQuestion(socket), answer)))
}

// By hand: whatever else reads a stream to its end closes it, and there is still an answer to write.
function readQuestion(socket: Socket): Promise<unknown> {
  return new Promise((resolve, reject) => {
    let question = ''
    socket.setEncoding('utf8')
    socket.on('data', (chunk: string) => {
      question += chunk
      if (question.length > MAX_QUESTION) reject(new BackendError('an admin command asked something too long'))
    })
    socket.on('end', () => resolve(parseJson(question)))
  })
}

async function replyTo(question: unknown, answer: (question: unknown) => Promise<unknown>): Promise<Reply> {
  try {
    return { answer: await answer(question) }
  } catch (error) {
    if (error instanceof ConfigError) return { problem: error.message }
    if (error instanceof BackendError) return { problem: describeOutage(error) }
    throw error
  }
}

function parseReply(line: string): Reply {
  const reply = parseJson(line)
  if (typeof reply === 'object' && reply !== null) {
    if ('answer' in reply) return { answer: reply.answer }
    if ('problem' in reply) return { problem: String(reply.problem) }
  }
  throw new BackendError('the answer broke off')
}
