// The folder of the embedded default: made once, resumed when it was interrupted, and never made of somebody else's files.
import { describe, expect, test } from '@jest/globals'
import { verify } from '@node-rs/bcrypt'
import { X509Certificate, createPrivateKey } from 'node:crypto'
import { chmod, mkdir, readFile, readdir, stat, unlink, writeFile } from 'node:fs/promises'
import { loadConfig } from '../src/config.ts'
import { isPrepared, prepareDataFolder } from '../src/data-folder.ts'
import type { DataFolder } from '../src/data-folder.ts'
import { createFileSet } from '../src/lib/files.ts'
import { useFolder } from './support/folder.ts'

const temporary = useFolder()
const data = (name = ''): string => temporary.path(name === '' ? 'data' : `data/${name}`)

const NOW = Date.UTC(2030, 0, 2)
const prepare = (): Promise<DataFolder> =>
  prepareDataFolder(data(), { server: '127.0.0.1:5001', registry: '127.0.0.1:5000' }, () => NOW)
const modeOf = async (path: string): Promise<string> => ((await stat(path)).mode & 0o7777).toString(8)

/** Every file of the folder with its content and time of change. */
async function snapshot(): Promise<Record<string, string>> {
  const names = await readdir(data(), { recursive: true })
  const entries = names.sort().map(async (name) => {
    const { mtimeMs, mode } = await stat(data(name))
    return [name, `${mtimeMs} ${mode} ${await readFile(data(name), 'utf8').catch(() => 'folder')}`] as const
  })
  return Object.fromEntries(await Promise.all(entries))
}

describe('a first run', () => {
  test('makes the key, its certificate, the storage and a configuration, for this user only', async () => {
    const umask = process.umask(0)
    await prepare().finally(() => process.umask(umask))
    expect((await readdir(data())).sort()).toEqual(['config.yml', 'registry', 'token.crt', 'token.key'])
    expect(await modeOf(data())).toBe('700')
    expect(await modeOf(data('registry'))).toBe('700')
    for (const name of ['config.yml', 'token.crt', 'token.key']) expect(await modeOf(data(name))).toBe('600')
  })

  test('makes a P-256 key and its certificate for ten years, back-dated by a day', async () => {
    await prepare()
    const certificate = new X509Certificate(await readFile(data('token.crt')))
    const key = createPrivateKey(await readFile(data('token.key')))
    expect(certificate.checkPrivateKey(key)).toBe(true)
    expect(key.asymmetricKeyDetails).toEqual({ namedCurve: 'prime256v1' })
    expect(Date.parse(certificate.validFrom)).toBe(NOW - 86_400_000)
    expect(Date.parse(certificate.validTo)).toBe(NOW + 3650 * 86_400_000)
  })

  test('makes a random password, whose hash is all that is written', async () => {
    const { password } = await prepare()
    const text = await readFile(data('config.yml'), 'utf8')
    const [, hash = ''] = /password: "(\$2b\$10\$[^"]+)"/.exec(text) ?? []
    expect(password?.reveal()).toMatch(/^[A-Za-z2-9]{20}$/)
    expect(text).not.toContain(password?.reveal())
    await expect(verify(password?.reveal() ?? '', hash)).resolves.toBe(true)
  })

  test('makes a configuration that loads without a warning', async () => {
    const { configFile } = await prepare()
    const config = await loadConfig(configFile, createFileSet())
    expect(config.warnings).toEqual([])
    expect(config).toMatchObject({
      server: { address: { port: 5001 } },
      registry: { realm: 'http://localhost:5001/auth' },
    })
  })

  test('tolerates lost+found, and an empty folder that is there already', async () => {
    await mkdir(data('lost+found'), { recursive: true })
    await chmod(data(), 0o755)
    await prepare()
    expect(await modeOf(data())).toBe('700')
  })
})

test('a second run finds everything, changes nothing, and knows no password', async () => {
  await prepare()
  const before = await snapshot()
  await expect(prepare()).resolves.toEqual({
    folder: data(),
    configFile: data('config.yml'),
    password: undefined,
    resumed: false,
  })
  expect(await snapshot()).toEqual(before)
})

test("an admin's own configuration is enough to be prepared", async () => {
  await temporary.write('data/config.yml', 'mine')
  await expect(isPrepared(data())).resolves.toBe(true)
  await prepare()
  expect(await readdir(data())).toEqual(['config.yml'])
})

describe('a run that was interrupted is resumed', () => {
  const empty = (name: string) => async (): Promise<void> => writeFile(data(name), '')
  test.each<[string, string[], () => Promise<void>]>([
    ['before anything was made', ['config.yml', 'token.crt', 'token.key'], () => Promise.resolve()],
    ['while the key was written', ['config.yml', 'token.crt', 'token.key'], empty('token.key')],
    ['after the key', ['config.yml', 'token.crt'], () => Promise.resolve()],
    ['while the certificate was written', ['config.yml', 'token.crt'], empty('token.crt')],
    ['after the certificate', ['config.yml'], () => Promise.resolve()],
    ['while the configuration was written', ['config.yml'], empty('config.yml')],
  ])('%s', async (_when, missing, leave) => {
    await prepare()
    const key = await readFile(data('token.key'), 'utf8')
    for (const name of missing) await unlink(data(name))
    await leave()
    await expect(isPrepared(data())).resolves.toBe(false)

    const { configFile, password } = await prepare()
    expect(password).toBeDefined()
    await expect(loadConfig(configFile, createFileSet())).resolves.toMatchObject({ warnings: [] })
    expect((await readFile(data('token.key'), 'utf8')) === key).toBe(!missing.includes('token.key'))
  })
})

describe('a folder that cannot be used is refused and left as it was', () => {
  test('one with files of somebody else', async () => {
    for (const name of ['a.txt', 'b.txt', 'c.txt', 'd.txt', 'token.key']) await temporary.write(`data/${name}`, 'mine')
    const before = await snapshot()
    await expect(prepare()).rejects.toThrow(
      `${data()} holds a.txt, b.txt, c.txt but no config.yml: name an empty folder with REGISTRY_AUTH_DATA`,
    )
    expect(await snapshot()).toEqual(before)
  })

  test('one that is a file', async () => {
    await temporary.write('data', 'mine')
    await expect(prepare()).rejects.toThrow(`${data()} is a file: name a folder with REGISTRY_AUTH_DATA`)
  })

  test('one with a certificate whose key is gone', async () => {
    await prepare()
    await unlink(data('config.yml'))
    await unlink(data('token.key'))
    const before = await snapshot()
    await expect(prepare()).rejects.toThrow(`${data('token.crt')} stands there without its key`)
    expect(await snapshot()).toEqual(before)
  })

  test('one that this process may not write', async () => {
    await mkdir(data())
    await chmod(temporary.path(), 0o755)
    await chmod(data(), 0o555)
    // Root writes everywhere, so root becomes somebody else for a moment.
    const root = process.getuid?.() === 0
    if (root) process.seteuid?.(65_534)
    try {
      await expect(prepare()).rejects.toThrow(
        /cannot be written \(it is (root|uid \d+) 0\d55; this process is uid \d+\): name another folder with REGISTRY_AUTH_DATA$/,
      )
    } finally {
      if (root) process.seteuid?.(0)
    }
    expect(await readdir(data())).toEqual([])
  })
})
