// Manifests over HTTP: stored and served byte by byte, by tag and by digest, and refused when they are not what they say.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import type { Answer, Registry } from './helper.ts'
import {
  ALL,
  DOCKER_LIST,
  DOCKER_MANIFEST,
  makeManifest,
  OCI_INDEX,
  OCI_MANIFEST,
  pushBlob,
  pushManifest,
  sendRaw,
  sha256,
  sha512,
  startRegistry,
} from './helper.ts'

const MISSING = `sha256:${'0'.repeat(64)}`
const LAYER = 'application/vnd.oci.image.layer.v1.tar+gzip'

let registry: Registry
beforeAll(async () => {
  registry = await startRegistry()
})
beforeEach(() => {
  registry.log.length = 0
})
afterAll(() => registry.close())

const put = (reference: string, body: string, type: string | undefined = OCI_MANIFEST, name = 'a'): Promise<Answer> =>
  registry.send('PUT', `/v2/${name}/manifests/${reference}`, {
    body,
    headers: type === '' ? {} : { 'content-type': type },
  })

const get = (reference: string, headers = {}): Promise<Answer> =>
  registry.send('GET', `/v2/a/manifests/${reference}`, { headers })

const index = (extra: object = {}): string =>
  JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: [], ...extra })

describe('a manifest', () => {
  test('pushed by tag is served by tag and by digest, byte by byte', async () => {
    const body = ` ${(await makeManifest(registry, 'a')).replaceAll(',', ' ,\n')}\n`
    const digest = sha256(body)
    expect(await put('v1', body)).toMatchObject({
      status: 201,
      headers: { location: `/v2/a/manifests/${digest}`, 'docker-content-digest': digest, 'content-length': '0' },
    })
    for (const reference of ['v1', digest]) {
      const answer = await get(reference)
      expect(answer).toMatchObject({
        status: 200,
        headers: {
          'content-type': OCI_MANIFEST,
          'content-length': String(body.length),
          'docker-content-digest': digest,
          etag: `"${digest}"`,
        },
      })
      expect(answer.body.toString()).toBe(body)
    }
  })

  test('is described without its body', async () => {
    const digest = await pushManifest(registry, 'a', 'v1')
    const { headers } = await get(digest)
    const head = await registry.send('HEAD', `/v2/a/manifests/v1`)
    expect(head).toMatchObject({ status: 200, headers: { 'content-length': headers['content-length'] } })
    expect(head.body).toHaveLength(0)
  })

  test('pushed by digest has no tag', async () => {
    const body = await makeManifest(registry, 'a', { annotations: { by: 'digest' } })
    expect((await put(sha256(body), body)).status).toBe(201)
    expect((await get(sha256(body))).body.toString()).toBe(body)
  })

  test('pushed by sha512 is known by it', async () => {
    const body = await makeManifest(registry, 'a', { annotations: { by: 'sha512' } })
    expect((await put(sha512(body), body)).headers['docker-content-digest']).toBe(sha512(body))
    expect((await get(sha512(body))).headers['docker-content-digest']).toBe(sha512(body))
    expect((await get(sha256(body))).status).toBe(404)
  })

  test('is not pushed to a digest that is not its own', async () => {
    const body = await makeManifest(registry, 'a', { annotations: { wrong: 'digest' } })
    expect(await put(MISSING, body)).toMatchObject({ status: 400, code: 'DIGEST_INVALID' })
    expect((await get(MISSING)).status).toBe(404)
    expect((await get(sha256(body))).status).toBe(404)
  })

  test('moves a tag', async () => {
    await pushManifest(registry, 'a', 'moving', { annotations: { version: '1' } })
    const digest = await pushManifest(registry, 'a', 'moving', { annotations: { version: '2' } })
    expect((await get('moving')).headers['docker-content-digest']).toBe(digest)
  })

  test('may have a subject that is not there', async () => {
    const subject = { mediaType: OCI_MANIFEST, digest: MISSING, size: 1 }
    const body = await makeManifest(registry, 'a', { subject })
    const { status, headers } = await put('referrer', body)
    expect(status).toBe(201)
    // The header would promise a list of referrers.
    expect(headers['oci-subject']).toBeUndefined()
  })

  test.each(['"%s"', '%s', 'W/"%s"', '"other", "%s"', '*'])('is not sent again to who has it (%s)', async (form) => {
    const digest = await pushManifest(registry, 'a', 'v1')
    const answer = await get('v1', { 'if-none-match': form.replace('%s', digest) })
    expect(answer).toMatchObject({ status: 304, headers: { etag: `"${digest}"` } })
  })

  test('is sent to who has another', async () => {
    await pushManifest(registry, 'a', 'v1')
    expect((await get('v1', { 'if-none-match': `"${MISSING}"` })).status).toBe(200)
  })

  test('is unknown where it was not pushed', async () => {
    const digest = await pushManifest(registry, 'a', 'v1')
    for (const reference of ['v1', digest]) {
      expect(await registry.send('GET', `/v2/b/manifests/${reference}`)).toMatchObject({
        status: 404,
        code: 'MANIFEST_UNKNOWN',
      })
    }
    expect((await registry.send('GET', `/v2/a/blobs/${digest}`)).status).toBe(404)
  })

  test('is logged when it is pushed and pulled, not when it is looked at', async () => {
    const digest = await pushManifest(registry, 'a', 'v1')
    registry.log.length = 0
    await registry.send('HEAD', '/v2/a/manifests/v1')
    const { body } = await get('v1')
    expect(registry.log).toEqual([
      {
        level: 'info',
        message: 'pull',
        account: 'alice',
        repository: 'a',
        reference: 'v1',
        digest,
        bytes: body.length,
        ip: '127.0.0.1',
        status: 200,
      },
    ])
  })

  test.each(['sha256:baddigeststring', `md5:${'0'.repeat(32)}`, `${MISSING}0`])(
    'is never tagged %s',
    async (reference) => {
      expect(await put(reference, '{}')).toMatchObject({ status: 400, code: 'DIGEST_INVALID' })
      expect((await get(reference)).status).toBe(400)
    },
  )

  test.each(['-tag', '.tag', 't'.repeat(129), '%2e%2e', 'a%2fb', 'a%00b'])('is never tagged %s', async (reference) => {
    expect(await put(reference, '{}')).toMatchObject({ status: 400, code: 'TAG_INVALID' })
  })
})

