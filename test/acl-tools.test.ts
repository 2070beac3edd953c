// What the `acl` commands are lent: every back end of a configuration asked why, from files and from a running server.
import { PassThrough } from 'node:stream'
import { expect, test } from '@jest/globals'
import { createAclTools } from '../src/acl-tools.ts'
import { BackendError } from '../src/lib/errors.ts'
import type { AuthorizationRequest } from '../src/authz/index.ts'
import { openAdminSocket } from '../src/admin-socket.ts'
import { createRecorder } from './support/recorder.ts'
import { useFolder } from './support/folder.ts'

const folder = useFolder()
const { log } = createRecorder()
const tools = createAclTools({ env: {}, out: new PassThrough(), err: new PassThrough(), isTerminal: false, log })

const asking = (account: string, actions: string[] = ['pull', 'push']): AuthorizationRequest => ({
  identity: { account, labels: {}, labelsArePatterns: true },
  resource: { type: 'repository', name: 'app', actions },
  service: '',
  ip: '',
})

test('a configuration is explained back end by back end, without keys or certificates', async () => {
  await folder.write(
    'module.mjs',
    'export const authorizer = { authorize: ({ identity }) => identity.account === "carol" ? { outcome: "decided", actions: ["push"], rule: "mine" } : { outcome: "no-match" } }\n',
  )
  const config = await folder.write(
    'config.yml',
    `token: {issuer: us, expiration: 1, key: /nowhere.key}\nacl:\n  - {id: all, match: {account: alice}, actions: [pull]}\nplugin_authz: {module: ${folder.path('module.mjs')}}\n`,
  )
  const answers = await tools.explain(
    config,
    ['alice', 'carol', 'eve'].map((account) => asking(account)),
    undefined,
  )
  expect(answers).toMatchObject([
    { granted: ['pull'], denied: ['push'], decidedBy: { backend: 'acl', rule: 'all' } },
    { granted: ['push'], denied: ['pull'], decidedBy: { backend: 'plugin_authz', rule: 'mine' } },
    { granted: [], denied: ['pull', 'push'] },
  ])
  expect(answers.map(({ backends }) => backends.map(({ backend }) => backend))).toEqual([
    ['acl'],
    ['acl', 'plugin_authz'],
    ['acl', 'plugin_authz'],
  ])
  expect(answers[0]?.backends[0]?.trace?.rules).toMatchObject([{ rule: 'all', matched: true }])
})

test('a file of rules alone is explained as of a given time', async () => {
  const rules = await folder.write('rules.yml', '- {match: {time: {before: 2020-01-01}}, actions: [pull]}\n')
  const at = async (time: string): Promise<unknown> =>
    (await tools.explain(rules, [asking('alice')], Date.parse(time)))[0]?.granted
  expect([await at('2019-06-01'), await at('2021-06-01')]).toEqual([['pull'], []])
})

test.each([
  [
    'a section with a mistake',
    'token: {}\nacl: []\next_authz: {}',
    /config.yml:3:1: ext_authz: needs a command or a url/,
  ],
  ['a file that is not there', undefined, /does not exist/],
])('%s is refused', async (_, text, expected) => {
  const config = text === undefined ? folder.path('nix.yml') : await folder.write('config.yml', text)
  await expect(tools.explain(config, [asking('alice')], undefined)).rejects.toThrow(expected)
})

test('a running server that answers something else is another version', async () => {
  const socket = await openAdminSocket(folder.path('data'), () => Promise.resolve({ hello: 1 }), log)
  await expect(tools.explainRunning(folder.path('data'), [asking('alice')], undefined)).rejects.toThrow(
    /is another version: its answer is not understood$/,
  )
  await socket.close()
})

test('a running server is not asked about other times', async () => {
  await expect(tools.explainRunning(folder.path('data'), [], 0)).rejects.toThrow(/^--at needs a configuration file/)
})

test('a running server is asked about one request at a time', async () => {
  const questions: unknown[] = []
  const answer = (question: unknown): Promise<object> => {
    questions.push(question)
    return Promise.resolve({ backends: [], granted: [], denied: ['pull'] })
  }
  const socket = await openAdminSocket(folder.path('data'), answer, log)
  const requests = ['alice', 'carol'].map((account) => asking(account))
  const explanations = await tools.explainRunning(folder.path('data'), requests, undefined)
  expect(explanations).toMatchObject([{ denied: ['pull'] }, { denied: ['pull'] }])
  expect(questions).toEqual(requests.map((explain) => ({ explain })))
  await socket.close()
})

test('a configuration whose rules are elsewhere is no list to look at', async () => {
  const config = await folder.write('config.yml', 'users: {}\nacl_flies: [acl/*.yml]\n')
  await expect(tools.loadList(config)).rejects.toThrow(
    /config.yml has no acl and no acl_files, and other back ends' rules/,
  )
})

test('an outage is one sentence down to its cause, from files and from a running server', async () => {
  await folder.write(
    'module.mjs',
    'export const authorizer = { authorize: () => { throw new Error("no rules today") } }\n',
  )
  const config = await folder.write('config.yml', `token: {}\nplugin_authz: {module: ${folder.path('module.mjs')}}\n`)
  await expect(tools.explain(config, [asking('alice')], undefined)).rejects.toThrow(/^[^\n]*: no rules today$/)
  const socket = await openAdminSocket(
    folder.path('data'),
    () => Promise.reject(new BackendError('acl_sql has no rules yet', { cause: new Error('refused') })),
    log,
  )
  await expect(tools.explainRunning(folder.path('data'), [asking('alice')], undefined)).rejects.toThrow(
    /^acl_sql has no rules yet: refused$/,
  )
  await socket.close()
})

test('whoever looks at a list is told of the back ends that are not looked at', async () => {
  const err = new PassThrough()
  const { loadList } = createAclTools({ env: {}, out: new PassThrough(), err, isTerminal: false, log })
  const config = await folder.write('config.yml', 'token: {}\nacl: []\next_authz: {command: x}\n')
  expect((await loadList(config)).setting?.others).toEqual(['ext_authz'])
  expect(String(err.read())).toBe(
    `${config}: only the rules of acl and acl_files are looked at, not what ext_authz decides\n`,
  )
})

test('labels that are not given are not looked up, but named', async () => {
  const err = new PassThrough()
  const { explain } = createAclTools({ env: {}, out: new PassThrough(), err, isTerminal: false, log })
  const config = await folder.write(
    'config.yml',
    'token: {}\nusers: {alice: {labels: {team: [web, ops]}}}\nacl: [{match: {labels: {team: web}}, actions: ["*"]}]\n',
  )
  expect(await explain(config, [asking('alice'), asking('bob')], undefined)).toMatchObject([
    { granted: [] },
    { granted: [] },
  ])
  expect(String(err.read())).toBe(
    'explained without the labels that users gives alice: --label team=web --label team=ops\n',
  )
  const web = { ...asking('alice'), identity: { account: 'alice', labels: { team: ['web'] }, labelsArePatterns: true } }
  expect(await explain(config, [web], undefined)).toMatchObject([{ granted: ['pull', 'push'] }])
  expect(err.read()).toBeNull()
})
