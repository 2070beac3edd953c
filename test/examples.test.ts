// Every example loads as it stands, beside the files it says it needs.
import { cp, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { generateKey } from '../src/cli/keygen.ts'
import { loadConfig } from '../src/config.ts'
import { createFileSet } from '../src/lib/files.ts'

const root = process.cwd()
const examples = (await readdir(join(root, 'examples'))).filter((name) => name.endsWith('.yml'))
let folder = ''

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'registry-auth-examples-'))
  await cp(join(root, 'examples'), join(folder, 'examples'), { recursive: true })
  await cp(join(root, 'acl'), join(folder, 'acl'), { recursive: true })
  const [key, certificate] = await generateKey(join(folder, 'examples'), 'ec', Date.now)
  await cp(key!, join(folder, 'examples', 'server.key'))
  await cp(certificate!, join(folder, 'examples', 'server.crt'))
  process.chdir(join(folder, 'examples'))
})

afterAll(async () => {
  process.chdir(root)
  await rm(folder, { recursive: true })
})

describe('the examples', () => {
  test('there are some', () => expect(examples).toContain('minimal.yml'))

  test.each(examples)('%s loads', async (name) => {
    const config = await loadConfig(name, createFileSet())
    expect(config.acl).toBeDefined()
  })

  test('the one of docker_auth warns about the header any client can forge, and about nothing else', async () => {
    const { warnings } = await loadConfig('docker_auth.yml', createFileSet())
    expect(warnings.map(({ path }) => path)).toEqual(['server.real_ip_header'])
  })
})
