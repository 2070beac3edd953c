// The real skopeo pushes, mounts, pulls, lists and deletes at the embedded registry.
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { cleanUp, fails, scratchFolder, succeeds } from './children.ts'
import { type Layout, contentOf, writeLayout } from './images.ts'
import { requires } from './requires.ts'
import { type Site, type User, credentialsOf, startSite } from './site.ts'

requires('skopeo', 'openssl')('skopeo at the embedded registry', () => {
  let site: Site
  let layout: Layout

  beforeAll(async () => {
    site = await startSite({ key: 'ec', rootdirectory: scratchFolder() })
    layout = writeLayout(scratchFolder())
  })

  afterAll(cleanUp)

  const at = (name: string): string => `docker://${site.host}/${name}`
  const to = (user: User): string[] => ['--dest-tls-verify=false', '--dest-creds', credentialsOf(user)]
  const from = (user: User): string[] => ['--src-tls-verify=false', '--src-creds', credentialsOf(user)]
  const as = (user: User): string[] => ['--tls-verify=false', '--creds', credentialsOf(user)]
  const whole = ['copy', '--all', '--preserve-digests']

  const push = (name: string, tag: 'image' | 'index' = 'image', user: User = 'admin'): Promise<string> =>
    succeeds('skopeo', [...whole, ...to(user), `oci:${layout.folder}:${tag}`, at(name)])

  const pull = async (name: string, user: User): Promise<string> => {
    const folder = scratchFolder()
    await succeeds('skopeo', [...whole, ...from(user), at(name), `oci:${folder}:pulled`])
    return folder
  }

  test('an image of several layers comes back byte for byte', async () => {
    await push('alice/image:1', 'image', 'alice')
    const pulled = contentOf(await pull('alice/image:1', 'alice'))
    const { digest } = layout.image
    expect(contentOf(layout.folder)).toEqual(expect.arrayContaining(pulled))
    expect(pulled).toHaveLength(layout.layers.length + 2)
    expect(pulled).toContain(digest.replace('sha256:', ''))
  })

  test('an index comes back byte for byte, with the images of every architecture', async () => {
    await push('team/index:1', 'index')
    expect(contentOf(await pull('team/index:1', 'admin'))).toEqual(contentOf(layout.folder))
  })

  test('inspect names the digest and the layers that were pushed', async () => {
    await push('team/inspect:1')
    const seen = JSON.parse(await succeeds('skopeo', ['inspect', ...as('bob'), at('team/inspect:1')])) as object
    expect(seen).toMatchObject({ Digest: layout.image.digest, Layers: layout.layers.map(({ digest }) => digest) })
  })

  test('list-tags lists them all', async () => {
    await push('team/tags:b')
    await push('team/tags:a')
    const seen = JSON.parse(await succeeds('skopeo', ['list-tags', ...as('bob'), at('team/tags')])) as object
    expect(seen).toMatchObject({ Tags: ['a', 'b'] })
  })

  test('delete takes an image away, and leaves the same image in other repositories', async () => {
    await push('team/gone:1')
    await push('team/kept:1')
    await succeeds('skopeo', ['delete', ...as('admin'), at('team/gone:1')])
    expect(await fails('skopeo', ['inspect', ...as('admin'), at('team/gone:1')])).toMatch(/manifest unknown/i)
    expect(contentOf(await pull('team/kept:1', 'admin'))).toContain(layout.image.digest.replace('sha256:', ''))
  })

  test('a user who may only pull is denied push and delete, and pulls', async () => {
    await push('team/read-only:1')
    const denied = /denied|unauthorized|authentication required/i
    const source = `oci:${layout.folder}:image`
    expect(await fails('skopeo', [...whole, ...to('bob'), source, at('team/read-only:2')])).toMatch(denied)
    expect(await fails('skopeo', ['delete', ...as('bob'), at('team/read-only:1')])).toMatch(denied)
    expect(contentOf(await pull('team/read-only:1', 'bob'))).toHaveLength(layout.layers.length + 2)
  })

  test('a user sees nothing outside the own namespace, and nobody sees anything without a password', async () => {
    await push('team/private:1')
    const denied = /denied|unauthorized|authentication required/i
    expect(await fails('skopeo', ['inspect', ...as('alice'), at('team/private:1')])).toMatch(denied)
    expect(await fails('skopeo', ['inspect', '--tls-verify=false', '--no-creds', at('team/private:1')])).toMatch(denied)
  })

  test('a copy within the registry mounts the layers instead of uploading them again', async () => {
    await push('team/source:1')
    await succeeds('skopeo', [...whole, ...from('admin'), ...to('admin'), at('team/source:1'), at('team/target:1')])
    expect(contentOf(await pull('team/target:1', 'admin'))).toHaveLength(layout.layers.length + 2)
    const pushed = site.server.lines().filter(({ msg, repository }) => msg === 'push' && repository === 'team/target')
    const mounted = pushed.filter(({ from, bytes }) => from === 'team/source' && bytes === undefined)
    expect(mounted.map(({ digest }) => digest).sort()).toEqual(layout.layers.map(({ digest }) => digest).sort())
    const uploaded = pushed.flatMap(({ bytes }) => (typeof bytes === 'number' ? [bytes] : []))
    expect(Math.max(...uploaded)).toBeLessThan(1000)
  })
})
