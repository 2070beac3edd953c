// Starts that cannot be: one clear sentence each, exit status 1, and nothing created.
import { spawnSync } from 'node:child_process'
import { chmodSync, chownSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { type AddressInfo, type Server, createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { cleanUp, freePort, scratchFolder } from './children.ts'
import { type Draft, type DraftConfig, createDraft, replace, writeKeyPair } from './draft.ts'
import { requires } from './requires.ts'
import { mainFile } from './server.ts'

interface Refusal {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

const start = (
  args: readonly string[],
  where: { readonly cwd: string; readonly env?: Readonly<Record<string, string>>; readonly uid?: number },
): Refusal =>
  spawnSync(process.execPath, [mainFile, ...args], {
    ...where,
    env: { PATH: process.env['PATH'], ...where.env },
    encoding: 'utf8',
    timeout: 60_000,
  })

/** One line on stderr, which matches; nothing on stdout; status 1. */
const expectSentence = (refusal: Refusal, sentence: RegExp): void => {
  expect(refusal).toMatchObject({ status: 1, stdout: '' })
  expect(refusal.stderr).toMatch(/^[^\n]+\n$/)
  expect(refusal.stderr).toMatch(sentence)
}

const everythingIn = (folder: string): string[] => readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()

let taken: Server
let takenPort: number

beforeAll(async () => {
  taken = createServer()
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
  takenPort = (taken.address() as AddressInfo).port
})

afterAll(() => void taken.close())
afterEach(cleanUp)

describe('the embedded default', () => {
  let parent: string
  let env: Readonly<Record<string, string>>

  beforeEach(async () => {
    parent = scratchFolder()
    env = {
      REGISTRY_AUTH_DATA: join(parent, 'data'),
      REGISTRY_AUTH_ADDR: `127.0.0.1:${await freePort()}`,
      REGISTRY_AUTH_REGISTRY_ADDR: `127.0.0.1:${await freePort()}`,
    }
  })

  const refusalWith = (changes: Readonly<Record<string, string>>, uid?: number): Refusal =>
    start([], { cwd: parent, env: { ...env, ...changes }, ...(uid !== undefined && { uid }) })

  test.each(['REGISTRY_AUTH_ADDR', 'REGISTRY_AUTH_REGISTRY_ADDR'])('names %s where its port is taken', (variable) => {
    const refusal = refusalWith({ [variable]: `127.0.0.1:${takenPort}` })
    expectSentence(
      refusal,
      new RegExp(`^127\\.0\\.0\\.1:${takenPort} is already in use: .*set ${variable}, for example`),
    )
    expect(everythingIn(parent)).toEqual([])
  })

  test('does not give both servers one port', () => {
    const refusal = refusalWith({ REGISTRY_AUTH_REGISTRY_ADDR: env['REGISTRY_AUTH_ADDR'] ?? '' })
    expectSentence(refusal, /^both servers cannot listen on 127\.0\.0\.1:\d+: set REGISTRY_AUTH_REGISTRY_ADDR/)
    expect(everythingIn(parent)).toEqual([])
  })

  test.each(['5001', '127.0.0.1:99999'])('does not take %s for an address', (address) => {
    expectSentence(refusalWith({ REGISTRY_AUTH_ADDR: address }), /^REGISTRY_AUTH_ADDR=.* is not an address such as /)
    expect(everythingIn(parent)).toEqual([])
  })

  test('leaves a folder alone that holds other things', () => {
    mkdirSync(join(parent, 'data'))
    writeFileSync(join(parent, 'data', 'thesis.tex'), 'years of work')
    expectSentence(refusalWith({}), /data holds thesis\.tex but no config\.yml: .*REGISTRY_AUTH_DATA/)
    expect(everythingIn(parent)).toEqual(['data', join('data', 'thesis.tex')])
  })

  test('says so when the folder is a file', () => {
    writeFileSync(join(parent, 'data'), '')
    expectSentence(refusalWith({}), /data is a file: .*REGISTRY_AUTH_DATA/)
    expectSentence(refusalWith({ REGISTRY_AUTH_DATA: join(parent, 'data', 'below') }), /is a file|cannot be/)
    expect(everythingIn(parent)).toEqual(['data'])
  })

  requires('root')('as a user who may not', () => {
    test('write there says whose the folder is', () => {
      chmodSync(parent, 0o755)
      expectSentence(
        refusalWith({}, 1000),
        /^\S+ cannot be written \(it is root 0755; this process is uid 1000\): .*REGISTRY_AUTH_DATA/,
      )
      expect(everythingIn(parent)).toEqual([])
    })

    test('read there says whose the folder is', () => {
      chmodSync(parent, 0o755)
      mkdirSync(join(parent, 'data'), { mode: 0o700 })
      expectSentence(refusalWith({}, 1000), /data cannot be read: it is root 0700; this process is uid 1000/)
    })
  })
})

describe('a configuration file', () => {
  let draft: Draft

  beforeEach(async () => {
    draft = await createDraft()
  })

  const refusalOf = (config: string | DraftConfig, uid?: number): Refusal => {
    replace(draft.at('config.yml'), config)
    if (uid !== undefined) for (const name of ['.', 'config.yml', 'token.crt']) chownSync(draft.at(name), uid, uid)
    const before = everythingIn(draft.folder)
    const refusal = start(['serve', 'config.yml'], { cwd: draft.folder, ...(uid !== undefined && { uid }) })
    expect(everythingIn(draft.folder)).toEqual(before)
    return refusal
  }

  const changed = (section: 'server' | 'token', change: object): DraftConfig => ({
    ...draft.config,
    [section]: { ...draft.config[section], ...change },
  })

  test('that is not there is named', () => {
    expectSentence(start(['serve', 'nowhere.yml'], { cwd: draft.folder }), /^nowhere\.yml: does not exist$/m)
    expectSentence(start([`${dirname(draft.folder)}/`], { cwd: draft.folder }), /is a folder, not a file/)
  })

  test('whose port is taken names the key to change', () => {
    expectSentence(
      refusalOf(changed('server', { addr: `127.0.0.1:${takenPort}` })),
      /is already in use: .*change server\.addr in config\.yml$/m,
    )
    const http = { addr: `127.0.0.1:${takenPort}` }
    expectSentence(
      refusalOf({ ...draft.config, registry: { ...draft.config.registry, http } }),
      /is already in use: .*change registry\.http\.addr in config\.yml$/m,
    )
  })

  const bomb = ['a: &a [x, x, x, x, x, x, x, x, x]', ...'bcdefghij'.split('').map(levelOfBomb)].join('\n')

  test.each([
    ['cut short', 'server: { addr: "127.0.0.1:1', /^config\.yml:\d+:\d+: /],
    ['an alias bomb', bomb, /^config\.yml:\d+:\d+: aliases repeat more than \d+ values$/m],
    ['not YAML', 'server:\n\t- x', /^config\.yml:2:\d+: /],
    ['a list', '- a', /^config\.yml:1:1: must be a map of keys and values$/m],
  ])('that is %s is refused in one sentence', (_what, text, sentence) => {
    expectSentence(refusalOf(text), sentence)
  })

  test('with half a key pair says which half is missing', () => {
    expectSentence(
      refusalOf(changed('server', { certificate: 'token.crt' })),
      /^config\.yml:\d+:\d+: server\.certificate: certificate and key must be given together$/m,
    )
  })

  test('whose certificate is of another key says so', async () => {
    await writeKeyPair(draft.at('other'))
    expectSentence(
      refusalOf(changed('token', { key: 'other.key' })),
      /^config\.yml:\d+:\d+: token\.certificate: the certificate does not belong to the private key$/m,
    )
    expectSentence(
      refusalOf(changed('server', { certificate: 'other.crt', key: 'token.key' })),
      /^config\.yml:\d+:\d+: server\.certificate: the certificate does not belong to the key$/m,
    )
  })

  test.each([
    ['empty', ''],
    ['cut short', undefined],
    ['not a key', 'hello'],
  ])('whose key is %s says so', (_what, text) => {
    replace(draft.at('token.key'), text ?? readFileSync(draft.at('token.key'), 'utf8').slice(0, 120))
    expectSentence(refusalOf(draft.config), /^config\.yml:\d+:\d+: token\.\w+: .*key/)
  })

  requires('root')('as a user who may not', () => {
    test('read the key says whose it is', () => {
      chmodSync(draft.at('token.key'), 0o600)
      expectSentence(refusalOf(draft.config, 1000), /token\.key.* it is root 0600; this process is uid 1000$/m)
    })
  })
})

function levelOfBomb(name: string): string {
  const before = String.fromCharCode(name.charCodeAt(0) - 1)
  return `${name}: &${name} [${Array.from({ length: 9 }, () => `*${before}`).join(', ')}]`
}
