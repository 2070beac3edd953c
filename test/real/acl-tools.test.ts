// The commands for access lists as a CI job runs them: exit statuses, JSON, one sentence where something is wrong, pipes.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { acl, command } from './acl-commands.ts'
import { type Result, cleanUp, run, scratchFolder, succeeds } from './children.ts'
import { requires } from './requires.ts'
import { mainFile } from './server.ts'

const good = `acl:
  - { id: web, match: { account: alice, name: 'web/*' }, actions: [pull, push] }
  - { id: public, match: { name: 'public/*' }, actions: [pull] }
tests:
  - { account: alice, scope: 'repository:web/x:pull,push', expect: [pull, push] }
`
const bad = `acl:
  - { id: web, match: { account: alice, name: 'web/*' }, actions: [push] }
  - { id: never, match: { account: alice, name: web/x }, actions: [pull] }
tests:
  - { account: alice, scope: 'repository:web/x:pull,push', expect: [pull, push] }
`
const token = {
  level: 'info',
  time: '2026-11-01T08:00:00.000Z',
  msg: 'token',
  account: 'alice',
  service: 'x',
  asked: 'repository:web/x:pull,push',
  granted: 'repository:web/x:pull,push',
  rules: 'web',
  outcome: 'granted',
  ip: '192.0.2.7',
}

let cwd: string
beforeAll(() => {
  cwd = scratchFolder()
  const at = (name: string): string => join(cwd, name)
  for (const name of ['folder', 'empty', 'odd']) mkdirSync(at(name))
  writeFileSync(at('good.yml'), good)
  writeFileSync(at('bad.yml'), bad)
  writeFileSync(at('folder/10-good.yml'), good)
  writeFileSync(at('folder/20-more.yaml'), "- { id: more, match: { account: bob, name: 'bob/*' }, actions: ['*'] }\n")
  writeFileSync(at('folder/notes.txt'), 'no YAML: [')
  // A configuration with nothing but what the rules need, and mistakes elsewhere.
  writeFileSync(at('config.yml'), 'server: { adr: x }\nldap_auth: 7\nacl_files: [folder/*.y*ml]\n')
  writeFileSync(at('elsewhere.yml'), 'users: {}\nacl_mongo: {}\n')
  writeFileSync(at('void.yml'), '')
  writeFileSync(at('cut.yml'), 'acl:\n  - { match: { account: "x')
  writeFileSync(at('bytes.yml'), Buffer.from([0xff, 0xfe, 0x00]))
  writeFileSync(at('unknown.yml'), '- { match: { acount: x }, actions: [] }\n')
  writeFileSync(at('log'), `${JSON.stringify(token)}\n`)
  writeFileSync(at('log.gz'), gzipSync(`${JSON.stringify(token)}\n`))
  writeFileSync(at('cut.gz'), gzipSync('x'.repeat(1000)).subarray(0, 20))
})
afterAll(cleanUp)

const here = (line: string): Promise<Result> => acl(line.split(' '), { cwd })

test('the exit status tells a script, and words go to stdout', async () => {
  const statuses = {
    'lint good.yml': 0,
    'lint folder': 0,
    'lint config.yml': 0,
    'lint bad.yml': 1,
    'test good.yml folder config.yml': 0,
    'test good.yml bad.yml': 1,
    'diff good.yml good.yml': 0,
    'diff good.yml folder': 1,
    'show good.yml --account alice': 0,
    'explain good.yml --account alice --scope repository:web/x:pull': 0,
    'explain config.yml --account bob --scope repository:web/x:pull': 1,
    'replay --log log.gz --log log config.yml': 0,
    'replay --log log bad.yml': 1,
    'replay --log void.yml good.yml': 1,
  }
  const results = await Promise.all(Object.keys(statuses).map(async (line) => ({ line, ...(await here(line)) })))
  expect(Object.fromEntries(results.map(({ line, status }) => [line, status]))).toEqual(statuses)
  expect(results.filter(({ stdout, stderr }) => stdout === '' || stderr !== '')).toEqual([])
})

test('a list without tests is no list whose tests pass', async () => {
  const { status, stdout, stderr } = await here('test folder/20-more.yaml')
  expect({ status, stdout }).toEqual({ status: 1, stdout: '0 passed, 0 failed\n' })
  expect(stderr).toMatch(/^there are no tests; beside "acl:" in a file of rules, .* say who is granted what:\n/)
})

test.each([
  ['lint bad.yml', { complete: true, findings: [{ file: 'bad.yml', line: 2, rule: 'web' }, { rule: 'never' }] }],
  ['test bad.yml', { passed: 0, failed: 1, failures: [{ file: 'bad.yml', line: 5, column: 5 }] }],
  ['diff good.yml bad.yml', { differences: expect.any(Array), complete: true }],
  ['show good.yml --account alice', { rows: [{ rule: 'web' }, { rule: 'public' }] }],
  ['explain good.yml --account alice --scope repository:web/x:pull', [{ granted: ['pull'], denied: [] }]],
  ['replay --log log bad.yml', { requests: 1, differing: 1, differences: [{ account: 'alice', loses: ['pull'] }] }],
])('acl %s --json is one JSON value', async (line, expected) => {
  const { stdout, stderr } = await here(`${line} --json`)
  expect(stderr).toBe('')
  expect(JSON.parse(stdout)).toMatchObject(expected)
})

