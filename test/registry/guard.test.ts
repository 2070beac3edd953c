// The guard: which token opens which route, and what the answer says when it does not.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { Registry } from './helper.ts'
import { ALL, grants, openUpload, startRegistry } from './helper.ts'

const DIGEST = `sha256:${'0'.repeat(64)}`
const SESSION = '00000000-0000-4000-8000-000000000000'
const PREFIX = 'Bearer realm="https://auth.example.com/token",service="registry.example.com"'

let registry: Registry
beforeAll(async () => {
  registry = await startRegistry()
})
afterAll(() => registry.close())

const pull = 'repository:a:pull'
const push = 'repository:a:pull,push'
const del = 'repository:a:delete'

/** Every route: what it needs, and what it answers about things that are not there once the token is enough. */
const routes: [method: string, path: string, needs: string, status: number][] = [
  ['GET', '/v2/', '', 200],
  ['HEAD', '/v2/', '', 200],
  ['POST', '/v2/', '', 405],
  ['GET', '/v2/_catalog', 'registry:catalog:*', 200],
  ['POST', '/v2/_catalog', 'registry:catalog:*', 405],
  ['GET', '/v2/a/tags/list', pull, 404],
  ['HEAD', '/v2/a/tags/list', pull, 404],
  ['POST', '/v2/a/tags/list', push, 405],
  ['GET', '/v2/a/manifests/latest', pull, 404],
  ['HEAD', '/v2/a/manifests/latest', pull, 404],
  ['PUT', '/v2/a/manifests/latest', push, 400],
  ['PATCH', '/v2/a/manifests/latest', push, 405],
  ['DELETE', '/v2/a/manifests/latest', del, 404],
  ['OPTIONS', '/v2/a/manifests/latest', '', 405],
  ['GET', `/v2/a/blobs/${DIGEST}`, pull, 404],
  ['HEAD', `/v2/a/blobs/${DIGEST}`, pull, 404],
  ['PUT', `/v2/a/blobs/${DIGEST}`, push, 405],
  ['DELETE', `/v2/a/blobs/${DIGEST}`, del, 404],
  ['POST', '/v2/a/blobs/uploads/', push, 202],
  ['POST', '/v2/a/blobs/uploads', push, 202],
  ['GET', '/v2/a/blobs/uploads/', pull, 405],
  ['GET', `/v2/a/blobs/uploads/${SESSION}`, pull, 404],
  ['PATCH', `/v2/a/blobs/uploads/${SESSION}`, push, 404],
  ['PUT', `/v2/a/blobs/uploads/${SESSION}?digest=${DIGEST}`, push, 404],
  ['DELETE', `/v2/a/blobs/uploads/${SESSION}`, del, 404],
  ['POST', `/v2/a/blobs/uploads/?mount=${DIGEST}&from=b`, `${push} repository:b:pull`, 202],
  ['POST', '/v2/a/blobs/uploads/?from=b', `${push} repository:b:pull`, 202],
  ['POST', '/v2/a/blobs/uploads/?from=a', push, 202],
  ['GET', '/v2/a/manifests/latest?from=b', `${pull} repository:b:pull`, 404],
]

describe.each(routes)('%s %s', (method, path, needs, status) => {
  const scope = needs === '' ? '' : `,scope="${needs}"`
  const scopes = needs === '' ? [] : needs.split(' ')

  test('asks for a token, and for the right one', async () => {
    const answer = await registry.send(method, path, { token: undefined })
    expect(answer.status).toBe(401)
    expect(answer.headers['www-authenticate']).toBe(`${PREFIX}${scope}`)
    expect(answer.headers['docker-distribution-api-version']).toBe('registry/2.0')
  })

  test('refuses an invalid token', async () => {
    const answer = await registry.send(method, path, { token: 'forged' })
    expect(answer.status).toBe(401)
    expect(answer.headers['www-authenticate']).toBe(`${PREFIX}${scope},error="invalid_token"`)
  })

  test('takes a malformed token for none', async () => {
    const answer = await registry.send(method, path, { token: 'malformed' })
    expect(answer.status).toBe(401)
    expect(answer.headers['www-authenticate']).toBe(`${PREFIX}${scope}`)
  })

  test('opens to just what it needs', async () => {
    expect((await registry.send(method, path, { token: grants(...scopes) })).status).toBe(status)
  })

  if (needs !== '')
    test('does not open to any part of it, and says 401, never 403', async () => {
      const parts = scopes.flatMap((one) => {
        const [type, name, actions = ''] = one.split(':')
        return actions.split(',').map((action) => `${type}:${name}:${action}`)
      })
      for (const missing of parts) {
        const token = grants(...parts.filter((part) => part !== missing))
        const answer = await registry.send(method, path, { token })
        expect(answer.status).toBe(401)
        expect(answer.headers['www-authenticate']).toBe(`${PREFIX}${scope},error="insufficient_scope"`)
      }
    })
})

