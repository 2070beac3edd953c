// Files that are no configuration at all are refused in one clear sentence, with file, line and column.
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { writeFile } from 'node:fs/promises'
import { loadConfig } from '../src/config.ts'
import { ConfigError } from '../src/lib/errors.ts'
import { createFileSet } from '../src/lib/files.ts'
import { configText, load, problemsOf } from './support/config.ts'
import { useFolder } from './support/folder.ts'

const folder = useFolder()

describe('what is no configuration at all', () => {
  test.each([
    ['nothing', '', ['config.yml:1:1: server: is required', 'config.yml:1:1: token: is required']],
    ['a list', '- server\n', ['config.yml:1:1: must be a map of keys and values']],
    ['a word', 'hello\n', ['config.yml:1:1: must be a map of keys and values']],
    [
      'a truncated flow map',
      'server: {addr: ":5001"',
      ['config.yml:1:23: unexpected end of the stream within a flow collection'],
    ],
    [
      'a truncated quotation',
      'server: {addr: ":50',
      ['config.yml:1:20: unexpected end of the stream within a double quoted scalar'],
    ],
    [
      'two documents',
      'server: x\n---\nserver: y\n',
      ['config.yml:3:1: a second YAML document begins here; only one is read'],
    ],
    ['control characters', 'server: \u0000\n', ['config.yml:1:9: null byte is not allowed in input']],
    [
      'an unknown anchor',
      'server: *x\n',
      ['config.yml:1:10: this alias names no anchor above it; a value that begins with * needs quotes'],
    ],
    [
      'a tag that would make it something else',
      'server: !!binary eA==\n',
      ['config.yml:1:9: this tag is not supported; a value that begins with ! needs quotes'],
    ],
  ])('%s', async (_what, text, expected) => {
    const problems = await problemsOf(folder, text)
    expect(problems.slice(0, expected.length)).toEqual(expected)
  })

  test('an alias bomb', async () => {
    const levels = ['a', 'b', 'c', 'd', 'e', 'f'].map((name, index, all) => {
      const item = index === 0 ? 'x' : `*${all[index - 1] ?? ''}`
      return `${name}: &${name} [${Array(10).fill(item).join(', ')}]`
    })
    await expect(problemsOf(folder, levels.join('\n'))).resolves.toEqual([
      expect.stringMatching(/^config.yml:\d+:\d+: aliases repeat more than 100000 values$/),
    ])
  })

  test('lists nested a hundred thousand deep', async () => {
    await expect(problemsOf(folder, '['.repeat(100_000))).resolves.toEqual([
      'config.yml:1:100: nesting exceeded maxDepth (100)',
    ])
  })

  test('a file that does not exist, and one that is a folder', async () => {
    await expect(loadConfig(folder.path('nix.yml'), createFileSet())).rejects.toThrow('nix.yml: does not exist')
    await expect(loadConfig(folder.path(), createFileSet())).rejects.toThrow('is a folder, not a file')
  })

  test('a file that is not UTF-8', async () => {
    await writeFile(folder.path('latin.yml'), Buffer.from('server: \xff', 'latin1'))
    await expect(loadConfig(folder.path('latin.yml'), createFileSet())).rejects.toThrow('latin.yml: is not UTF-8 text')
  })
})

test('whatever the file holds, loading it never fails in an unforeseen way', async () => {
  const good = configText(folder)
  const damaged = fc
    .record({
      at: fc.nat(good.length),
      gone: fc.nat(20),
      put: fc.stringMatching(/^[-:{}[\]&*#!|>'"%@`,~ \na-c0-9]{0,8}$/),
    })
    .map(({ at, gone, put }) => good.slice(0, at) + put + good.slice(at + gone))
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.string(), damaged), async (text) => {
      const error: unknown = await load(folder, text).catch((failure: unknown) => failure)
      expect(error instanceof Error && !(error instanceof ConfigError)).toBe(false)
    }),
    { numRuns: 300 },
  )
})
