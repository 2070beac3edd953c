// The clients of the Go world, crane, oras and regctl, push, pull, list and delete at the embedded registry.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { cleanUp, fails, scratchFolder, succeeds } from './children.ts'
import { type Layout, contentOf, writeLayout } from './images.ts'
import { requires } from './requires.ts'
import { type Site, type User, signedIn, startSite } from './site.ts'

requires(
  'crane',
  'oras',
  'regctl',
  'openssl',
)('at the embedded registry', () => {
  let site: Site
  let layout: Layout

  beforeAll(async () => {
    site = await startSite({ key: 'ec', rootdirectory: scratchFolder() })
    layout = writeLayout(scratchFolder(), ['index'])
  })

  afterAll(cleanUp)

  const at = (name: string): string => `${site.host}/${name}`
  const lines = (text: string): string[] => text.trim().split('\n')

  /** One client with its user signed in. */
  const client =
    (command: string) =>
    (user: User) =>
    (...args: string[]): Promise<string> =>
      succeeds(command, args, { env: signedIn(site.host, user) })

  test('crane pushes an index, reads it back byte for byte, copies, lists and deletes', async () => {
    const crane = client('crane')('admin')
    await crane('push', layout.folder, at('team/crane:1'))
    expect(await crane('digest', at('team/crane:1'))).toContain(layout.index.digest)
    const pulled = join(scratchFolder(), 'pulled')
    await crane('pull', '--format=oci', at('team/crane:1'), pulled)
    expect(contentOf(pulled)).toEqual(contentOf(layout.folder))
    await crane('copy', at('team/crane:1'), at('team/crane-copy:1'))
    await crane('tag', at('team/crane-copy:1'), '2')
    expect(lines(await crane('ls', at('team/crane-copy')))).toEqual(['1', '2'])
    expect(lines(await crane('catalog', site.host))).toEqual(expect.arrayContaining(['team/crane', 'team/crane-copy']))
    await crane('validate', '--remote', at('team/crane-copy:2'))
    await crane('delete', at(`team/crane-copy@${layout.index.digest}`))
    await expect(crane('digest', at('team/crane-copy:1'))).rejects.toThrow(/MANIFEST_UNKNOWN|404/)
  })

  test('crane is denied a push where its user may only pull', async () => {
    await client('crane')('admin')('push', layout.folder, at('team/crane-denied:1'))
    const env = signedIn(site.host, 'bob')
    expect(await fails('crane', ['push', layout.folder, at('team/crane-denied:2')], { env })).toMatch(/UNAUTHORIZED/)
    expect(await succeeds('crane', ['digest', at('team/crane-denied:1')], { env })).toContain(layout.index.digest)
  })

  test('oras copies an index in and out byte for byte, and lists its tags', async () => {
    const oras = client('oras')('alice')
    const pulled = scratchFolder()
    await oras('cp', '--from-oci-layout', '--to-plain-http', `${layout.folder}:index`, at('alice/oras:1'))
    await oras('cp', '--from-plain-http', '--to-oci-layout', at('alice/oras:1'), `${pulled}:index`)
    expect(contentOf(pulled)).toEqual(contentOf(layout.folder))
    await oras('tag', '--plain-http', at('alice/oras:1'), '2')
    expect(lines(await oras('repo', 'tags', '--plain-http', at('alice/oras')))).toEqual(['1', '2'])
  })

  test('oras pushes a file as an artifact, pulls it and deletes it', async () => {
    const env = signedIn(site.host, 'alice')
    const [source, target] = [scratchFolder(), scratchFolder()]
    writeFileSync(join(source, 'notes.txt'), 'an artifact')
    const artifact = at('alice/artifact:1')
    await succeeds('oras', ['push', '--plain-http', artifact, 'notes.txt:text/plain'], { env, cwd: source })
    await succeeds('oras', ['pull', '--plain-http', artifact], { env, cwd: target })
    expect(readFileSync(join(target, 'notes.txt'), 'utf8')).toBe('an artifact')
    await succeeds('oras', ['manifest', 'delete', '--force', '--plain-http', artifact], { env })
    expect(await fails('oras', ['manifest', 'fetch', '--plain-http', artifact], { env })).toMatch(/not found/)
  })

  test('regctl copies an index in and out byte for byte, lists tags and repositories, and deletes a tag alone', async () => {
    const env = { ...signedIn(site.host, 'admin'), REGCTL_CONFIG: join(scratchFolder(), 'regctl.json') }
    const regctl = (...args: string[]): Promise<string> => succeeds('regctl', args, { env })
    const pulled = join(scratchFolder(), 'pulled')
    mkdirSync(pulled)
    await regctl('registry', 'set', '--tls', 'disabled', site.host)
    await regctl('image', 'copy', `ocidir://${layout.folder}:index`, at('team/regctl:1'))
    await regctl('image', 'copy', at('team/regctl:1'), at('team/regctl:2'))
    await regctl('image', 'copy', at('team/regctl:2'), `ocidir://${pulled}:index`)
    expect(contentOf(pulled)).toEqual(contentOf(layout.folder))
    expect(lines(await regctl('repo', 'ls', site.host))).toContain('team/regctl')
    await regctl('tag', 'delete', at('team/regctl:1'))
    expect(lines(await regctl('tag', 'ls', at('team/regctl')))).toEqual(['2'])
    expect(await regctl('image', 'digest', at('team/regctl:2'))).toContain(layout.index.digest)
  })
})
