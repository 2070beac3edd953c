// ARCHITECTURE.md's floor plan holds for every file of src/, and the check of it can fail.
import { describe, expect, test } from '@jest/globals'
import { readdir, readFile } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { violations } from './floor-plan.ts'
import type { SourceFile } from './floor-plan.ts'

const SRC = join(import.meta.dirname, '..', 'src')

async function sourceFiles(): Promise<SourceFile[]> {
  const names = await readdir(SRC, { recursive: true })
  const paths = names.filter((name) => name.endsWith('.ts')).map((name) => name.split(sep).join('/'))
  return Promise.all(paths.sort().map(async (path) => ({ path, text: await readFile(join(SRC, path), 'utf8') })))
}

test('src/ keeps to the floor plan', async () => {
  const files = await sourceFiles()
  expect(files.length).toBeGreaterThan(50)
  expect(violations(files)).toEqual([])
})

/** A small house that keeps to the plan, one line of code per file. */
const HOUSE: Readonly<Record<string, string>> = {
  'main.ts': "import { serve } from './app.ts'",
  'app.ts':
    "import express from 'express'; import { handle } from './auth/handler.ts'; import { store } from './registry/store.ts'",
  'auth/handler.ts': "import { ask } from '../authn/index.ts'; import { scope } from '../protocol/scope.ts'",
  'registry/store.ts': "import express from 'express'; import { verify } from '../token/index.ts'",
  'cli/hash.ts': "import { ask } from '../authn/index.ts'; import { log } from '../lib/log.ts'",
  'authn/index.ts': "export { users } from './users.ts'",
  'authn/users.ts': "import { hash } from '@node-rs/bcrypt'; import type { Scope } from '../protocol/scope.ts'",
  'token/index.ts': "import { sign } from 'node:crypto'; const load = () => import('jose')",
  'protocol/scope.ts': "import { log } from '../lib/log.ts'",
  'lib/log.ts': "import { pino } from 'pino'",
}

/** What is said about the house after this rebuilding. */
function said(changes: Readonly<Record<string, string>>): string[] {
  const files = Object.entries({ ...HOUSE, ...changes })
  return violations(
    files.map(([path, text]) => ({
      path,
      text: text.startsWith('#') ? text : `// What it is.\n${text}\n`,
    })),
  )
}

describe('the check itself', () => {
  test('finds nothing wrong with a house that keeps to the plan', () => {
    expect(said({})).toEqual([])
  })

  test.each<[string, Record<string, string>, string]>([
    [
      'a tool that knows a word',
      { 'lib/log.ts': "import { s } from '../protocol/scope.ts'" },
      'lib/log.ts imports protocol/scope.ts: lib may not know protocol',
    ],
    [
      'a word that knows a package',
      { 'protocol/scope.ts': "import { z } from 'zod'" },
      'protocol/scope.ts imports zod: protocol knows no packages',
    ],
    [
      'a room that knows another',
      { 'authn/users.ts': "import { v } from '../token/index.ts'" },
      'authn/users.ts imports token/index.ts: authn may not know token',
    ],
    [
      'a room that knows a door',
      { 'authn/users.ts': "import type { H } from '../auth/handler.ts'" },
      'authn/users.ts imports auth/handler.ts: authn may not know auth',
    ],
    [
      'a room that knows Express',
      { 'authn/users.ts': "import type { Router } from 'express'" },
      'authn/users.ts imports express: only doors and the roof may',
    ],
    [
      'a registry that knows users',
      { 'registry/store.ts': "import { ask } from '../authn/index.ts'" },
      'registry/store.ts imports authn/index.ts: registry may not know authn',
    ],
    [
      'a door that knows another',
      { 'cli/hash.ts': "import { h } from '../auth/handler.ts'" },
      'cli/hash.ts imports auth/handler.ts: cli may not know auth',
    ],
    [
      'a door that knows the roof',
      { 'cli/hash.ts': "import { app } from '../app.ts'" },
      'cli/hash.ts imports app.ts: cli may not know the roof',
    ],
    [
      'a room entered through the window',
      { 'auth/handler.ts': "import { u } from '../authn/users.ts'" },
      'auth/handler.ts imports authn/users.ts: a room is entered through authn/index.ts',
    ],
    [
      'the same by the roof',
      { 'app.ts': "import { u } from './authn/users.ts'" },
      'app.ts imports authn/users.ts: a room is entered through authn/index.ts',
    ],
    [
      'the same by a late import',
      { 'app.ts': "const f = () => import('./authn/users.ts')" },
      'app.ts imports authn/users.ts: a room is entered through authn/index.ts',
    ],
    [
      'the same by the type of an import',
      { 'app.ts': "let f: typeof import('./authn/users.ts')" },
      'app.ts imports authn/users.ts: a room is entered through authn/index.ts',
    ],
    [
      'the same by an export',
      { 'app.ts': "export { u } from './authn/users.ts'" },
      'app.ts imports authn/users.ts: a room is entered through authn/index.ts',
    ],
    [
      'a folder that is not on the plan',
      { 'extra/x.ts': "import { log } from '../lib/log.ts'" },
      'extra/x.ts imports lib/log.ts: extra may not know lib',
    ],
    [
      'an import that is computed',
      { 'app.ts': 'const f = (name: string) => import(name)' },
      'app.ts imports something that is not written out',
    ],
    ['an import of nothing', { 'app.ts': "import './nix.ts'" }, 'app.ts imports ./nix.ts, which is not there'],
    ['a bare name of a part of Node', { 'app.ts': "import fs from 'fs'" }, 'app.ts imports fs without its node:'],
    [
      'a circle',
      { 'lib/log.ts': "import { b } from './b.ts'", 'lib/b.ts': "import type { a } from './log.ts'" },
      'a circle: lib/log.ts -> lib/b.ts -> lib/log.ts',
    ],
    ['a default export', { 'app.ts': 'export default 1' }, 'app.ts has a default export'],
    ['a default function', { 'app.ts': 'export default function f() {}' }, 'app.ts has a default export'],
    [
      'a name exported as the default',
      { 'app.ts': 'const a = 1\nexport { a as default }' },
      'app.ts has a default export',
    ],
    ['an export *', { 'authn/index.ts': "export * from './users.ts'" }, 'authn/index.ts has an export *'],
    ['a named export *', { 'authn/index.ts': "export * as users from './users.ts'" }, 'authn/index.ts has an export *'],
    [
      'a file that begins with code',
      { 'lib/log.ts': '#!/bin/x\nconst a = 1\n' },
      'lib/log.ts does not begin with a comment sentence',
    ],
    [
      'a comment that is no sentence',
      { 'lib/log.ts': '#!/bin/x\n// eslint-disable\n' },
      'lib/log.ts does not begin with a comment sentence',
    ],
  ])('finds %s', (_what, changes, expected) => {
    expect(said(changes)).toContain(expected)
  })

  test('takes a sentence after a shebang line, and over two lines', () => {
    expect(said({ 'main.ts': '#!/usr/bin/env node\n// One sentence\n// over two lines.\n' })).toEqual([])
  })
})
