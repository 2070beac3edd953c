// JavaScript modules as authorizers: they conform, cannot grant more than was asked, and fail as outages.
import { describe, expect, test } from '@jest/globals'
import { authzTools } from '../support/authz-tools.ts'
import { createAuthorizer } from '../../src/authz/index.ts'
import type { Authorizer } from '../../src/authz/index.ts'
import { pluginAuthz } from '../../src/authz/module.ts'
import { createReport } from '../../src/config-problems.ts'
import type { Findings } from '../../src/config-problems.ts'
import { BackendError, ConfigError } from '../../src/lib/errors.ts'
import { createFileSet } from '../../src/lib/files.ts'
import { parseYaml } from '../../src/lib/yaml.ts'
import { useFolder } from '../support/folder.ts'
import { authorizerConformance } from './conformance.ts'
import { request } from './request.ts'

const folder = useFolder()

async function read(section: string) {
  const document = parseYaml(section, 'f')
  const findings: Findings = { problems: [], warnings: [] }
  const plan = await pluginAuthz.read(document.value, {
    files: createFileSet(),
    report: createReport('f', document, findings),
  })
  return { plan, problems: findings.problems.map(({ path, message }) => `${path ?? ''}: ${message}`) }
}

async function open(file: string, rest = ''): Promise<Authorizer> {
  const { plan, problems } = await read(`{module: ${file}${rest}}`)
  expect(problems).toEqual([])
  return plan!.open(authzTools())
}

/** A module that authorizes so. */
const module = (body: string): Promise<string> =>
  folder.write('module.mjs', `export const authorizer = { authorize(request, signal) { ${body} } }\n`)

authorizerConformance('module', async () =>
  open(
    await module(`
      const { identity: { account }, resource: { name, actions } } = request
      const decided = (allowed) => ({ outcome: 'decided', actions: actions.filter((action) => allowed.includes(action)) })
      if (account === 'root') return decided(actions)
      if (account === 'alice' && name.startsWith('alice/')) return decided(['pull', 'push'])
      return account === 'banned' ? decided([]) : { outcome: 'no-match' }`),
  ),
)

describe('a module', () => {
  test('may name its rule', async () => {
    const authorizer = await open(await module('return { outcome: "decided", actions: ["pull"], rule: "mine" }'))
    await expect(authorizer.authorize(request())).resolves.toEqual({
      outcome: 'decided',
      actions: ['pull'],
      rule: 'mine',
    })
  })

  test('cannot grant more than was asked, not even by changing what was asked', async () => {
    const authorizer = await open(
      await module(
        'request.resource.actions.push("push", "delete"); return { outcome: "decided", actions: ["pull", "push", "delete", "*"] }',
      ),
    )
    const asked = request({ actions: ['pull'] })
    await expect(createAuthorizer([authorizer])(asked)).resolves.toEqual({ actions: ['pull'] })
    expect(asked).toEqual(request({ actions: ['pull'] }))
  })

  test.each([
    'return true',
    'return undefined',
    'return { outcome: "decided" }',
    'return { outcome: "decided", actions: "pull" }',
    'return { outcome: "allowed", actions: ["pull"] }',
    'throw new Error("down")',
    'return Promise.reject(new Error("down"))',
    'return new Promise(() => {})',
  ])('that does this is an outage: %s', async (body) => {
    const authorizer = await open(await module(body), ', timeout: 300ms')
    await expect(authorizer.authorize(request())).rejects.toBeInstanceOf(BackendError)
  })

  test('that exports no authorizer is refused', async () => {
    const { plan } = await read(`{module: ${await folder.write('bad.mjs', 'export const authorizer = {}')}}`)
    const opening = plan!.open(authzTools())
    await expect(opening).rejects.toBeInstanceOf(ConfigError)
    await expect(opening).rejects.toThrow('must export an object "authorizer" with a method "authorize"')
  })

  test('like the example lets teams push below their names, and everybody pull', async () => {
    const authorizer = await open(`${import.meta.dirname}/../../examples/plugins/rules.mjs`)
    const ask = (name: string) =>
      createAuthorizer([authorizer])(request({ labels: { team: ['web'] }, name, actions: ['pull', 'push', 'delete'] }))
    await expect(ask('web/app')).resolves.toEqual({ actions: ['pull', 'push'], rule: 'rules.mjs' })
    await expect(ask('ops/app')).resolves.toEqual({ actions: ['pull'], rule: 'rules.mjs' })
    await authorizer.close?.()
    await authorizer.close?.()
  })
})

test.each([
  ['{}', /^module: is required$/],
  ['{plugin_path: /usr/lib/authz.so}', /^plugin_path: names a Go plugin.*JavaScript module/],
  ['{module: a.mjs, credential_cache: {}}', /^credential_cache: unknown key/],
])('the section %s is refused: %s', async (section, message) => {
  const { problems } = await read(section)
  expect(problems).toHaveLength(1)
  expect(problems[0]).toMatch(message)
})
