// The cookies of this door: who may set them, who gets them, and what strange ones do.
import { afterEach, expect, test } from '@jest/globals'
import { PUBLIC, settingsOf, startSite } from './site.ts'
import type { Site, SiteOptions } from './site.ts'

let site: Site
const start = async (options: SiteOptions = {}): Promise<Site> => (site = await startSite(options))
afterEach(() => site.close())

const setCookies = async (prefix: string): Promise<string> => {
  const browser = site.browser()
  const begun = await browser.get('/github_auth/start')
  const done = await browser.comeBack('github', new URL(begun.headers.location!))
  expect([prefix, done.status]).toEqual([prefix, 200])
  return [begun, done].flatMap(({ headers }) => headers['set-cookie'] ?? []).join('\n')
}

test.each(['', '/auth-server', '/a/b.c~d'])(
  'under https no other host of the domain can set them, whatever the prefix (%j)',
  async (prefix) => {
    await start({ prefix, secure: true })
    for (const line of (await setCookies(prefix)).split('\n')) {
      expect(line).toMatch(/^__Host-registry-auth/)
      expect(line).toMatch(/; Path=\/; .*Secure/)
      expect(line).not.toContain('Domain')
    }
  },
)

test('two servers of one host have each their own', async () => {
  const names = new Set<string | undefined>()
  for (const prefix of ['', '/one', '/two']) {
    await start({ prefix })
    names.add(/^(\S*session)=/m.exec(await setCookies(prefix))?.[1])
    if (prefix !== '/two') await site.close()
  }
  expect(names.size).toBe(3)
  expect(names).not.toContain(undefined)
})

test('are for https only when the redirect URIs say that browsers come by https', async () => {
  await start()
  const { url } = site.provider
  const gitlab = { ...settingsOf('gitlab', url), redirectUri: `${PUBLIC}/gitlab_auth` }
  await site.close()
  await start({ publicUrl: undefined, providers: [gitlab, settingsOf('oidc', url)] })
  const { headers } = await site.browser().get('/gitlab_auth/start')
  expect(headers['set-cookie']![0]).toMatch(/^__Host-.*; Secure;/)
})

test('are for http as well where a provider’s redirect URI is not known, or is http', async () => {
  await start({ publicUrl: undefined })
  expect((await site.browser().get('/github_auth/start')).headers['set-cookie']![0]).not.toContain('Secure')
  await site.close()
  await start({ publicUrl: 'http://localhost:5001' })
  expect((await site.browser().get('/google_auth/start')).headers['set-cookie']![0]).not.toContain('Secure')
})

test('that somebody else made in any number change nothing, and are thrown away a few at a time', async () => {
  await start({ secure: true })
  const name = '__Host-registry-auth-sign-in-'
  const odd = [`${name}a b`, `${name}(`, `${name}ü`, '=', '%', '__proto__=x', '__Host-registry-auth-session=%00']
  const many = Array.from({ length: 300 }, (_, index) => `${name}${index}=x`)
  const cookie = [...odd, ...many].join('; ')
  const browser = site.browser()
  const { status, headers } = await browser.get('/github_auth/start', { cookie })
  expect([status, headers['set-cookie']!.length]).toEqual([302, 6])
  expect(headers['set-cookie']!.at(-1)).toMatch(/^__Host-registry-auth-sign-in-[\w-]{12}=ey/)
  expect((await browser.comeBack('github', new URL(headers.location!), {})).status).toBe(200)
  expect((await browser.get('/', { cookie })).status).toBe(200)
})
