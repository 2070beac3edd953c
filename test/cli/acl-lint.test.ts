// acl lint prints what it finds, a place, a reason and a way out each, and its status says whether there was anything.
import { expect, test } from '@jest/globals'
import { Writable } from 'node:stream'
import type { AclList } from '../../src/authz/index.ts'
import { lint } from '../../src/cli/acl/lint.ts'
import type { AclTools } from '../../src/cli/acl/tools.ts'
import { listOf, NOW, PLAIN } from '../authz/acl/analysis/lists.ts'

async function run(args: readonly string[], list: AclList): Promise<{ status: number; text: string }> {
  let text = ''
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      text += chunk.toString()
      done()
    },
  })
  const unused = (): never => {
    throw new Error('not asked')
  }
  const tools: AclTools = {
    loadList: () => Promise.resolve(list),
    explain: unused,
    explainRunning: unused,
    dataFolder: '',
    now: () => NOW,
    out: stream,
    err: stream,
    isTerminal: false,
  }
  return { status: await lint(args, tools), text }
}

const good = listOf([{ match: { name: 'a/*' } }], { setting: PLAIN })
const bad = listOf([{ match: { name: 'a/*' } }, { match: { name: 'a/b' }, id: 'late', actions: ['pull', 'push'] }], {
  setting: PLAIN,
})

test('nothing is found', async () => {
  await expect(run(['acl.yml'], good)).resolves.toEqual({ status: 0, text: '0 findings\n' })
})

test('a finding is a place, a reason, an example and a fix', async () => {
  await expect(run(['acl.yml'], bad)).resolves.toEqual({
    status: 1,
    text: [
      'acl.yml:2:1: rule late: never decides: acl.yml:1 matches every request that this rule matches',
      '  why: the first rule that matches decides, and acl.yml:1 grants less: pull, not pull,push',
      '  example: alice asks for repository:a/b:pull,push: acl.yml:1 grants pull',
      '  fix: move it before acl.yml:1, or remove it',
      '1 finding',
      '',
    ].join('\n'),
  })
})

test('a rule that stands before many is not said of each of them', async () => {
  const names = ['a', 'b', 'c', 'd', 'e'].map((name) => ({ match: { name }, id: name }))
  const { text } = await run(['acl.yml'], listOf([{ match: {}, id: 'all' }, ...names], { setting: PLAIN }))
  expect(text.match(/never decides/g)).toHaveLength(3)
  expect(text).toContain('\nall comes first for 2 more: d, e\n5 findings\n')
})

test('--json is one document', async () => {
  const { status, text } = await run(['--json', 'acl.yml'], bad)
  expect(status).toBe(1)
  expect(JSON.parse(text)).toMatchObject({
    findings: [{ kind: 'shadowed', proved: true, line: 2, column: 1, rule: 'late', by: 'acl.yml:1' }],
    complete: true,
  })
})

test.each([[[]], [['a', 'b']], [['--jsn', 'a']]])('%j is refused in one sentence', async (args) => {
  await expect(run(args, good)).rejects.toThrow(/^acl lint/)
})
