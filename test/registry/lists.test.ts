// The lists: tags and repositories, in pages.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { Answer, Registry } from './helper.ts'
import { pushBlob, pushManifest, startRegistry } from './helper.ts'

const TAGS = ['1.0', '1.1', 'latest', 'v2']

let registry: Registry
beforeAll(async () => {
  registry = await startRegistry()
  for (const tag of ['v2', '1.0', 'latest', '1.1']) await pushManifest(registry, 'a', tag)
  await pushBlob(registry, 'library/app', 'without a tag')
})
afterAll(() => registry.close())

const get = async (path: string): Promise<Answer & { readonly json: unknown }> => {
  const answer = await registry.send('GET', path)
  return { ...answer, json: JSON.parse(answer.body.toString()) }
}

/** Follows every Link from `path` and answers the pages. */
async function pages(path: string): Promise<unknown[]> {
  const { json, headers } = await get(path)
  const next = /^<(.+)>; rel="next"$/.exec(String(headers['link'] ?? ''))?.[1]
  return [json, ...(next === undefined ? [] : await pages(next))]
}

describe('the tags of a repository', () => {
  test('are listed in order', async () => {
    const { json, headers } = await get('/v2/a/tags/list')
    expect(json).toEqual({ name: 'a', tags: TAGS })
    expect(headers['content-type']).toBe('application/json')
    expect(headers['link']).toBeUndefined()
  })

  test('come in pages that are linked', async () => {
    expect(await pages('/v2/a/tags/list?n=2')).toEqual([
      { name: 'a', tags: ['1.0', '1.1'] },
      { name: 'a', tags: ['latest', 'v2'] },
    ])
    expect(await pages('/v2/a/tags/list?n=3')).toHaveLength(2)
    expect(await pages('/v2/a/tags/list?n=1')).toHaveLength(4)
  })

  test.each<[string, string[]]>([
    ['n=0', []],
    ['n=4', TAGS],
    ['n=100000000', TAGS],
    ['last=1.1', ['latest', 'v2']],
    ['last=1.05', ['1.1', 'latest', 'v2']],
    ['last=zzz', []],
    ['n=1&last=1.1', ['latest']],
    ['last=', TAGS],
    ['last=../../etc', TAGS],
  ])('with %s are %j', async (query, tags) => {
    const answer = await get(`/v2/a/tags/list?${query}`)
    expect(answer.json).toEqual({ name: 'a', tags })
  })

  test('are none in a repository without tags', async () => {
    expect((await get('/v2/library/app/tags/list')).json).toEqual({ name: 'library/app', tags: [] })
  })

  test('are unknown in a repository that is not there', async () => {
    expect(await registry.send('GET', '/v2/c/tags/list')).toMatchObject({ status: 404, code: 'NAME_UNKNOWN' })
  })

  test('are counted by HEAD as by GET', async () => {
    const { headers } = await get('/v2/a/tags/list')
    const head = await registry.send('HEAD', '/v2/a/tags/list')
    expect(head).toMatchObject({ status: 200, headers: { 'content-length': headers['content-length'] } })
  })
})

describe('the catalog', () => {
  test('lists the repositories', async () => {
    expect((await get('/v2/_catalog')).json).toEqual({ repositories: ['a', 'library/app'] })
  })

  test('comes in pages that are linked', async () => {
    expect(await pages('/v2/_catalog?n=1')).toEqual([{ repositories: ['a'] }, { repositories: ['library/app'] }])
    expect((await get('/v2/_catalog?n=1')).headers['link']).toBe('</v2/_catalog?n=1&last=a>; rel="next"')
  })

  test.each<[string, string[]]>([
    ['n=0', []],
    ['n=1000', ['a', 'library/app']],
    ['last=a', ['library/app']],
    ['last=library', ['library/app']],
    ['last=library/app', []],
    ['last=//../', ['a', 'library/app']],
  ])('with %s is %j', async (query, repositories) => {
    expect((await get(`/v2/_catalog?${query}`)).json).toEqual({ repositories })
  })

  test('holds no repository in which only an upload was started', async () => {
    await registry.send('POST', '/v2/c/blobs/uploads/')
    expect((await get('/v2/_catalog')).json).toEqual({ repositories: ['a', 'library/app'] })
  })
})

test.each(['/v2/a/tags/list', '/v2/_catalog'])('the length of a page of %s is a number', async (path) => {
  for (const n of ['-1', 'x', '', '1.5', '1e3', '0x10', ' 1', '١']) {
    const answer = await registry.send('GET', `${path}?n=${encodeURIComponent(n)}`)
    expect(answer).toMatchObject({ status: 400, code: 'PAGINATION_NUMBER_INVALID' })
  }
})

test.each(['1001', '99999999999999999999999'])('a page of the catalog is not %s long', async (n) => {
  expect(await registry.send('GET', `/v2/_catalog?n=${n}`)).toMatchObject({
    status: 400,
    code: 'PAGINATION_NUMBER_INVALID',
  })
})