describe('the kind of a manifest', () => {
  const descriptor = { mediaType: LAYER, digest: MISSING, size: 1 }

  test.each([
    ['an OCI index', index(), OCI_INDEX, OCI_INDEX],
    ['an OCI index whose children are not there', index({ manifests: [descriptor] }), OCI_INDEX, OCI_INDEX],
    ['an OCI index that keeps silent about it', index({ mediaType: undefined }), OCI_INDEX, OCI_INDEX],
    ['an OCI index that keeps silent in the header', index(), '', OCI_INDEX],
    ['an index of nothing, as Go writes it', index({ manifests: null }), OCI_INDEX, OCI_INDEX],
    ['a Docker list', index({ mediaType: DOCKER_LIST }), DOCKER_LIST, DOCKER_LIST],
    ['a type with parameters', index(), `${OCI_INDEX}; charset=utf-8`, OCI_INDEX],
  ])('is read from %s', async (_, body, type, served) => {
    expect((await put('kind', body, type)).status).toBe(201)
    expect((await get('kind')).headers['content-type']).toBe(served)
  })

  test('is read from a manifest that keeps silent about it', async () => {
    const body = await makeManifest(registry, 'a', { mediaType: undefined })
    expect((await put('silent', body)).status).toBe(201)
    expect((await get('silent')).headers['content-type']).toBe(OCI_MANIFEST)
  })

  test('may be Docker’s', async () => {
    const body = await makeManifest(registry, 'a', { mediaType: DOCKER_MANIFEST })
    expect((await put('docker', body, DOCKER_MANIFEST)).status).toBe(201)
    expect((await get('docker')).headers['content-type']).toBe(DOCKER_MANIFEST)
  })

  test.each<[string, object, string]>([
    ['differs from its Content-Type', {}, DOCKER_MANIFEST],
    ['is an index by its Content-Type', {}, OCI_INDEX],
    ['is an index by its Content-Type alone', { mediaType: undefined }, OCI_INDEX],
    ['is no manifest', { mediaType: 'text/html' }, 'text/html'],
    ['is unknown', { mediaType: undefined }, ''],
    ['is unknown by its Content-Type', { mediaType: undefined }, 'application/json'],
    ['is Docker’s by its Content-Type alone', { mediaType: undefined }, DOCKER_MANIFEST],
    ['is two things at once', { manifests: [] }, OCI_MANIFEST],
    ['is two things at once, silently', { manifests: [], mediaType: undefined }, OCI_INDEX],
    ['lacks its configuration', { config: undefined }, OCI_MANIFEST],
    ['lacks its layers', { layers: undefined }, OCI_MANIFEST],
    ['has layers that are none', { layers: [{}] }, OCI_MANIFEST],
    ['has a malformed digest', { layers: [{ ...descriptor, digest: 'sha256:../../x' }] }, OCI_MANIFEST],
    ['has a size below nothing', { layers: [{ ...descriptor, size: -1 }] }, OCI_MANIFEST],
    ['has a malformed subject', { subject: { digest: MISSING } }, OCI_MANIFEST],
    ['is of another schema', { schemaVersion: 3 }, OCI_MANIFEST],
  ])('is refused when it %s', async (_, extra, type) => {
    const body = await makeManifest(registry, 'a', extra)
    expect(await put('refused', body, type)).toMatchObject({ status: 400, code: 'MANIFEST_INVALID' })
    expect((await get('refused')).status).toBe(404)
  })

  test.each(['', 'x', '[]', 'null', '"text"', '\ufeff{}', '{"schemaVersion":2'])(
    'is refused when it is %j',
    async (body) => {
      expect(await put('refused', body)).toMatchObject({ status: 400, code: 'MANIFEST_INVALID' })
    },
  )

  test('is refused by name when it is schema 1', async () => {
    const body = JSON.stringify({ schemaVersion: 1, name: 'a', tag: 'old', fsLayers: [] })
    const answer = await put('old', body, 'application/vnd.docker.distribution.manifest.v1+prettyjws')
    expect(answer).toMatchObject({ status: 400, code: 'MANIFEST_INVALID' })
    expect(answer.body.toString()).toContain('schema 1 is not supported')
  })
})

