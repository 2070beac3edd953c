// A real Docker engine pushes an image and pulls it again: from the embedded registry, and from Distribution with us as realm.
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { cleanUp, fails, scratchFolder, succeeds } from './children.ts'
import { distributionProgram, startDistribution } from './distribution.ts'
import { type Engine, startEngine } from './dockerd.ts'
import { writeArchive } from './images.ts'
import { requires } from './requires.ts'
import { type Site, type User, passwordOf, startSite } from './site.ts'

requires(
  'dockerd',
  'root',
  'docker',
  'openssl',
  ...Object.values(distributionProgram),
)('a Docker engine', () => {
  let site: Site
  let engine: Engine
  const archive = 'engine-test:1'

  beforeAll(async () => {
    site = await startSite({ key: 'ec', rootdirectory: scratchFolder() })
    engine = await startEngine()
    const file = join(scratchFolder(), 'image.tar')
    writeArchive(file, archive)
    await docker('load', '--input', file)
  })

  afterAll(cleanUp)

  const docker = (...args: string[]): Promise<string> => succeeds('docker', args, engine)
  const denied = (...args: string[]): Promise<string> => fails('docker', args, engine)
  const idOf = (image: string): Promise<string> => docker('image', 'inspect', '--format', '{{.Id}}', image)
  const login = (host: string, user: User): Promise<string> =>
    succeeds('docker', ['login', '-u', user, '--password-stdin', host], { ...engine, input: passwordOf(user) })

  const hosts = {
    'the embedded registry': () => Promise.resolve(site.host),
    'Distribution 2.8': async () => (await startDistribution({ version: '2.8', token: site.token })).host,
    'Distribution 3.1': async () => (await startDistribution({ version: '3.1', token: site.token })).host,
  }

  test.each(Object.entries(hosts))(
    'pushes to %s, mounts the layers for a second name, forgets the image and pulls it again',
    async (_, start) => {
      const host = await start()
      const [image, copy] = [`${host}/alice/engine:1`, `${host}/alice/copy:1`]
      const id = await idOf(archive)
      await login(host, 'alice')
      await docker('tag', archive, image)
      await docker('push', image)
      await docker('tag', archive, copy)
      expect(await docker('push', copy)).toContain('Mounted from alice/engine')
      await docker('image', 'rm', image, copy, archive)
      await expect(idOf(image)).rejects.toThrow(/no such image/i)
      await docker('pull', image)
      expect(await idOf(image)).toBe(id)
      await docker('tag', image, archive)
    },
  )

  test('is denied a push by a user who may only pull, and by nobody at all', async () => {
    const image = `${site.host}/team/engine:1`
    await docker('tag', archive, image)
    await login(site.host, 'bob')
    expect(await denied('push', image)).toMatch(/denied|unauthorized|authentication required/i)
    await docker('logout', site.host)
    expect(await denied('push', image)).toMatch(/denied|unauthorized|authentication required|no basic auth/i)
    expect(await denied('pull', image)).toMatch(/denied|unauthorized|authentication required|no basic auth/i)
  })
})