describe('a token', () => {
  test.each<[string, string[]]>([
    ['another repository', ['repository:b:pull']],
    ['a repository whose name is longer', ['repository:a/b:pull']],
    ['a repository in other letters', ['repository:A:pull']],
    ['a pattern', ['repository:*:*']],
    ['another type', ['registry:a:pull']],
    ['no action', ['repository:a:']],
    ['another action', ['repository:a:push,delete']],
  ])('for %s does not open a repository', async (_, scopes) => {
    expect((await registry.send('GET', '/v2/a/tags/list', { token: grants(...scopes) })).status).toBe(401)
  })

  test.each<[string, string[]]>([
    ['any action', ['repository:a:*']],
    ['the actions in several entries', ['repository:a:push', 'repository:a:pull']],
  ])('for %s opens it', async (_, scopes) => {
    expect((await registry.send('POST', '/v2/a/blobs/uploads/', { token: grants(...scopes) })).status).toBe(202)
  })

  test.each([
    ['Basic YWxpY2U6cHc=', 401],
    ['Bearer', 401],
    ['Bearer ', 401],
    [ALL, 401],
    [`Bearer  ${ALL}`, 401],
    [`bearer ${ALL}`, 200],
    [`BEARER ${ALL}`, 200],
  ])('is read from Authorization: %s', async (authorization, status) => {
    const answer = await registry.send('GET', '/v2/', { token: undefined, headers: { authorization } })
    expect(answer.status).toBe(status)
    if (status === 401) expect(answer.headers['www-authenticate']).toBe(PREFIX)
  })

  test('that is refused is logged with the check that failed, and without itself', async () => {
    registry.log.length = 0
    await registry.send('GET', '/v2/', { token: 'forged' })
    expect(registry.log).toEqual([{ level: 'warn', message: 'token refused', check: 'issuer', ip: '127.0.0.1' }])
  })

  test('that is not enough is logged with whose it is, what it lacks and what it grants', async () => {
    registry.log.length = 0
    await registry.send('POST', '/v2/a/blobs/uploads/?from=b', { token: grants(pull, 'repository:c:pull') })
    const line = { account: 'alice', needed: `${push} repository:b:pull`, granted: `${pull} repository:c:pull` }
    expect(registry.log).toEqual([{ level: 'warn', message: 'token not enough', ...line, ip: '127.0.0.1' }])
  })
})

describe('the answer to an unauthorized request', () => {
  test('lists what was needed, as Distribution does', async () => {
    const { body, headers } = await registry.send('POST', '/v2/a/blobs/uploads/?from=b', { token: undefined })
    expect(headers['content-type']).toBe('application/json')
    expect(JSON.parse(body.toString())).toEqual({
      errors: [
        {
          code: 'UNAUTHORIZED',
          message: 'authentication required',
          detail: [
            { Type: 'repository', Class: '', Name: 'a', Action: 'pull' },
            { Type: 'repository', Class: '', Name: 'a', Action: 'push' },
            { Type: 'repository', Class: '', Name: 'b', Action: 'pull' },
          ],
        },
      ],
    })
  })

  test('lists nothing for /v2/', async () => {
    const { body } = await registry.send('GET', '/v2/', { token: undefined })
    expect(body.toString()).toBe(
      '{"errors":[{"code":"UNAUTHORIZED","message":"authentication required","detail":null}]}',
    )
  })

  test('is the same whether the repository exists or not', async () => {
    await openUpload(registry, 'a')
    const [known, unknown] = await Promise.all(
      ['a', 'c'].map((name) => registry.send('GET', `/v2/${name}/tags/list`, { token: grants() })),
    )
    expect(known?.status).toBe(unknown?.status)
    expect(known?.body.toString().replace('"a"', '"c"')).toBe(unknown?.body.toString())
  })
})

describe('an upload', () => {
  test.each(['repository:a:delete', 'repository:a:push', 'repository:a:*'])(
    'may be cancelled with %s',
    async (scope) => {
      const session = await openUpload(registry, 'a')
      expect((await registry.send('DELETE', session, { token: grants(scope) })).status).toBe(204)
      expect((await registry.send('GET', session)).status).toBe(404)
    },
  )

  test('may not be cancelled with pull', async () => {
    const session = await openUpload(registry, 'a')
    const { status, headers } = await registry.send('DELETE', session, { token: grants('repository:a:pull') })
    expect(status).toBe(401)
    expect(headers['www-authenticate']).toBe(`${PREFIX},scope="repository:a:delete",error="insufficient_scope"`)
  })
})