describe('the blobs of a manifest', () => {
  const layers = (...extra: object[]): object => ({
    layers: extra.map((one) => ({ mediaType: LAYER, digest: MISSING, size: 1, ...one })),
  })

  test('must be in its repository', async () => {
    const elsewhere = await pushBlob(registry, 'b', 'a layer elsewhere')
    const body = await makeManifest(registry, 'a', layers({}, { digest: elsewhere }))
    const answer = await put('incomplete', body)
    expect(answer).toMatchObject({ status: 400, code: 'MANIFEST_BLOB_UNKNOWN' })
    expect(answer.body.toString()).toContain(MISSING)
    expect(answer.body.toString()).toContain(elsewhere)
  })

  test('include its configuration', async () => {
    const body = await makeManifest(registry, 'a', { config: { mediaType: LAYER, digest: MISSING, size: 1 } })
    expect(await put('incomplete', body)).toMatchObject({ status: 400, code: 'MANIFEST_BLOB_UNKNOWN' })
  })

  test.each<[string, object]>([
    ['come from URLs', { urls: ['https://example.com/layer'] }],
    ['are not distributable', { mediaType: 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip' }],
    ['are foreign', { mediaType: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip' }],
  ])('need not when they %s', async (_, layer) => {
    expect((await put('foreign', await makeManifest(registry, 'a', layers(layer)))).status).toBe(201)
  })
})

describe('a manifest of four megabytes', () => {
  const padded = async (size: number): Promise<string> => {
    const body = await makeManifest(registry, 'a')
    return body + ' '.repeat(size - body.length)
  }

  test('is taken', async () => {
    const body = await padded(4 * 1024 * 1024)
    expect((await put('large', body)).status).toBe(201)
    expect((await get('large')).body.toString()).toBe(body)
  })

  test('and a byte is refused', async () => {
    expect((await put('larger', await padded(4 * 1024 * 1024 + 1))).status).toBe(413)
  })

  test('and a byte is refused whatever its headers say', async () => {
    const body = Buffer.from(await padded(4 * 1024 * 1024 + 1))
    const chunked = (async function* () {
      for (let at = 0; at < body.length; at += 65_536) yield await Promise.resolve(body.subarray(at, at + 65_536))
    })()
    const headers = { 'content-type': OCI_MANIFEST }
    expect((await registry.send('PUT', '/v2/a/manifests/larger', { headers, body: chunked })).status).toBe(413)
  })

  test('and more is refused without being invited', async () => {
    const received = await sendRaw(
      registry.port,
      `PUT /v2/a/manifests/larger HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${ALL}\r\n` +
        'Expect: 100-continue\r\nContent-Length: 99999999999\r\n\r\n',
    )
    expect(received).toMatch(/^HTTP\/1\.1 413 /)
  })
})
