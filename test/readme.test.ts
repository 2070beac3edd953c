// What the README shows works as it stands there.
import { readFile } from 'node:fs/promises'
import { expect, test } from '@jest/globals'
import { loadAclList } from '../src/acl-list.ts'
import { failureOf } from '../src/authz/index.ts'
import { createFileSet } from '../src/lib/files.ts'
import { useFolder } from './support/folder.ts'

const folder = useFolder()
const readme = await readFile('README.md', 'utf8')
const blocks = [...readme.matchAll(/```yaml\n(.*?)```/gs)].map(([, yaml = '']) => yaml)

test('the rules beyond docker_auth load, and their tests hold', async () => {
  const yaml = blocks.filter((block) => block.startsWith('syntax: 2'))
  expect(yaml).toHaveLength(1)
  const { list } = await loadAclList(await folder.write('rules.yml', yaml[0]!), createFileSet())
  expect(list.rules.map(({ name }) => name)).toEqual(['nightly', 'release-managers'])
  expect(list.tests.map(({ test }) => failureOf(test, list.acl, Date.now()))).toEqual([undefined, undefined])
})

test('the rules of the configuration load', async () => {
  const yaml = blocks.filter((block) => block.includes('users:'))
  expect(yaml).toHaveLength(1)
  const config = yaml[0]!.replace(/^acl_files:.*\n/m, '')
  const { list } = await loadAclList(await folder.write('config.yml', config), createFileSet())
  expect(list.acl.size).toBe(3)
})
