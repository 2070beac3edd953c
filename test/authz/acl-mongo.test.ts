// The section acl_mongo: what it takes, and what makes one different from another.
import { describe, expect, test } from '@jest/globals'
import { z } from 'zod'
import { aclMongo, AclMongoConfig } from '../../src/authz/acl-mongo.ts'
import { BackendError } from '../../src/lib/errors.ts'
import { authzTools } from '../support/authz-tools.ts'
import { configText, load, problemsOf, writePairs } from '../support/config.ts'
import { useFolder } from '../support/folder.ts'
import { readSection } from '../support/reading.ts'
import { request } from './request.ts'

const folder = useFolder()
const section = (rest = '', password = 'p'): string =>
  `{dial_info: {addrs: ["127.0.0.1:9"], database: d, username: u, password: ${password}, failfast: true}, collection: acl${rest}}`

async function read(yaml: string) {
  const { settings: plan, ...said } = await readSection(yaml, z.unknown(), (value, reading) =>
    aclMongo.read(value, reading),
  )
  return { plan, ...said }
}

describe('the section acl_mongo', () => {
  test.each([
    ['', 60_000],
    [', cache_ttl: 1s', 1000],
    [', cache_ttl: 1h30m', 5_400_000],
    [', cache_ttl: 24h', 86_400_000],
    [', cache_ttl: 10000000000', 10_000],
  ])('%j is read again every %d ms', (rest, ttl) => {
    const match = /cache_ttl: (\w+)/.exec(rest)?.[1]
    const parsed = AclMongoConfig.parse({ collection: 'acl', ...(match !== undefined && { cache_ttl: match }) })
    expect(parsed.cache_ttl).toBe(ttl)
  })

  test.each(['0', '0s', '-1m', '999ms', '24h1s', '10', 'soon'])(
    'D5: with %s for cache_ttl is a mistake that is named',
    async (ttl) => {
      const { problems } = await read(section(`, cache_ttl: ${ttl}`))
      expect(problems[0]).toMatch(/^cache_ttl: must be /)
    },
  )

  test('without dial_info is a mistake that is named, not a crash', async () => {
    const { problems } = await read('{collection: acl}')
    expect(problems).toEqual([': dial_info is needed to know where the database is (or uri, a connection string)'])
  })

  test('has a key that changes with every setting and shows no password', async () => {
    const keyOf = async (yaml: string): Promise<string | undefined> => (await read(yaml)).plan?.key
    const keys = [await keyOf(section()), await keyOf(section(', cache_ttl: 2m')), await keyOf(section('', 'canary'))]
    expect(new Set(keys).size).toBe(3)
    expect(await keyOf(section(', cache_ttl: 60s'))).toBe(keys[0])
    expect(keys.join()).not.toContain('canary')
  })

  test('opens while its server is down, and decides nothing', async () => {
    const { plan } = await read(section())
    const authorizer = await plan!.open(authzTools())
    expect(authorizer.name).toBe('acl_mongo')
    await expect(authorizer.authorize(request())).rejects.toBeInstanceOf(BackendError)
    await authorizer.close?.()
  })

  test('is enough to say what people may do, and is asked before plugin_authz', async () => {
    await writePairs(folder)
    const plugin = `{module: ${await folder.write('rules.mjs', '')}}`
    const text = configText(folder, { acl: undefined, plugin_authz: plugin, acl_mongo: section() })
    const { authz, acl } = await load(folder, text)
    expect(authz.map((plan) => plan.section)).toEqual(['acl_mongo', 'plugin_authz'])
    expect(acl).toBeUndefined()
    expect(await problemsOf(folder, configText(folder, { acl_mongo: '{collection: acl, unknown: 1}' }))).toContainEqual(
      expect.stringContaining('acl_mongo.unknown: unknown key'),
    )
  })
})
