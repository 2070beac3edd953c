// JavaScript modules as authenticators: the example, modules that misbehave, and modules that change.
import { describe, expect, test } from '@jest/globals'
import { cp } from 'node:fs/promises'
import ts from 'typescript'
import { pluginAuthn } from '../../src/authn/module.ts'
import type { Authenticator } from '../../src/authn/index.ts'
import { createReport } from '../../src/config-problems.ts'
import type { Findings } from '../../src/config-problems.ts'
import { BackendError, ConfigError } from '../../src/lib/errors.ts'
import { createFileSet } from '../../src/lib/files.ts'
import { Secret } from '../../src/lib/secret.ts'
import { parseYaml } from '../../src/lib/yaml.ts'
import { authnTools } from '../support/authn-tools.ts'
import { useFolder } from '../support/folder.ts'
import { authenticatorConformance } from './conformance.ts'

const folder = useFolder()
const EXAMPLE = `${import.meta.dirname}/../../examples/plugins/accounts.mjs`

async function read(section: string) {
  const document = parseYaml(section, 'f')
  const findings: Findings = { problems: [], warnings: [] }
  const files = createFileSet()
  const plan = await pluginAuthn.read(document.value, { files, report: createReport('f', document, findings) })
  return { plan, files, problems: findings.problems.map(({ path, message }) => `${path ?? ''}: ${message}`) }
}

async function open(file: string, rest = ''): Promise<Authenticator> {
  const { plan, problems } = await read(`{module: ${file}${rest}}`)
  expect(problems).toEqual([])
  return plan!.open(authnTools())
}

/** A module whose authenticator has these members. */
const module = (members: string): Promise<string> =>
  folder.write('module.mjs', `let calls = 0\nexport const authenticator = {${members}}\n`)

function login(backend: Authenticator, account: string, password: string, signal?: AbortSignal): Promise<unknown> {
  return backend.authenticate({ account, password: new Secret(password) }, signal).catch((error: unknown) => error)
}

const accepted = (account: string, labels: Record<string, string[]> = {}): unknown => ({
  outcome: 'accepted',
  identity: { account, labels, labelsArePatterns: true },
})

authenticatorConformance('the example module', { labelsArePatterns: true }, async () => ({
  authenticator: await open(EXAMPLE),
  known: { account: 'builder', password: 'correct horse battery staple', labels: { team: ['ci'] } },
  broken: await open(await module('authenticate() { throw new Error("down") }')),
}))

test('the examples are what the types for authors of modules say', () => {
  const folderOfExamples = `${import.meta.dirname}/../../examples/plugins`
  const program = ts.createProgram([`${folderOfExamples}/accounts.mjs`, `${folderOfExamples}/rules.mjs`], {
    allowJs: true,
    checkJs: true,
    noEmit: true,
    strict: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: true,
    allowImportingTsExtensions: true,
    types: ['node'],
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.NodeNext,
  })
  const errors = program
    .getSourceFiles()
    .filter(({ fileName }) => fileName.endsWith('.mjs'))
    .flatMap((file) => program.getSemanticDiagnostics(file))
  expect(errors.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))).toEqual([])
})

describe('a module', () => {
  test.each([
    ['{outcome: "accepted"}', accepted('alice')],
    ['{outcome: "accepted", labels: {a: ["x"]}}', accepted('alice', { a: ['x'] })],
    ['Promise.resolve({outcome: "accepted", labels: undefined})', accepted('alice')],
    ['{outcome: "rejected"}', { outcome: 'rejected', reason: 'refused' }],
    ['{outcome: "rejected", reason: "refused"}', { outcome: 'rejected', reason: 'refused' }],
    ['{outcome: "rejected", reason: "wrong-password"}', { outcome: 'rejected', reason: 'wrong-password' }],
    ['{outcome: "no-match"}', { outcome: 'no-match' }],
  ])('may answer %s', async (answer, expected) => {
    const backend = await open(await module(`authenticate() { return ${answer} }`))
    expect(await login(backend, 'alice', 'x')).toEqual(expected)
  })

  test.each([
    'true',
    'undefined',
    'null',
    '"accepted"',
    '{}',
    '{outcome: "allowed"}',
    '{outcome: "accepted", labels: {a: "x"}}',
    '{outcome: "accepted", labels: null}',
    '{outcome: "rejected", reason: "mood"}',
    'Promise.reject(new Error("down"))',
    'Promise.reject("down")',
    '(() => { throw new Error("down") })()',
  ])('that answers %s is an outage', async (answer) => {
    const backend = await open(await module(`authenticate() { return ${answer} }`))
    expect(await login(backend, 'alice', 'x')).toBeInstanceOf(BackendError)
  })

  test('gets the account and the password in text, and itself as this', async () => {
    const backend = await open(
      await module(
        'wanted: "p\\0w", authenticate({account, password}) { return {outcome: password === this.wanted && account === "a b" ? "accepted" : "no-match"} }',
      ),
    )
    expect(await login(backend, 'a b', 'p\0w')).toEqual(accepted('a b'))
  })

  test('that does not answer in time is an outage, and its signal aborts', async () => {
    const backend = await open(
      await module(`aborted: false,
        authenticate({account}, signal) {
          if (account === 'was it?') return {outcome: this.aborted ? 'accepted' : 'no-match'}
          return new Promise(() => signal.addEventListener('abort', () => { this.aborted = true }))
        }`),
      ', timeout: 200ms',
    )
    expect(await login(backend, 'alice', 'x')).toEqual(
      new BackendError(`${folder.path('module.mjs')} did not answer within 200 ms`),
    )
    expect(await login(backend, 'was it?', 'x')).toEqual(accepted('was it?'))
  })

  test('is not waited for when the client goes away', async () => {
    const gone = new AbortController()
    const backend = await open(await module('authenticate() { return new Promise(() => {}) }'))
    const answer = login(backend, 'alice', 'x', gone.signal)
    gone.abort()
    expect(await answer).toEqual(new BackendError('the client went away'))
  })

  const COUNTING = 'authenticate() { return {outcome: "accepted", labels: {calls: [String(++calls)]}} }'

  test('is asked every time', async () => {
    const backend = await open(await module(COUNTING))
    await login(backend, 'alice', 'x')
    expect(await login(backend, 'alice', 'x')).toEqual(accepted('alice', { calls: ['2'] }))
  })

  test('is asked once in a while when the section says so', async () => {
    const backend = await open(await module(COUNTING), ', credential_cache: {ttl: 60s}')
    await login(backend, 'alice', 'x')
    expect(await login(backend, 'alice', 'x')).toEqual(accepted('alice', { calls: ['1'] }))
    expect(await login(backend, 'alice', 'y')).toEqual(accepted('alice', { calls: ['2'] }))
  })

  test('may say whether it is ready, and is closed once', async () => {
    const backend = await open(
      await module(`${COUNTING}, check() { if (calls > 0) throw new Error('down') }, async close() { calls += 100 }`),
    )
    const { signal } = new AbortController()
    await expect(backend.check?.(signal)).resolves.toBeUndefined()
    await login(backend, 'alice', 'x')
    await expect(backend.check?.(signal)).rejects.toBeInstanceOf(BackendError)
    await backend.close?.()
    await backend.close?.()
    expect(await login(backend, 'alice', 'x')).toEqual(accepted('alice', { calls: ['102'] }))
  })
})

