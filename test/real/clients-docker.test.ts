// The real docker command signs in at the embedded registry; without an engine it does so itself.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { cleanUp, fails, scratchFolder, succeeds } from './children.ts'
import { requires } from './requires.ts'
import { type Site, credentialsOf, passwordOf, startSite } from './site.ts'

requires('docker', 'openssl')('docker login at the embedded registry', () => {
  let site: Site

  beforeAll(async () => {
    site = await startSite({ key: 'ec', rootdirectory: scratchFolder() })
  })

  afterAll(cleanUp)

  const login = (folder: string, password: string): Parameters<typeof succeeds> => [
    'docker',
    ['login', '--username', 'alice', '--password-stdin', site.host],
    { env: { DOCKER_CONFIG: folder, DOCKER_HOST: `unix://${folder}/no-engine.sock` }, input: password },
  ]

  test('succeeds with the right password and remembers it', async () => {
    const folder = scratchFolder()
    expect(await succeeds(...login(folder, passwordOf('alice')))).toContain('Login Succeeded')
    const { auths } = JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8')) as { auths: object }
    expect(auths).toEqual({ [site.host]: { auth: Buffer.from(credentialsOf('alice')).toString('base64') } })
  })

  test('fails with a wrong password, says so, and remembers nothing', async () => {
    const folder = scratchFolder()
    expect(await fails(...login(folder, 'wrong'))).toMatch(/unauthorized/i)
    expect(() => readFileSync(join(folder, 'config.json'))).toThrow('ENOENT')
  })

  test('says the very same about an account that does not exist', async () => {
    // The lines before are the command's own, about https, and never the same twice.
    const answer = (text: string): string | undefined => text.trim().split('\n').at(-1)
    const [command, args, where] = login(scratchFolder(), 'wrong')
    const stranger = args.map((arg) => (arg === 'alice' ? 'nobody' : arg))
    expect(answer(await fails(command, stranger, where))).toBe(answer(await fails(command, args, where)))
  })
})
