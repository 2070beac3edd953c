// The embedded registry and Distribution use one folder in turn: what one stored, the other serves.
import { afterAll, describe, expect, test } from '@jest/globals'
import { cleanUp, endChild, scratchFolder, succeeds } from './children.ts'
import { distributionProgram, startDistribution } from './distribution.ts'
import { contentOf, writeLayout } from './images.ts'
import { requires } from './requires.ts'
import { credentialsOf, startSite } from './site.ts'

describe.each(['2.8', '3.1'] as const)('one storage folder', (version) => {
  requires(
    distributionProgram[version],
    'skopeo',
    'openssl',
  )(`shared with Distribution ${version}`, () => {
    afterAll(cleanUp)

    const name = 'team/shared:1'
    const admin = credentialsOf('admin')
    const whole = ['copy', '--all', '--preserve-digests']

    const push = async (host: string): Promise<string[]> => {
      const { folder } = writeLayout(scratchFolder())
      const to = ['--dest-tls-verify=false', '--dest-creds', admin, `oci:${folder}:index`, `docker://${host}/${name}`]
      await succeeds('skopeo', [...whole, ...to])
      return contentOf(folder)
    }

    const pull = async (host: string): Promise<string[]> => {
      const folder = scratchFolder()
      const from = ['--src-tls-verify=false', '--src-creds', admin, `docker://${host}/${name}`, `oci:${folder}:index`]
      await succeeds('skopeo', [...whole, ...from])
      return contentOf(folder)
    }

    test('Distribution serves what was pushed to the embedded registry', async () => {
      const rootdirectory = scratchFolder()
      const site = await startSite({ key: 'ec', rootdirectory })
      const pushed = await push(site.host)
      await site.server.stop()
      const { host } = await startDistribution({ version, rootdirectory })
      expect(await pull(host)).toEqual(pushed)
    })

    test('the embedded registry serves what was pushed to Distribution', async () => {
      const rootdirectory = scratchFolder()
      const { host, child } = await startDistribution({ version, rootdirectory })
      const pushed = await push(host)
      await endChild(child)
      const site = await startSite({ key: 'ec', rootdirectory })
      expect(await pull(site.host)).toEqual(pushed)
    })
  })
})