describe('loading', () => {
  test('a file that changed is noticed, and is another plan', async () => {
    const file = await module('authenticate() { return {outcome: "no-match"} }')
    const before = await read(`{module: ${file}}`)
    await module('authenticate() { return {outcome: "accepted"} }')
    await expect(before.files.isSame()).resolves.toBe(false)
    const after = await read(`{module: ${file}}`)
    expect(after.plan?.key).not.toBe(before.plan?.key)
  })

  test('a file that did not change is the same plan, and opened again it begins anew', async () => {
    const file = await module(
      'open: true, authenticate() { return {outcome: this.open ? "accepted" : "no-match"} }, close() { this.open = false }',
    )
    const [one, other] = [await read(`{module: ${file}}`), await read(`{module: ${file}}`)]
    expect(one.plan?.key).toBe(other.plan?.key)
    const first = await one.plan!.open(authnTools())
    const second = await other.plan!.open(authnTools())
    await first.close?.()
    expect([await login(first, 'a', 'x'), await login(second, 'a', 'x')]).toEqual([
      { outcome: 'no-match' },
      accepted('a'),
    ])
  })

  test('a module in a folder with odd characters is found', async () => {
    await cp(EXAMPLE, folder.path('a folder %20/ä.mjs'))
    const backend = await open(`"${folder.path('a folder %20/ä.mjs')}"`)
    expect(await login(backend, 'nobody', 'x')).toEqual({ outcome: 'no-match' })
  })

  test.each([
    ['this is no JavaScript', 'cannot be loaded: '],
    ['throw new Error("not today")', 'cannot be loaded: not today'],
    ['import "./nothing.mjs"', 'cannot be loaded: '],
    ['await new Promise((resolve) => setTimeout(resolve, 60_000).unref())', 'cannot be loaded: '],
    ['', 'must export an object "authenticator" with a method "authenticate"'],
    ['export default { authenticate() {} }', 'must export an object "authenticator"'],
    ['export const authenticator = () => {}', 'must export an object "authenticator"'],
    ['export const authenticator = { authenticate: true }', 'must export an object "authenticator"'],
  ])('a module like %j is refused with its reason', async (text, message) => {
    const file = await folder.write('bad.mjs', text)
    const { plan } = await read(`{module: ${file}, timeout: 500ms}`)
    const opening = plan!.open(authnTools())
    await expect(opening).rejects.toBeInstanceOf(ConfigError)
    await expect(opening).rejects.toThrow(`${file}: ${message}`)
  })
})

describe('the section', () => {
  test.each([
    ['{}', 'module: is required'],
    ['{module: /nonexistent.mjs}', 'module: /nonexistent.mjs does not exist'],
    ['{module: ""}', 'module: must be an ES module, whose name ends in .mjs'],
    ['{module: accounts.cjs}', 'module: must be an ES module, whose name ends in .mjs'],
    ['{module: accounts.js}', 'module: must be an ES module, whose name ends in .mjs'],
    ['{module: a.mjs, timeout: 11m}', 'timeout: must be between 1ms and 10m, with its unit: 10s'],
  ])('%s: %s', async (section, expected) => {
    expect((await read(section)).problems).toEqual([expected])
  })

  test.each(['{plugin_path: /usr/lib/authn.so}', '{plugin_path: x.so, module: x.mjs}'])(
    '%s is docker_auth’s: it is refused with what to do instead',
    async (section) => {
      const { problems } = await read(section)
      expect(problems).toHaveLength(1)
      expect(problems[0]).toMatch(/^plugin_path: names a Go plugin.*JavaScript module/)
    },
  )
})
