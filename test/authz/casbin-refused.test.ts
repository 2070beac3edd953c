// Models and policies that casbin would take and that do not say what their authors mean: none is used.
import { describe, expect, test } from '@jest/globals'
import { useFolder } from '../support/folder.ts'
import { ask, openFiles, readFiles, readSection } from './casbin-section.ts'
import type { Files, Read } from './casbin-section.ts'

const folder = useFolder()
const read = (files: Files): Promise<Read> => readFiles(files, folder)

describe('a model is refused', () => {
  test.each<[Files, string]>([
    [{ matcher: 'r.acount == p.account' }, 'm says r.acount, which is not defined'],
    [{ matcher: 'r.account == p.acount' }, 'm says p.acount, which is not defined'],
    [{ matcher: 'p2.account == r.account' }, 'm says p2.account, which is not defined'],
    [{ matcher: 'labelMach(r.labels, p.account)' }, 'm says labelMach, which is not defined'],
    [{ matcher: 'g2(r.account, p.account)' }, 'm says g2, which is not defined'],
    [{ matcher: 'p(r.account)' }, 'm says p, which is not defined'],
    [{ matcher: 'eval(p.name)' }, 'm says eval, which is not defined'],
    [{ matcher: 'r.name.match(p.name)' }, 'm says r.name.match, which is not defined'],
    [{ matcher: 'r.name["match"](p.name)' }, 'm has a bracket, which stands in texts only'],
    [{ matcher: 'process.exit()' }, 'm says process.exit, which is not defined'],
    [{ matcher: 'r.account' }, 'm must be a comparison'],
    [{ matcher: '"no"' }, 'm must be a comparison'],
    [{ matcher: '1' }, 'm must be a comparison'],
    [{ matcher: 'r.account == p.account, true' }, ''],
    [{ matcher: 'r.account = p.account' }, ''],
    [{ matcher: 'r.account == p.account &&' }, ''],
    [{ effect: 'some(where (p.eft == deny))' }, 'e must be one of: '],
    [{ effect: 'subjectPriority(p.eft) || deny' }, 'e must be one of: '],
    [{ model: '' }, ''],
    [{ model: '[request_definition]\nr = sub, obj, act' }, ''],
  ])('%j', async (files, message) => {
    const { plan, problems } = await read(files)
    expect(plan).toBeUndefined()
    expect(problems).toEqual([expect.stringContaining(`model_path: model.conf cannot be used: ${message}`)])
  })

  test('that names other values of a request than docker_auth gives', async () => {
    const { problems } = await read({
      model: `[request_definition]\nr = sub, obj, act\n[policy_definition]\np = sub, obj, act\n[policy_effect]\ne = some(where (p.eft == allow))\n[matchers]\nm = r.sub == p.sub`,
    })
    expect(problems).toEqual([
      'f:1:2: model_path: model.conf cannot be used: r must name seven values: account, type, name, service, ip, action, labels',
    ])
  })
})

describe('a policy is refused', () => {
  const labelled: Files = { columns: 'account, labels', matcher: 'labelMatch(r.labels, p.labels)' }
  const denying: Files = { columns: 'account, eft', matcher: 'r.account == p.account' }

  test.each<[string, Files, string, string]>([
    ['labels that are no JSON', labelled, 'p, a, "{""a"": [""b"""', '1:labels: must be labels in JSON'],
    ['labels that are empty', labelled, 'p, a,', '1:labels: must be labels in JSON'],
    ['labels without lists', labelled, 'p, a, "{""a"": ""b""}"', '1:labels: must be labels in JSON'],
    ['a row of no definition', {}, '\np2, a, b, c', '2:begins with p2, which the model does not use'],
    ['another case', {}, 'P, a, b, c', '1:begins with P, which the model does not use'],
    ['a value too few', {}, 'p, a, b', '1:has 2 values, and the model defines 3'],
    ['a value too many', {}, 'p, a, b, c, d', '1:has 4 values, and the model defines 3'],
    ['a role too many', {}, 'g, a, b, c', '1:has 3 values, and the model defines 2'],
    ['a quote within a value', {}, 'p, a"b, c, d', '1:a value with a quote in it'],
    ['a quote without an end', {}, 'p, "a, b, c', '1:a value with a quote in it'],
    ['an unknown effect', denying, 'p, a, Deny', '1:eft: must be allow or deny'],
    ['a priority that is none', { columns: 'priority' }, 'p, high', '1:priority: must be a whole number'],
    ['an address that is none', { matcher: 'ipMatch(r.ip, p.name)' }, 'p, a, 10.0.0/8, c', '1:name: is neither'],
    ['an expression that is none', { matcher: 'regexMatch(r.name, p.name)' }, 'p, a, (, c', '1:name: is not a valid'],
    ['an empty expression', { matcher: 'regexMatch(r.name, p.name)' }, 'p, a, , c', '1:name: is empty'],
    ['a malformed glob', { matcher: 'globMatch(r.name, p.name)' }, 'p, a, [, c', '1:name: is a malformed'],
  ])('%s', async (_what, files, policy, message) => {
    const matcher = files.columns === 'priority' ? { matcher: 'r.account == "x"' } : {}
    const { plan, problems } = await read({ ...files, ...matcher, policy })
    expect(plan).toBeUndefined()
    expect(problems).toEqual([expect.stringContaining(`policy.csv:${message.replace(':', ': ')}`)])
  })

  test('but not for a value that is compared as a text', async () => {
    const policy = 'p, alice, *, x\np, bob, 192.0.2.0/24, x'
    const matcher = `r.account == p.account && (p.name == "*" || ipMatch(r.ip, p.name))`
    const authorizer = await openFiles({ matcher, policy }, folder)
    expect(await ask(authorizer, { ip: '2001:db8::1' })).toEqual(['pull'])
    expect(await ask(authorizer, { account: 'bob', ip: '192.0.2.1' })).toEqual(['pull'])
    expect(await ask(authorizer, { account: 'bob', ip: '2001:db8::1' })).toEqual([])
  })

  test('nor for one that means something to another function of the matcher', async () => {
    const matcher = 'r.account == p.account && (keyMatch(r.name, p.name) || regexMatch(r.name, p.name))'
    const authorizer = await openFiles({ matcher, policy: 'p, alice, *, x\np, bob, lib(*, x' }, folder)
    expect(await ask(authorizer, { name: 'any/app' })).toEqual(['pull'])
    expect(await ask(authorizer, { account: 'bob', name: 'lib(rary' })).toEqual(['pull'])
    expect(await ask(authorizer, { account: 'bob', name: 'any/app' })).toEqual([])
  })

  test('with every line that is wrong', async () => {
    const { problems } = await read({ policy: 'p, a\np, alice, a, b\ng, a' })
    expect(problems).toEqual([
      'policy.csv:1: has 1 values, and the model defines 3',
      'policy.csv:3: has 1 values, and the model defines 2',
    ])
  })
})

test.each([
  ['{model_path: a}', ['policy_path: is required']],
  ['{model_path: "", policy_path: b}', ['model_path: must not be empty']],
  [
    '{model_path: /nonexistent, policy_path: /nonexistent/too}',
    ['model_path: /nonexistent does not exist', 'policy_path: /nonexistent/too does not exist'],
  ],
  [
    '{model_path: a, policy_path: b, adapter: c}',
    ['adapter: unknown key "adapter"; known keys are model_path, policy_path'],
  ],
])('the section %s is refused: %j', async (section, expected) => {
  const { plan, problems } = await readSection(section, folder)
  expect(plan).toBeUndefined()
  expect(problems).toEqual(expected.map((problem) => expect.stringContaining(problem)))
})
