// acl test runs the tests beside the rules; its status says whether there are some and all of them pass.
import { readdir } from 'node:fs/promises'
import { describe, expect, test } from '@jest/globals'
import { loadAclList } from '../../src/acl-list.ts'
import { AclTestConfig, compileAcl } from '../../src/authz/index.ts'
import type { AclList } from '../../src/authz/index.ts'
import { testLists } from '../../src/cli/acl/test.ts'
import { ConfigError } from '../../src/lib/errors.ts'
import { createFileSet } from '../../src/lib/files.ts'
import { printingTools } from './acl-tools.ts'

const LISTED = { quoted_labels: 'false', ip: '', service: '', labels: {} }
const passing = { ...LISTED, account: 'alice', scope: 'repository:alice/app:pull', expect: ['pull'] }
const failing = { ...passing, account: 'bob' }

/** A list in which everybody has their own namespace, with tests on line 10 and those that follow. */
function list(...tests: readonly unknown[]): AclList {
  const entry = { id: 'own', match: { name: '${account}/*' }, actions: ['*'] }
  const { acl } = compileAcl([{ entry, position: 'rules.yml:1' }])
  return {
    rules: [],
    acl: acl!,
    tests: tests.map((one, index) => ({
      test: AclTestConfig.parse(one),
      place: { file: 'rules.yml', line: 10 + index, column: 5 },
    })),
    setting: undefined,
  }
}

/** The status of a run, and what it prints. */
async function run(
  lists: Readonly<Record<string, AclList>>,
  ...args: readonly string[]
): Promise<{ status: number; out: string; err: string }> {
  const missing = (path: string): Promise<never> => Promise.reject(new ConfigError(`${path}: does not exist`))
  const loadList = (path: string): Promise<AclList> =>
    lists[path] === undefined ? missing(path) : Promise.resolve(lists[path])
  const { tools, out, err } = printingTools({ loadList })
  return { status: await testLists(args, tools), out: out(), err: err() }
}

const FAILURE = 'bob asks for repository:alice/app:pull: expected pull, got nothing, because no rule matches'

describe('the tests of a list', () => {
  test('all pass', async () => {
    await expect(run({ a: list(passing, passing) }, 'a')).resolves.toEqual({
      status: 0,
      out: '2 passed, 0 failed\n',
      err: '',
    })
  })

  test('some fail, each on a line with its place', async () => {
    await expect(run({ a: list(failing, passing, failing) }, 'a')).resolves.toEqual({
      status: 1,
      out: `rules.yml:10:5: ${FAILURE}\nrules.yml:12:5: ${FAILURE}\n1 passed, 2 failed\n`,
      err: '',
    })
  })

  test('several lists are counted together', async () => {
    await expect(run({ a: list(passing), b: list(failing), c: list() }, 'a', 'b', 'c')).resolves.toMatchObject({
      status: 1,
      out: expect.stringMatching(/\n1 passed, 1 failed\n$/),
    })
  })

  test('that has none: how to write one is said', async () => {
    const { status, out, err } = await run({ a: list() }, 'a')
    expect([status, out]).toEqual([1, '0 passed, 0 failed\n'])
    expect(err).toContain('tests:\n')
  })

  test('--json is one document', async () => {
    const { status, out, err } = await run({ a: list(failing, passing) }, '--json', 'a')
    expect(JSON.parse(out)).toEqual({
      passed: 1,
      failed: 1,
      failures: [{ file: 'rules.yml', line: 10, column: 5, message: FAILURE }],
    })
    expect([status, err]).toEqual([1, ''])
  })

  test('what a test says of time is compared with now unless it says when', async () => {
    const entry = { match: { time: { before: '2026-01-01' } }, actions: ['*'] }
    const { acl } = compileAcl([{ entry, position: 'rules.yml:1' }])
    const anyone = { ...passing, at: '2025-06-01T00:00:00Z' }
    await expect(run({ a: { ...list(anyone), acl: acl! } }, 'a')).resolves.toMatchObject({ status: 0 })
  })

  test('control characters are written out', async () => {
    const { out } = await run({ a: list({ ...failing, account: '\u001b[2J' }) }, 'a')
    expect(out).toContain('\\u001b[2J asks')
  })
})

test('a list that does not load is the problem it is', async () => {
  await expect(run({ a: list(passing) }, 'a', 'nix')).rejects.toThrow(new ConfigError('nix: does not exist'))
})

test.each([
  [[], 'acl test needs a configuration, a file of rules, or a folder'],
  [['a', '--jsn'], 'acl test: unknown option --jsn; did you mean --json?'],
])('%j is not understood', async (args, expected) => {
  await expect(run({}, ...args)).rejects.toThrow(new ConfigError(expected))
})

describe('the files of acl/ pass their own tests', () => {
  const loadList = async (path: string): Promise<AclList> => (await loadAclList(path, createFileSet())).list

  test('together', async () => {
    const { tools, out } = printingTools({ loadList })
    await expect(testLists(['acl'], tools)).resolves.toBe(0)
    expect(out()).toMatch(/^\d+ passed, 0 failed\n$/)
  })

  test('and each of them alone, of which it has some', async () => {
    const files = (await readdir('acl')).map((name) => `acl/${name}`)
    expect(files).toHaveLength(4)
    for (const file of files) {
      const { tools, out } = printingTools({ loadList })
      expect([file, await testLists([file], tools), out()]).toEqual([file, 0, expect.stringMatching(/ 0 failed\n$/)])
    }
  })
})
