// What a configuration says about access lists beyond their rules: tests that run at load, ids, candidates, syntax.
import { beforeEach, describe, expect, test } from '@jest/globals'
import type { AuthorizationRequest } from '../src/authz/index.ts'
import { configText, load, problemsOf, warningsOf, writePairs } from './support/config.ts'
import { useFolder } from './support/folder.ts'

const folder = useFolder()
beforeEach(() => writePairs(folder))

const RULES = `
acl:
  - id: web-team
    match: {labels: {team: web}, name: "web/*"}
    actions: [pull, push]
  - match: {account: bob, name: "web/site"}
    actions: []
`
const asking = (name: string, labels: Record<string, string[]> = {}): AuthorizationRequest => ({
  identity: { account: 'alice', labels, labelsArePatterns: true },
  resource: { type: 'repository', name, actions: ['pull', 'push'] },
  service: '',
  ip: '',
})
const files = (...names: string[]): string => `[${names.map((name) => folder.path(name)).join(', ')}]`

describe('tests beside the rules', () => {
  const withTests = async (tests: string): Promise<string[]> => {
    await folder.write('rules.yml', `${RULES}tests:\n${tests}`)
    return problemsOf(folder, configText(folder, { acl: undefined, acl_files: files('rules.yml') }))
  }

  test('that hold let the list load', async () => {
    await folder.write(
      'rules.yml',
      `${RULES}tests:
  - {account: alice, labels: {team: web}, scope: "repository:web/app:pull,push", expect: [pull, push], rule: web-team}
  - {account: alice, labels: {team: [ops, web]}, scope: "repository:web/app:delete,pull", expect: [pull]}
  - {account: bob, scope: "repository:web/site:pull", expect: []}
  - {account: "", scope: "repository:web/app:pull", expect: []}
`,
    )
    const { acl } = await load(folder, configText(folder, { acl: undefined, acl_files: files('rules.yml') }))
    expect(acl?.decide(asking('web/app', { team: ['web'] }), 0)).toMatchObject({ rule: 'web-team' })
  })

  test('that fail refuse it, each with its place and what is granted instead', async () => {
    const problems = await withTests(
      `  - {account: alice, labels: {team: ops}, scope: "repository:web/app:pull", expect: [pull]}
  - {account: alice, labels: {team: web}, scope: "repository:web/app:pull", expect: [pull]}
  - {account: bob, scope: "repository:web/site:pull", ip: 10.0.0.7, expect: [pull]}
`,
    )
    expect(problems).toHaveLength(2)
    expect(problems[0]).toMatch(/^rules.yml:9:5: this test fails: .*alice.*repository:web\/app:pull.*no rule/)
    expect(problems[1]).toMatch(/^rules.yml:11:5: this test fails: .*bob.*10\.0\.0\.7.*rules.yml:6/)
  })

  test.each([
    ['no scope', '{account: alice, expect: []}', 'rules.yml:9:5: tests[0].scope: is required'],
    [
      'a scope that is none',
      '{account: alice, scope: web, expect: []}',
      'rules.yml:9:22: tests[0].scope: must be a scope such as repository:app/web:pull,push',
    ],
    ['nothing expected', '{account: alice, scope: "repository:a:pull"}', 'rules.yml:9:5: tests[0].expect: is required'],
    [
      'a misspelt key',
      '{acount: alice, account: "", scope: "repository:a:pull", expect: []}',
      'rules.yml:9:6: tests[0].acount: unknown key "acount"; did you mean "account"?',
    ],
  ])('with %s are refused with their place', async (_, written, expected) => {
    expect(await withTests(`  - ${written}\n`)).toEqual([expected])
  })

  test('may stand in files of their own, and are about all rules', async () => {
    await folder.write('acl_tests/a.yml', 'tests:\n  - {account: bob, scope: "repository:x:pull", expect: [pull]}\n')
    const text = configText(folder, { acl: '[]', acl_tests: files('acl_tests/*.yml') })
    expect(await problemsOf(folder, text)).toEqual([expect.stringMatching(/^acl_tests\/a.yml:2:5: this test fails: /)])
    await expect(load(folder, text.replace('acl: []', 'acl: [{match: {}, actions: [pull]}]'))).resolves.toBeDefined()
  })

  test('without rules are a mistake', async () => {
    await folder.write('acl_tests/a.yml', 'tests: []\n')
    const text = configText(folder, { acl: undefined, acl_tests: files('acl_tests/*.yml') })
    expect(await problemsOf(folder, text)).toContain('config.yml:4:1: acl_tests: there are no rules to test')
  })
})

