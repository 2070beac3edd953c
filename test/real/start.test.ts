// The first start in an empty folder, the starts after it, and the starts that cannot be.
import { spawn, spawnSync } from 'node:child_process'
import {
  chmodSync,
  constants,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { ask, basic, bearer, eventually, tokenPath } from './asking.ts'
import { type Child, cleanUp, endChild, freePort, scratchFolder, startChild, waitUntil } from './children.ts'
import { createDraft, replace, writeKeyPair } from './draft.ts'
import { mainFile } from './server.ts'

let folder: string
let ports: { readonly token: number; readonly registry: number }

beforeEach(async () => {
  folder = join(scratchFolder(), 'data')
  ports = { token: await freePort(), registry: await freePort() }
})

afterEach(cleanUp)

/** What tells the embedded default where everything is. */
const environment = (): Readonly<Record<string, string>> => ({
  REGISTRY_AUTH_DATA: folder,
  REGISTRY_AUTH_ADDR: `127.0.0.1:${ports.token}`,
  REGISTRY_AUTH_REGISTRY_ADDR: `127.0.0.1:${ports.registry}`,
})

/** Starts the embedded default, in an empty working directory. */
const start = (): Child => startChild(process.execPath, [mainFile], { cwd: scratchFolder(), env: environment() })

const startReady = async (): Promise<Child> => {
  const child = start()
  await waitUntil(child, () => Promise.resolve(child.stderr().includes('registry-auth is ready')))
  return child
}

const passwordsIn = (text: string): string[] => [...text.matchAll(/^ *password +(\S+)/gm)].map(([, word]) => word ?? '')

/** How the registry answers somebody who logs in as docker does: Basic for a token, the token for the registry. */
const logIn = async (password: string): Promise<number> => {
  const { status, body } = await ask({ port: ports.token, path: tokenPath(), headers: basic('admin', password) })
  if (status !== 200) return status
  const path = tokenPath('repository:admin/app:pull,push').replace('Test+registry', 'registry-auth')
  const { token } = JSON.parse((await ask({ port: ports.token, path, headers: basic('admin', password) })).body) as {
    token: string
  }
  expect(body).not.toContain(password)
  const upload = { port: ports.registry, path: '/v2/admin/app/blobs/uploads/', method: 'POST', headers: bearer(token) }
  return (await ask(upload)).status
}

const files = ['config.yml', 'token.crt', 'token.key'] as const

/** Everything about the folder that a start must not change. */
const snapshot = (): unknown =>
  files.map((name) => {
    const { mode, mtimeMs, ctimeMs, ino } = statSync(join(folder, name))
    return { name, mode, mtimeMs, ctimeMs, ino, bytes: readFileSync(join(folder, name), 'utf8') }
  })

describe('the first start in an empty folder', () => {
  test('makes a folder that is nobody else’s business, and shows a password that opens the registry', async () => {
    const child = await startReady()
    expect(readdirSync(folder).sort()).toEqual(['admin.sock', ...files, 'registry'].sort())
    const modeOf = (path: string): string => (statSync(path).mode & 0o7777).toString(8)
    expect([folder, join(folder, 'registry')].map(modeOf)).toEqual(['700', '700'])
    expect(files.map((name) => modeOf(join(folder, name)))).toEqual(['600', '600', '600'])

    const [password = '', ...more] = passwordsIn(child.stderr())
    expect(more).toEqual([])
    expect(child.stdout()).not.toContain(password)
    expect(readFileSync(join(folder, 'config.yml'), 'utf8')).not.toContain(password)
    expect(await logIn(password)).toBe(202)
    expect(await logIn('another')).toBe(401)
    for (const shown of [
      `docker login -u admin localhost:${ports.registry}`,
      `realm: http://localhost:${ports.token}/auth`,
    ])
      expect(child.stderr()).toContain(shown)
  })

  test('starts without a word of warning', async () => {
    const child = await startReady()
    expect(child.stdout()).not.toMatch(/"level":"(?:warn|error)"/)
  })

  test('is followed by starts that change nothing and say how to reset the password', async () => {
    const first = await startReady()
    const [password = ''] = passwordsIn(first.stderr())
    await endChild(first)
    const before = snapshot()
    const second = await startReady()
    expect(snapshot()).toEqual(before)
    expect(passwordsIn(second.stderr())).toEqual([])
    expect(second.stderr()).toMatch(/reset the password.*\n.*hash/)
    expect(await logIn(password)).toBe(202)
  })

  test('is taken up where it was interrupted: the key stays, and the password shown last counts', async () => {
    await endChild(await startReady())
    const key = readFileSync(join(folder, 'token.key'), 'utf8')
    rmSync(join(folder, 'config.yml'))
    const child = await startReady()
    expect(readFileSync(join(folder, 'token.key'), 'utf8')).toBe(key)
    expect(await logIn(passwordsIn(child.stderr())[0] ?? '')).toBe(202)
  })

  const moments = ['.', 'token.key', 'token.crt', 'registry', 'config.yml']
  test.each(moments)('can be killed the moment %s is there, and the next start comes up', async (name) => {
    const first = start()
    while (!existsSync(join(folder, name))) await new Promise(setImmediate)
    await endChild(first, 'SIGKILL')
    const second = await startReady()
    const [password] = [...passwordsIn(first.stderr()), ...passwordsIn(second.stderr())]
    // Killed between the last file and the first word, nobody knows the password: then the second start says how to reset it.
    if (password === undefined) expect(second.stderr()).toContain('reset the password')
    else expect(await logIn(password)).toBe(202)
  })

  test.each(['token.key', 'token.crt', 'config.yml'])('is taken up when it left %s empty', async (name) => {
    await endChild(await startReady())
    for (const later of ['config.yml', name]) rmSync(join(folder, later), { force: true })
    writeFileSync(join(folder, name), '')
    if (name === 'token.key') rmSync(join(folder, 'token.crt'))
    const child = await startReady()
    expect(await logIn(passwordsIn(child.stderr())[0] ?? '')).toBe(202)
  })

  test('shows the new password even if it fails then, and that password counts from then on', async () => {
    mkdirSync(folder)
    const other = join(scratchFolder(), 'other')
    await writeKeyPair(join(folder, 'token'))
    await writeKeyPair(other)
    copyFileSync(`${other}.key`, join(folder, 'token.key'))
    const first = start()
    expect(await first.gone).toBe(1)
    expect(first.stderr()).toContain('the certificate does not belong to the private key')
    copyFileSync(`${other}.crt`, join(folder, 'token.crt'))
    await startReady()
    expect(await logIn(passwordsIn(first.stderr())[0] ?? '')).toBe(202)
  })

  test('takes a new volume, in which lost+found stands', async () => {
    mkdirSync(join(folder, 'lost+found'), { recursive: true })
    chmodSync(folder, 0o755)
    await startReady()
    expect(readdirSync(folder)).toContain('lost+found')
    expect((statSync(folder).mode & 0o777).toString(8)).toBe('700')
  })
})

/** Runs the program with nobody who reads what it says, until `use` is through; answers its exit status. */
const unread = async (args: readonly string[], use: (end: () => void) => Promise<void>): Promise<unknown> => {
  const child = spawn(process.execPath, [mainFile, ...args], { env: { ...process.env, ...environment() } })
  for (const stream of [child.stdout, child.stderr]) stream.destroy()
  const gone = new Promise((resolve) => child.once('exit', (code, signal) => resolve(code ?? signal)))
  try {
    await use(() => void child.kill('SIGTERM'))
    return await gone
  } finally {
    child.kill('SIGKILL')
  }
}

describe('when nobody reads what it says', () => {
  test('the embedded default starts, serves and stops', async () => {
    const status = await unread([], async (end) => {
      const isUp = async (): Promise<boolean> => (await ask({ port: ports.token, path: '/readyz' })).status === 200
      await eventually('it serves', () => isUp().catch(() => false))
      expect(await logIn('another')).toBe(401)
      end()
    })
    expect(status).toBe(0)
  })

  test.each([
    ['that succeeds', ['--help'], 0],
    ['that fails', ['serve', 'nowhere.yml'], 1],
  ])('a command %s does so with its own status', async (_which, args, status) => {
    expect(await unread(args, () => Promise.resolve())).toBe(status)
  })
})

test('a hang-up while the configuration is being read does not end the program', async () => {
  const draft = await createDraft()
  const file = draft.at('config.yml')
  spawnSync('mkfifo', [file])
  const child = startChild(process.execPath, [mainFile, 'serve', file], { cwd: draft.folder })
  // Nothing can write to a pipe before somebody reads from it.
  const pipes: FileHandle[] = []
  await waitUntil(child, async () => pipes.push(await open(file, constants.O_WRONLY | constants.O_NONBLOCK)) > 0)
  child.signal('SIGHUP')
  replace(file, draft.config)
  for (const pipe of pipes) {
    await pipe.writeFile(JSON.stringify(draft.config))
    await pipe.close()
  }
  await waitUntil(child, async () => (await ask({ port: draft.port, path: '/readyz' })).status === 200)
  expect(await endChild(child)).toBe(0)
})
