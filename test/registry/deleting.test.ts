// Deleting: what goes, what stays, and that nothing goes unless the configuration says so.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { Registry } from './helper.ts'
import { openUpload, pushBlob, pushManifest, startRegistry } from './helper.ts'

describe('where deleting is enabled', () => {
  let registry: Registry
  beforeAll(async () => {
    registry = await startRegistry()
  })
  afterAll(() => registry.close())

  test('a blob goes, in its repository only', async () => {
    const digest = await pushBlob(registry, 'a', 'shared')
    await pushBlob(registry, 'b', 'shared')
    registry.log.length = 0
    expect((await registry.send('DELETE', `/v2/a/blobs/${digest}`)).status).toBe(202)
    expect(registry.log).toMatchObject([{ message: 'delete', repository: 'a', reference: digest, digest, status: 202 }])
    expect((await registry.send('HEAD', `/v2/a/blobs/${digest}`)).status).toBe(404)
    expect((await registry.send('HEAD', `/v2/b/blobs/${digest}`)).status).toBe(200)
    expect(await registry.send('DELETE', `/v2/a/blobs/${digest}`)).toMatchObject({ status: 404, code: 'BLOB_UNKNOWN' })
  })

  test('a tag goes without its manifest', async () => {
    const digest = await pushManifest(registry, 'a', 'v1')
    registry.log.length = 0
    expect((await registry.send('DELETE', '/v2/a/manifests/v1')).status).toBe(202)
    expect(registry.log).toMatchObject([{ message: 'delete', repository: 'a', reference: 'v1', status: 202 }])
    expect((await registry.send('GET', '/v2/a/manifests/v1')).status).toBe(404)
    expect((await registry.send('GET', `/v2/a/manifests/${digest}`)).status).toBe(200)
    expect(await registry.send('DELETE', '/v2/a/manifests/v1')).toMatchObject({ status: 404, code: 'MANIFEST_UNKNOWN' })
  })

  test('a manifest goes with all its tags', async () => {
    const digest = await pushManifest(registry, 'a', 'v1')
    await pushManifest(registry, 'a', 'v2')
    await pushManifest(registry, 'a', 'other', { annotations: { other: 'one' } })
    expect((await registry.send('DELETE', `/v2/a/manifests/${digest}`)).status).toBe(202)
    for (const reference of ['v1', 'v2', digest]) {
      expect((await registry.send('GET', `/v2/a/manifests/${reference}`)).status).toBe(404)
    }
    expect((await registry.send('GET', '/v2/a/manifests/other')).status).toBe(200)
  })
})

describe('where deleting is off', () => {
  let registry: Registry
  beforeAll(async () => {
    registry = await startRegistry({ deleteEnabled: false })
  })
  afterAll(() => registry.close())

  test('nothing goes', async () => {
    const manifest = await pushManifest(registry, 'a', 'v1')
    const blob = await pushBlob(registry, 'a', 'blob')
    const paths = ['manifests/v1', `manifests/${manifest}`, `blobs/${blob}`, 'manifests/unknown', `blobs/${manifest}`]
    for (const path of paths) {
      expect(await registry.send('DELETE', `/v2/a/${path}`)).toMatchObject({ status: 405, code: 'UNSUPPORTED' })
    }
    for (const path of paths.slice(0, 3)) expect((await registry.send('GET', `/v2/a/${path}`)).status).toBe(200)
  })

  test('an upload may still be cancelled', async () => {
    expect((await registry.send('DELETE', await openUpload(registry, 'a'))).status).toBe(204)
  })
})
