// acl explain asks a running server over the socket in its data folder, and nothing else does.
import { existsSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { createConnection } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { acl, configOf, linesSaying, startRules } from './acl-commands.ts'
import { ask, asAdmin, eventually } from './asking.ts'
import { type Result, cleanUp, endChild, freePort, scratchFolder, startChild, waitUntil } from './children.ts'
import { type Draft, createDraft, replace } from './draft.ts'
import { type Server, mainFile, startServer } from './server.ts'

const modeOf = (path: string): string => (statSync(path).mode & 0o7777).toString(8)

const webRule = { id: 'web', match: { name: 'web/*', labels: { team: 'web' } }, actions: ['pull', 'push'] }

/** A module and a program beside the list, each with an opinion of its own. */
const writeBackends = (draft: Draft): object => {
  writeFileSync(
    draft.at('rules.mjs'),
    `export const authorizer = { authorize: ({ resource: { name } }) =>
       name.startsWith('module/') ? { outcome: 'decided', actions: ['pull'], rule: 'of-the-module' } : { outcome: 'no-match' } }\n`,
  )
  const program = draft.at('program.mjs')
  writeFileSync(
    program,
    `#!${process.execPath}
     import { createInterface } from 'node:readline'
     for await (const line of createInterface({ input: process.stdin })) {
       const { id, Name } = JSON.parse(line)
       console.log(JSON.stringify({ id, result: Name.startsWith('program/') ? 'allow' : 'no_match' }))
     }\n`,
    { mode: 0o700 },
  )
  return { plugin_authz: { module: 'rules.mjs' }, ext_authz: { command: program, mode: 'persistent' } }
}

const scopes = ['web/app', 'module/app', 'program/app', 'other/app'].flatMap((name) => [
  '--scope',
  `repository:${name}:pull,push`,
])
const alice = ['--account', 'alice', '--label', 'team=web', '--ip', '192.0.2.7']

describe('a running server', () => {
  let draft: Draft
  let server: Server
  let backends: object

  beforeAll(async () => {
    draft = await createDraft()
    backends = writeBackends(draft)
    const registry = draft.config.registry
    const rules = [{ match: { ip: '198.51.100.0/24' }, actions: [] }, webRule]
    server = await startRules(draft, { ...backends, registry, acl: rules })
  })

  afterAll(cleanUp)

  const running = (...args: string[]): Promise<Result> => acl(['explain', '--data', draft.at('data'), ...args])
  const offline = (...args: string[]): Promise<Result> =>
    acl(['explain', server.configFile, ...args], { cwd: draft.folder })

  test('may be asked by its owner alone', () => {
    expect(readdirSync(draft.at('data'))).toEqual(['admin.sock'])
    expect(['data', 'data/admin.sock'].map((name) => modeOf(draft.at(name)))).toEqual(['700', '600'])
  })

  test.each([
    ['in words', []],
    ['for programs', ['--json']],
    ['with every rule', ['--all']],
    ['of labels that are taken literally', ['--quoted-labels', '--json']],
  ])('says what its configuration file says, back end by back end: %s', async (_, form) => {
    const args = [...alice, ...scopes, ...form]
    const [here, there] = await Promise.all([offline(...args), running(...args)])
    expect(there).toEqual(here)
    expect(there).toMatchObject({ status: 1, stderr: '' })
    for (const word of ['web', 'of-the-module', 'ext_authz', 'config.yml:']) expect(there.stdout).toContain(word)
  })

  test('is found in the folder that REGISTRY_AUTH_DATA names, or else in ./data', async () => {
    const args = ['explain', '--json', ...alice, ...scopes]
    const answers = await Promise.all([
      running('--json', ...alice, ...scopes),
      acl(args, { cwd: draft.folder, env: { REGISTRY_AUTH_DATA: undefined } }),
      acl(args, { env: { REGISTRY_AUTH_DATA: draft.at('data') } }),
    ])
    expect(new Set(answers.map(({ stdout }) => stdout)).size).toBe(1)
  })

  test('tells by the exit status whether everything is granted', async () => {
    const granted = (scope: string): Promise<Result> => running(...alice, '--scope', scope)
    const answers = await Promise.all(
      ['repository:web/app:pull,push', 'repository:web/app:pull,delete', 'repository:x:pull'].map(granted),
    )
    expect(answers.map(({ status }) => status)).toEqual([0, 1, 1])
  })

  test.each([
    [
      'a folder without a server',
      () => ['--data', draft.at('nowhere')],
      /^no server answers at .*nowhere\/admin\.sock: name its/,
    ],
    [
      'another time',
      () => ['--data', draft.at('data'), '--at', '2026-01-01T00:00:00Z'],
      /^--at needs a configuration file/,
    ],
    ['both', () => ['--data', draft.at('data'), server.configFile], /^--data names a running server; leave it or/],
  ])('is not to be asked about %s, which one sentence says', async (_, args, sentence) => {
    const { status, stdout, stderr } = await acl(['explain', ...alice, ...scopes, ...args()])
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
    expect(stderr).toMatch(/^[^\n]+\n$/)
    expect(stderr).toMatch(sentence)
  })

  test('answers over HTTP nothing that an admin may ask', async () => {
    const question = JSON.stringify({
      explain: [{ identity: { account: 'alice', labels: {}, labelsArePatterns: true }, service: '', ip: '' }],
    })
    const paths = ['explain', 'acl', 'acl/explain', 'admin', 'admin/explain', 'admin.sock', 'data/admin.sock', 'debug']
    const asked = [draft.port, draft.registryPort].flatMap((port) =>
      paths.flatMap((path) =>
        (['GET', 'POST'] as const).map((method) => ({
          port,
          method,
          path: `/${path}?account=alice&scope=repository:web/app:pull`,
          headers: { ...asAdmin, 'Content-Type': 'application/json' },
          ...(method === 'POST' && { body: question }),
        })),
      ),
    )
    const answers = await Promise.all(asked.map(ask))
    expect(answers.filter(({ status }) => status !== 404 && status !== 401)).toEqual([])
    expect(answers.filter(({ body }) => /rule|granted|web/.test(body))).toEqual([])
  })

  test('answers nonsense on its socket with a sentence or not at all, and goes on', async () => {
    const say = async (words: string): Promise<string> => {
      const socket = createConnection({ path: draft.at('data/admin.sock'), allowHalfOpen: true })
      socket.on('error', () => undefined).end(words)
      return text(socket).catch(() => 'broken off')
    }
    const problem = /^\{"problem":"the running server is another version: it does not know this command"\}$/
    for (const words of [
      '',
      'GET / HTTP/1.1\r\n\r\n',
      '{"explain":[{}]}',
      '{"explain":"x"}',
      '[[[[',
      '{"stop":true}',
    ]) {
      expect(await say(words)).toMatch(problem)
    }
    expect((await running(...alice, '--scope', 'repository:web/app:pull')).status).toBe(0)
  })

  test('follows its rules after a reload', async () => {
    const rules = [{ ...webRule, id: 'renamed', actions: ['pull'] }]
    replace(server.configFile, configOf(draft, { ...backends, registry: draft.config.registry, acl: rules }))
    await eventually('the new rules are live', () => linesSaying(server, 'reloaded').length > 0)
    const args = [...alice, ...scopes, '--json']
    const [here, there] = await Promise.all([offline(...args), running(...args)])
    expect(there).toEqual(here)
    expect(JSON.parse(there.stdout)).toMatchObject([
      { granted: ['pull'], denied: ['push'], decidedBy: { backend: 'acl', rule: 'renamed' } },
      { granted: ['pull'], denied: ['push'], decidedBy: { backend: 'plugin_authz', rule: 'of-the-module' } },
      { granted: ['pull', 'push'], denied: [], decidedBy: { backend: 'ext_authz' } },
      { granted: [], denied: ['pull', 'push'] },
    ])
  })
})

describe('the socket of a server', () => {
  let draft: Draft
  beforeEach(async () => {
    draft = await createDraft()
  })
  afterEach(cleanUp)

  const start = (id: string): Promise<Server> => startRules(draft, { acl: [{ id, match: {}, actions: ['*'] }] })
  const decider = async (folder = draft.at('data')): Promise<unknown> => {
    const scope = ['--scope', 'repository:app:pull']
    const { stdout, stderr } = await acl(['explain', '--data', folder, '--account', 'alice', ...scope, '--json'])
    if (stdout === '') return stderr
    return (JSON.parse(stdout) as { decidedBy: { rule: string } }[])[0]?.decidedBy.rule
  }

  test('is gone when it has stopped', async () => {
    const server = await start('one')
    expect(await decider()).toBe('one')
    await server.stop()
    expect(readdirSync(draft.at('data'))).toEqual([])
    expect(await decider()).toMatch(/^no server answers at .*admin\.sock/)
  })

  test('is left by a server that was killed, and replaced by the next', async () => {
    const killed = await start('killed')
    await endChild(killed.child, 'SIGKILL')
    expect(existsSync(draft.at('data/admin.sock'))).toBe(true)
    expect(await decider()).toMatch(/^no server answers at .*admin\.sock/)
    await start('next')
    expect(await decider()).toBe('next')
    expect(modeOf(draft.at('data/admin.sock'))).toBe('600')
  })

  test('is taken over by a second server of the folder, and stays when the first one stops', async () => {
    const first = await start('first')
    const second = await createDraft()
    await startServer({
      config: configOf(second, { acl: [{ id: 'second', match: {}, actions: ['*'] }] }),
      url: `http://127.0.0.1:${second.port}`,
      cwd: second.folder,
      env: { REGISTRY_AUTH_DATA: draft.at('data') },
    })
    expect(await decider()).toBe('second')
    await first.stop()
    expect(await decider()).toBe('second')
  })

  test.each([
    ['is a file', () => writeFileSync(draft.at('data'), '')],
    ['leads nowhere', () => symlinkSync(draft.at('nowhere'), draft.at('data'))],
    ['holds a folder of its name', () => mkdirSync(draft.at('data/admin.sock/x'), { recursive: true })],
  ])(
    'cannot be made where the data folder %s, of which the log warns while tokens are handed out',
    async (_, spoil) => {
      spoil()
      const server = await start('one')
      await waitUntil(server.child, () =>
        Promise.resolve(linesSaying(server, 'admin commands cannot ask this server').length > 0),
      )
      expect(linesSaying(server, 'admin commands cannot ask this server')).toMatchObject([
        { level: 'warn', err: { message: expect.stringMatching(/admin\.sock cannot be made: E[A-Z]+$/) } },
      ])
      expect((await ask({ port: draft.port, path: '/auth?service=x', headers: asAdmin })).status).toBe(200)
      expect(readdirSync(draft.folder).filter((name) => name.startsWith('.'))).toEqual([])
    },
  )

  test('is not made by a server that was not told of a data folder', async () => {
    await startServer({
      config: configOf(draft, {}),
      url: `http://127.0.0.1:${draft.port}`,
      cwd: draft.folder,
      env: { REGISTRY_AUTH_DATA: '' },
    })
    expect(existsSync(draft.at('data'))).toBe(false)
  })

  test('stands beside everything else in the folder of the embedded default', async () => {
    const [port, registryPort] = [await freePort(), await freePort()]
    const folder = join(scratchFolder(), 'data')
    const child = startChild(process.execPath, [mainFile], {
      cwd: scratchFolder(),
      env: {
        REGISTRY_AUTH_DATA: folder,
        REGISTRY_AUTH_ADDR: `127.0.0.1:${port}`,
        REGISTRY_AUTH_REGISTRY_ADDR: `127.0.0.1:${registryPort}`,
      },
    })
    await waitUntil(child, () => Promise.resolve(existsSync(join(folder, 'admin.sock'))))
    expect(modeOf(join(folder, 'admin.sock'))).toBe('600')
    const args = ['explain', '--data', folder, '--account', 'admin', '--scope', 'repository:app:pull,push']
    expect(await acl(args)).toMatchObject({ status: 0, stderr: '' })
    expect(await acl(args.map((arg) => (arg === 'admin' ? '' : arg)))).toMatchObject({ status: 1, stderr: '' })
    await endChild(child)
    expect(readdirSync(folder)).not.toContain('admin.sock')
  })
})
