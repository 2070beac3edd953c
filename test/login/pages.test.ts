// What every page has in common: its headers, its markup, and the requests it answers.
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { createHash } from 'node:crypto'
import { Secret } from '../../src/lib/secret.ts'
import { ask } from '../support/http.ts'
import { startSite, stubSignIn } from './site.ts'
import type { Site } from './site.ts'

let site: Site
beforeEach(async () => {
  site = await startSite()
})
afterEach(() => site.close())

const PAGES = ['/', '/github_auth', '/google_auth', '/gitlab_auth', '/oidc_auth', '/github_auth?error=x']

test('the front page lists every provider, with the issuer as its heading', async () => {
  const { status, headers, body } = await ask(site.place, '/')
  expect([status, headers['content-type']]).toEqual([200, 'text/html; charset=utf-8'])
  expect(body).toContain('<h1>Acme &lt;registry&gt;</h1>')
  expect([...body.matchAll(/href="(\/\w+_auth)"/g)].map(([, href]) => href)).toEqual([
    '/google_auth',
    '/github_auth',
    '/oidc_auth',
    '/gitlab_auth',
  ])
})

test('without providers the front page is a heading, and nothing else is there', async () => {
  const bare = await startSite({ providers: [] })
  const { status, body } = await ask(bare.place, '/')
  expect(status).toBe(200)
  expect(body).not.toContain('Sign in')
  expect((await ask(bare.place, '/github_auth')).body).toBe('Not found\n')
  await bare.close()
})

test.each(['/github_auth/', '/Github_auth', '/github_auth/start/', '/unknown_auth', '/accounts', '/v2/', '/auth'])(
  '%s is somebody else’s',
  async (path) => {
    const { status, headers, body } = await ask(site.place, path)
    expect([status, body]).toEqual([404, 'Not found\n'])
    expect(headers['content-security-policy']).toBeUndefined()
  },
)

describe.each(PAGES)('%s', (path) => {
  test('is kept by no cache, framed by nobody and told to nobody', async () => {
    expect((await ask(site.place, path)).headers).toMatchObject({
      'cache-control': 'no-store',
      'cross-origin-opener-policy': 'same-origin',
      'referrer-policy': 'same-origin',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
    })
  })

  test('runs and shows only what its own policy names', async () => {
    const { headers, body } = await ask(site.place, path)
    const digest = (tag: string): string => {
      const [, text = ''] = new RegExp(`<${tag}>([^]*?)</${tag}>`).exec(body) ?? []
      return `sha256-${createHash('sha256').update(text).digest('base64')}`
    }
    expect(headers['content-security-policy']).toBe(
      `default-src 'none'; style-src '${digest('style')}'; script-src '${digest('script')}'; ` +
        `form-action 'self'; frame-ancestors 'none'; base-uri 'none'`,
    )
    expect(body).not.toMatch(/ (?:on\w+|style|src)=|<link|<img|@import|url\(/)
  })

  test('is for small screens, dark rooms and screen readers', async () => {
    const { body } = await ask(site.place, path)
    expect(body).toContain('<html lang="en">')
    expect(body).toContain('name="viewport"')
    expect(body).toContain('prefers-color-scheme: dark')
    expect([...body.matchAll(/<h1>/g)]).toHaveLength(1)
    expect(body).toMatch(/<title>[^<]+ · Acme &lt;registry&gt;<\/title>/)
  })

  test('answers HEAD as GET without a body', async () => {
    const head = await ask(site.place, path.split('?')[0]!, { method: 'HEAD' })
    expect([head.status, head.body]).toEqual([200, ''])
  })
})

test.each(['/github_auth', '/github_auth/start', '/account'])('%s is not for posting', async (path) => {
  const { status, headers, body } = await ask(site.place, path, { method: 'POST' })
  expect([status, headers.allow]).toEqual([405, 'GET, HEAD'])
  expect(body).toContain('it is for GET')
})

test("docker_auth's Google actions are gone, and say so", async () => {
  const { status, body } = await ask(site.place, '/google_auth', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"action":"sign_in","code":"x"}',
  })
  expect(status).toBe(400)
  expect(body).toContain('Open this address in a browser instead.')
})

describe('the result page', () => {
  async function resultFor(account: string): Promise<string> {
    await site.close()
    const issued = { account, password: new Secret('p-1_2'), expiresAt: Date.now() }
    const signedIn = stubSignIn([], { signedIn: () => Promise.resolve({ outcome: 'stored', issued }) })
    site = await startSite({ signIn: signedIn })
    const browser = site.browser()
    return (await browser.comeBack('github', await browser.start('github'))).body
  }

  test('an account is text in the page and one word in the shell', async () => {
    const body = await resultFor(`<b>"o'neil" $(id)`)
    expect(body).not.toContain('<b>')
    expect(body).toContain(
      'docker login -u &#39;&lt;b&gt;&quot;o&#39;\\&#39;&#39;neil&quot; $(id)&#39; --password-stdin',
    )
  })

  test('its commands can be read and copied without a script: the buttons only appear with one', async () => {
    const body = await resultFor('bob')
    expect(body.match(/<button[^>]*data-copy[^>]* hidden>/g)).toHaveLength(4)
    expect(body).toContain(
      '<code id="docker-command">echo p-1_2 | docker login -u bob --password-stdin registry.example.com</code>',
    )
  })
})
