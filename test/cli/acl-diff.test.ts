// acl diff prints what two lists answer differently and whether that is all, and its status says whether there was anything.
import { expect, test } from '@jest/globals'
import { Writable } from 'node:stream'
import type { AclList } from '../../src/authz/index.ts'
import { diff } from '../../src/cli/acl/diff.ts'
import type { AclTools } from '../../src/cli/acl/tools.ts'
import { listOf, NOW } from '../authz/acl/analysis/lists.ts'

async function run(
  args: readonly string[],
  lists: Readonly<Record<string, AclList>>,
): Promise<{ status: number; text: string }> {
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
    loadList: (path) => Promise.resolve(lists[path] ?? listOf([])),
    explain: unused,
    explainRunning: unused,
    dataFolder: '',
    now: () => NOW,
    out: stream,
    err: stream,
    isTerminal: false,
  }
  return { status: await diff(args, tools), text }
}

const lists = {
  old: listOf([{ match: { name: 'a/*' } }]),
  new: listOf([{ match: { name: 'a/*' }, id: 'a', actions: ['pull', 'push'] }]),
  regex: listOf([{ match: { name: '/^(a|b)$/' } }]),
}

test('no difference, and that is proved', async () => {
  await expect(run(['old', 'old'], lists)).resolves.toEqual({
    status: 0,
    text: '0 differences; there are no others: proved\n',
  })
})

test('a difference is what changes, the rules, and a request', async () => {
  await expect(run(['old', 'new'], lists)).resolves.toEqual({
    status: 1,
    text: [
      'gains push: decided by acl.yml:1 before, by a now',
      '  alice asks for repository:a/app:push',
      '  anonymous asks for repository:a/app:push',
      '1 difference; there are no others: proved',
      '',
    ].join('\n'),
  })
})

test('many differences are counted, the first of them shown', async () => {
  const rules = Array.from({ length: 25 }, (_, index) => ({ match: { name: `team${index}/app` } }))
  const { text } = await run(['none', 'many'], { many: listOf(rules) })
  expect(text.match(/^gains/gm)).toHaveLength(20)
  expect(text).toContain('\nand 5 more; --json lists them\n25 differences; there are no others: proved\n')
})

test('a rule that decides before and now is named once', async () => {
  const { text } = await run(['old', 'new'], {
    old: listOf([{ match: { name: 'a' }, id: 'a', actions: ['pull', 'push'] }]),
    new: listOf([{ match: { name: 'a' }, id: 'a' }]),
  })
  expect(text).toContain('loses push: decided by a before and now\n  alice asks for repository:a:push\n')
})

test('what was only tried with samples is said', async () => {
  const { status, text } = await run(['none', 'regex'], lists)
  expect(status).toBe(1)
  expect(text).toContain('(not proved: others may change as well)')
  expect(text).toContain('only tried with samples:\n  name /^(a|b)$/\n')
})

test('--json is one document', async () => {
  const { text } = await run(['--json', 'old', 'new'], lists)
  expect(JSON.parse(text)).toMatchObject({
    complete: true,
    sampled: [],
    differences: [{ gains: ['push'], loses: [], new: 'a' }],
  })
})

test.each([[[]], [['a']], [['a', 'b', 'c']], [['--jsn', 'a', 'b']]])('%j is refused in one sentence', async (args) => {
  await expect(run(args, lists)).rejects.toThrow(/^acl diff/)
})
