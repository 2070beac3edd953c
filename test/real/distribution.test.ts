// Distribution 2.8 and 3.1, with the very same token section, take our default tokens: from an EC key and from an RSA key.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { cleanUp, fails, scratchFolder, succeeds } from './children.ts'
import { distributionProgram, startDistribution } from './distribution.ts'
import { type Layout, contentOf, writeLayout } from './images.ts'
import { requires } from './requires.ts'
import { type Site, type User, credentialsOf, passwordOf, startSite } from './site.ts'

describe.each(['ec', 'rsa'] as const)('with an %s key', (key) => {
  let site: Site
  let layout: Layout

  beforeAll(async () => {
    site = await startSite({ key })
    layout = writeLayout(scratchFolder())
  })

  afterAll(cleanUp)

  const to = (user: User): string[] => ['--dest-tls-verify=false', '--dest-creds', credentialsOf(user)]
  const from = (user: User): string[] => ['--src-tls-verify=false', '--src-creds', credentialsOf(user)]
  const whole = ['copy', '--all', '--preserve-digests']

  for (const version of ['2.8', '3.1'] as const) {
    requires(
      distributionProgram[version],
      'skopeo',
      'docker',
      'openssl',
    )(`Distribution ${version}`, () => {
      let host: string

      beforeAll(async () => {
        host = (await startDistribution({ version, token: site.token })).host
      })

      test('takes a push of an index and gives it back byte for byte', async () => {
        const name = `docker://${host}/alice/index:1`
        const pulled = scratchFolder()
        await succeeds('skopeo', [...whole, ...to('alice'), `oci:${layout.folder}:index`, name])
        await succeeds('skopeo', [...whole, ...from('bob'), name, `oci:${pulled}:index`])
        expect(contentOf(pulled)).toEqual(contentOf(layout.folder))
      })

      test('denies a push to a user who may only pull', async () => {
        const push = [...whole, ...to('bob'), `oci:${layout.folder}:image`, `docker://${host}/team/image:1`]
        expect(await fails('skopeo', push)).toMatch(/denied|unauthorized|authentication required/i)
      })

      test('lets skopeo delete what its user may delete', async () => {
        const name = `docker://${host}/alice/gone:1`
        const as = ['--tls-verify=false', '--creds', credentialsOf('alice')]
        await succeeds('skopeo', [...whole, ...to('alice'), `oci:${layout.folder}:image`, name])
        await succeeds('skopeo', ['delete', ...as, name])
        expect(await fails('skopeo', ['inspect', ...as, name])).toMatch(/manifest unknown/i)
      })

      test.each([
        ['right', passwordOf('alice'), succeeds, /Login Succeeded/],
        ['wrong', 'wrong', fails, /unauthorized/i],
      ])('answers docker login with the %s password', async (_, input, outcome, words) => {
        const folder = scratchFolder()
        const env = { DOCKER_CONFIG: folder, DOCKER_HOST: `unix://${folder}/no-engine.sock` }
        expect(await outcome('docker', ['login', '-u', 'alice', '--password-stdin', host], { env, input })).toMatch(
          words,
        )
      })
    })
  }
})