describe('acl says in one sentence', () => {
  const expectSentences = async (lines: readonly string[], sentence: RegExp): Promise<void> => {
    const results = await Promise.all(lines.map(here))
    for (const { status, stdout, stderr } of results) {
      expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
      expect(stderr).toMatch(/^[^\n]+\n$/)
      expect(stderr).toMatch(sentence)
    }
  }

  test.each([
    ['lint nowhere.yml', /^nowhere\.yml: does not exist$/m],
    ['test empty', /^empty holds no files that end in \.yml$/m],
    ['diff good.yml void.yml', /^void\.yml:1:1: must be /],
    ['show cut.yml --account x', /^cut\.yml:\d+:\d+: /],
    ['explain bytes.yml --account x --scope a:b:c', /^bytes\.yml: is not UTF-8 text$/m],
    ['replay --log log unknown.yml', /^unknown\.yml:1:\d+: .*unknown key "acount"; did you mean "account"\?$/m],
    ['replay --log nowhere good.yml', /^nowhere: does not exist$/m],
    ['replay --log folder good.yml', /^folder: is a folder/],
    ['replay --log cut.gz good.yml', /^cut\.gz: [^\n]+$/m],
  ])('what cannot be read: %s', async (line, sentence) => {
    await expectSentences([line], sentence)
  })

  test('that the rules of a configuration are in a database, rather than that nothing is wrong with them', async () => {
    await expectSentences(
      ['lint elsewhere.yml', 'test elsewhere.yml', 'diff elsewhere.yml elsewhere.yml'],
      /^elsewhere\.yml has no acl and no acl_files, and other back ends' rules cannot be looked at/,
    )
  })

  test('how it is meant', async () => {
    await expectSentences(['lint', 'diff good.yml'], /^acl (lint|diff) needs (one path|two paths)/)
    await expectSentences(['lnt', 'lint --jsn x'], /did you mean (lint|--json)\?$/m)
    await expectSentences(
      ['explain good.yml --account x --scope x', 'explain good.yml --account x --scope a:b:c --ip 1.2.3'],
      /^--(scope x is no scope|ip 1\.2\.3 is no IP address)/,
    )
  })
})

describe('a reader that leaves early', () => {
  const shell = (line: string): Promise<Result> =>
    run('/bin/sh', ['-c', line.replaceAll('MAIN', '"$0" "$1"'), process.execPath, mainFile], { cwd })

  test('is no error', async () => {
    const rules = Array.from(
      { length: 2000 },
      (_, n) => `- { match: { account: alice, name: a/${n} }, actions: [push] }\n`,
    )
    writeFileSync(join(cwd, 'many.yml'), rules.join(''))
    const lines = [
      'schema',
      'acl lint many.yml',
      'acl show --json many.yml --account alice',
      'acl explain --all many.yml --account alice --scope repository:x:pull',
    ]
    for (const result of await Promise.all(lines.map((line) => shell(`MAIN ${line} | head -1`))))
      expect(result).toMatchObject({ status: 0, stderr: '' })
  })
})

test('schema prints what editors need, of either kind of file', async () => {
  for (const [args, title] of [
    [['schema'], 'configuration'],
    [['schema', 'config'], 'configuration'],
    [['schema', 'acl'], 'access list'],
  ] as const) {
    const schema: unknown = JSON.parse(await succeeds(process.execPath, [mainFile, ...args]))
    expect(schema).toMatchObject({ $schema: expect.stringMatching(/^http/), title: expect.stringContaining(title) })
  }
  const { status, stdout, stderr } = await command(['schema', 'all'])
  expect({ status, stdout, stderr }).toEqual({
    status: 1,
    stdout: '',
    stderr: 'schema knows config and acl, not all\n',
  })
})

// util-linux's script is what gives a program a terminal here.
requires('script')('on a terminal', () => {
  const onTerminal = async (...args: string[]): Promise<string> => {
    const words = [process.execPath, mainFile, ...args].map((word) => `'${word}'`).join(' ')
    const { stdout } = await run('script', ['-q', '-e', '-c', words, '/dev/null'], { cwd, input: '' })
    return stdout.replaceAll('\r\n', '\n')
  }
  const shown =
    'unknown key "acount"; did you mean "account"?\n    1 | - { match: { acount: x }, actions: [] }\n      |              ^\n'

  test('check shows the line, and a mark under what is wrong in it', async () => {
    writeFileSync(join(cwd, 'wrong.yml'), 'users: {}\nacl_files: [unknown.yml]\n')
    expect(await onTerminal('check', 'wrong.yml')).toContain(shown)
    expect((await command(['check', 'wrong.yml'], { cwd })).stdout).not.toContain(' | ')
  })

  test('so does a tool, and a start', async () => {
    expect(await onTerminal('acl', 'lint', 'unknown.yml')).toContain(shown)
    expect(await onTerminal('serve', 'wrong.yml')).toContain(shown)
  })

  test('a replay shows how far it has come, and wipes that away', async () => {
    const said = await onTerminal('acl', 'replay', '--log', 'log', 'good.yml')
    expect(said).toContain('100 %')
    expect(said).toMatch(/\r\u001b\[K1 lines read: 1 tokens/)
  })
})
