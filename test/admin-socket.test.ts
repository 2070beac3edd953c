// The socket of admin commands: one question, one answer, and only for its owner.
import { chmod, mkdir, readdir, stat, symlink, writeFile } from 'node:fs/promises'
import { createConnection } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterEach, describe, expect, test } from '@jest/globals'
import { askAdminSocket, openAdminSocket } from '../src/admin-socket.ts'
import type { AdminSocket } from '../src/admin-socket.ts'
import { ConfigError } from '../src/lib/errors.ts'
import { useFolder } from './support/folder.ts'
import { createRecorder } from './support/recorder.ts'

const folder = useFolder()
const open: AdminSocket[] = []
afterEach(async () => {
  for (const socket of open.splice(0)) await socket.close()
})

async function serve(
  answer: (question: unknown) => Promise<unknown> = (question) => Promise.resolve({ asked: question }),
  name = 'data',
): Promise<AdminSocket & { lines: object[] }> {
  const { log, lines } = createRecorder()
  const socket = await openAdminSocket(folder.path(name), answer, log)
  open.push(socket)
  return { ...socket, lines }
}

test('answers what it is asked, many at once', async () => {
  await serve()
  const questions = Array.from({ length: 10 }, (_, index) => ({ index, long: 'é'.repeat(50_000) }))
  const answers = await Promise.all(questions.map((question) => askAdminSocket(folder.path('data'), question)))
  expect(answers).toEqual(questions.map((asked) => ({ asked })))
})

test("is its owner's alone, in a folder that is too where it had to be made", async () => {
  await serve()
  const modes = await Promise.all(
    ['data', 'data/admin.sock'].map(async (name) => (await stat(folder.path(name))).mode & 0o777),
  )
  expect(modes).toEqual([0o700, 0o600])
  expect(await readdir(folder.path('data'))).toEqual(['admin.sock'])
})

test('is gone when it is closed', async () => {
  const socket = await serve()
  await socket.close()
  expect(await readdir(folder.path('data'))).toEqual([])
  await expect(askAdminSocket(folder.path('data'), {})).rejects.toThrow(/^no server answers at .*admin.sock: name its/)
})

test('a newer server takes it over, and the older one leaves it alone when it stops', async () => {
  const older = await serve(() => Promise.resolve('older'))
  await serve(() => Promise.resolve('newer'))
  expect(await askAdminSocket(folder.path('data'), {})).toBe('newer')
  await older.close()
  expect(await askAdminSocket(folder.path('data'), {})).toBe('newer')
})

test('one that a killed server left behind is replaced', async () => {
  await mkdir(folder.path('data'))
  await writeFile(folder.path('data/admin.sock'), '')
  await serve(() => Promise.resolve('here'))
  expect(await askAdminSocket(folder.path('data'), {})).toBe('here')
})

test('a refusal is told, an outage is logged and told to nobody', async () => {
  await serve(() => Promise.reject(new ConfigError('no such command')))
  await expect(askAdminSocket(folder.path('data'), {})).rejects.toThrow(new ConfigError('no such command'))
  const { lines } = await serve(() => Promise.reject(new Error('secret trouble')))
  await expect(askAdminSocket(folder.path('data'), {})).rejects.toThrow(/^no server answers/)
  expect(lines).toMatchObject([{ level: 'error', message: 'an admin command failed' }])
})

describe('whoever talks nonsense', () => {
  const say = async (words: string): Promise<string> => {
    const socket = createConnection({ path: folder.path('data/admin.sock'), allowHalfOpen: true })
    socket.on('error', () => undefined)
    socket.end(words)
    return text(socket).catch(() => 'broken off')
  }

  test('is answered as far as it can be understood', async () => {
    await serve()
    expect(await say('no json')).toBe('{"answer":{}}')
    expect(await say('')).toBe('{"answer":{}}')
  })

  test('and much of it is cut off, while others are served', async () => {
    const { lines } = await serve()
    expect(['', 'broken off']).toContain(await say('x'.repeat(2 * 1024 * 1024)))
    expect(await askAdminSocket(folder.path('data'), { a: 1 })).toEqual({ asked: { a: 1 } })
    expect(lines).toMatchObject([{ message: 'an admin command failed' }])
  })
})

test.each([103, 104, 105, 106, 107])('may have a path of %d bytes', async (length) => {
  const name = 'd'.repeat(length - folder.path('/').length - '/admin.sock'.length)
  await serve(undefined, name)
  expect(await askAdminSocket(folder.path(name), { a: 1 })).toEqual({ asked: { a: 1 } })
  expect(await readdir(folder.path(name))).toEqual(['admin.sock'])
})

describe('is refused in one sentence', () => {
  test('where its path is too long for a socket', async () => {
    await expect(serve(undefined, 'd'.repeat(120))).rejects.toThrow(/is too long for a socket: name a data folder/)
  })

  test('where the folder is a file', async () => {
    await writeFile(folder.path('file'), '')
    await expect(serve(undefined, 'file')).rejects.toThrow(/file\/admin.sock cannot be made: E(EXIST|NOTDIR)$/)
  })

  test('where the folder is nowhere', async () => {
    await symlink(folder.path('nowhere'), folder.path('link'))
    await expect(serve(undefined, 'link')).rejects.toThrow(/link\/admin.sock cannot be made: E/)
  })
})

test('another user is told whose it is', async () => {
  if (process.getuid?.() === 0) return expect(process.getuid()).toBe(0) // root may ask everything
  await serve()
  await chmod(folder.path('data/admin.sock'), 0)
  await expect(askAdminSocket(folder.path('data'), {})).rejects.toThrow(/^only the user it runs as may ask it/)
})