describe('an id', () => {
  test.each([
    ['in one file', `[{id: a, match: {}, actions: []}, {id: a, match: {}, actions: []}]`, '[]'],
    ['in two', `[{id: a, match: {}, actions: []}]`, `[{id: a, match: {}, actions: []}]`],
  ])('that stands twice %s is refused', async (_, acl, more) => {
    await folder.write('more.yml', more)
    const problems = await problemsOf(folder, configText(folder, { acl, acl_files: files('more.yml') }))
    expect(problems).toEqual([
      expect.stringMatching(/:\d+: the id "a" also stands at .*config.yml:4; each rule needs its own$/),
    ])
  })

  test('that would not be one word in a log is refused', async () => {
    expect(await problemsOf(folder, configText(folder, { acl: '[{id: "a b", match: {}, actions: []}]' }))).toEqual([
      'config.yml:4:8: acl[0].id: must be up to 64 letters, digits, dots, dashes and underscores',
    ])
  })
})

describe('syntax: 2', () => {
  const globs = (syntax: string): Promise<string> =>
    folder.write('rules.yml', `${syntax}acl:\n  - {match: {name: "web/**"}, actions: [pull]}\n`)

  test.each([
    ['', 'web/a/b', 'no-match'],
    ['syntax: 1\n', 'web/a/b', 'no-match'],
    ['syntax: 2\n', 'web/a/b', 'decided'],
    ['syntax: 2\n', 'wobble/a/b', 'no-match'],
  ])('(%j) %s → %s', async (syntax, name, outcome) => {
    await globs(syntax)
    const { acl } = await load(folder, configText(folder, { acl: undefined, acl_files: files('rules.yml') }))
    expect(acl?.decide(asking(name), 0).outcome).toBe(outcome)
  })

  test('is the only other one', async () => {
    await globs('syntax: 3\n')
    const text = configText(folder, { acl: undefined, acl_files: files('rules.yml') })
    expect(await problemsOf(folder, text)).toEqual(['rules.yml:1:1: syntax: must be 1 or 2'])
  })
})

describe('acl_shadow', () => {
  test('names a candidate with tests of its own', async () => {
    await folder.write('new.yml', RULES)
    const { acl, shadow } = await load(folder, configText(folder, { acl: '[]', acl_shadow: folder.path('new.yml') }))
    expect([acl?.size, shadow?.size]).toEqual([0, 2])
  })

  test('is checked like any list', async () => {
    await folder.write('new.yml', '- {match: {acount: bob}, actions: []}\n')
    const text = configText(folder, { acl_shadow: folder.path('new.yml') })
    expect(await problemsOf(folder, text)).toEqual([
      'new.yml:1:12: [0].match.acount: unknown key "acount"; did you mean "account"?',
    ])
    expect(await problemsOf(folder, configText(folder, { acl_shadow: folder.path('nix.yml') }))).toEqual([
      `config.yml:5:1: acl_shadow[0]: no file matches "nix.yml"`,
    ])
  })

  test('needs a list to stand beside', async () => {
    await folder.write('new.yml', RULES)
    await folder.write('authz.mjs', 'export const authorizer = { authorize: () => ({ outcome: "no-match" }) }\n')
    const text = configText(folder, {
      acl: undefined,
      plugin_authz: `{module: ${folder.path('authz.mjs')}}`,
      acl_shadow: folder.path('new.yml'),
    })
    expect(await problemsOf(folder, text)).toEqual([
      'config.yml:5:1: acl_shadow: there is no access list that it could be compared with',
    ])
  })

  test('does not hide what the live list should be warned of', async () => {
    const acl = '[{match: {account: "/bob/"}, actions: []}]'
    expect(await warningsOf(folder, configText(folder, { acl }))).toHaveLength(1)
  })
})
