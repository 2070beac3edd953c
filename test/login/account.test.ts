// What a signed-in person can do, and what nobody can do in their name.
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { Asked } from '../support/http.ts'
import { PASSWORD, PUBLIC, startSite, stubSignIn } from './site.ts'
import type { Browser, Site, SiteOptions } from './site.ts'

let now = Date.now()
let site: Site
let browser: Browser
let csrf: string

async function signIn(options: SiteOptions = {}): Promise<void> {
  now = Date.now()
  site = await startSite({ now: () => now, ...options })
  browser = site.browser()
  await browser.comeBack('github', await browser.start('github'))
  csrf = await csrfOf(browser)
  site.calls.length = 0
  site.lines.length = 0
}
beforeEach(() => signIn())
afterEach(() => site.close())

async function csrfOf(person: Browser): Promise<string> {
  const { body } = await person.get('/account')
  return /name="csrf" value="([^"]+)"/.exec(body)?.[1] ?? ''
}

test('the account page says who one is and when the password expires', async () => {
  const { status, body } = await browser.get('/account')
  expect(status).toBe(200)
  expect(body).toContain('<dd>bob</dd>')
  expect(body).toContain('<dd>GitHub</dd>')
  expect(body).toContain('<time datetime="2031-05-06T07:08:00.000Z">6 May 2031 at 07:08 UTC</time>')
  expect(body).toContain('<time datetime="2030-01-02T03:04:00.000Z">2 January 2030 at 03:04 UTC</time>')
  expect(body).not.toContain(PASSWORD)
})

test('the front page knows who is signed in', async () => {
  expect((await browser.get('/')).body).toContain('Signed in as bob')
  expect((await site.browser().get('/')).body).not.toContain('Signed in')
})

test('replacing shows a new password, once', async () => {
  const { status, body } = await browser.post('/account/replace', { csrf })
  expect(status).toBe(200)
  expect(body).toContain(`echo ${PASSWORD} | docker login -u bob`)
  expect(site.calls).toEqual(['replace github bob'])
  const fields = { provider: 'github', account: 'bob', outcome: 'replaced' }
  expect(site.lines).toEqual([{ level: 'info', message: 'browser password', fields }])
})

test('revoking ends the password and the session', async () => {
  const { status, body } = await browser.post('/account/revoke', { csrf })
  expect(status).toBe(200)
  expect(body).toContain('Your password is revoked')
  expect(site.calls).toEqual(['revoke github bob'])
  expect((await browser.get('/account')).headers.location).toBe('/')
})

test('signing out keeps the password and ends the session', async () => {
  const { status, headers } = await browser.post('/account/sign-out', { csrf })
  expect([status, headers.location]).toEqual([303, '/'])
  expect(browser.cookies.size).toBe(0)
  expect(site.calls).toEqual([])
})

test('a password that is gone cannot be replaced: the page offers a new sign-in', async () => {
  await site.close()
  const gone = { stored: () => Promise.resolve(undefined), replace: () => Promise.resolve(undefined) }
  await signIn({ signIn: stubSignIn([], gone) })
  expect((await browser.post('/account/replace', { csrf })).headers.location).toBe('/account')
  const { body } = await browser.get('/account')
  expect(body).toContain('There is no password for you here any more.')
  expect(body).toContain('href="/github_auth"')
  expect(body).not.toContain('/account/replace')
})

test('a session ends after eight hours', async () => {
  now += 8 * 3_600_000 + 1000
  expect((await browser.get('/account')).headers.location).toBe('/')
  expect((await browser.post('/account/revoke', { csrf })).status).toBe(403)
  expect(site.calls).toEqual([])
})

test('a session of a provider that is no longer configured is none', async () => {
  const fewer = await startSite({ providers: [] })
  const person = fewer.browser()
  for (const [name, value] of browser.cookies) person.cookies.set(name, value)
  expect((await person.get('/account')).headers.location).toBe('/')
  await fewer.close()
})

describe('nobody acts in the name of the person', () => {
  const ACTIONS = ['replace', 'revoke', 'sign-out']
  const cases: readonly [string, () => { fields?: Record<string, string>; headers?: Asked['headers'] }][] = [
    ['from another origin', () => ({ headers: { origin: 'https://evil.example' } })],
    ['from an origin that only begins alike', () => ({ headers: { origin: `${PUBLIC}.evil.example` } })],
    ['by http in place of https', () => ({ headers: { origin: PUBLIC.replace('https', 'http') } })],
    ['from a page without an origin', () => ({ headers: { origin: 'null' } })],
    ['from a page that the browser calls another site', () => ({ headers: { 'sec-fetch-site': 'same-site' } })],
    ['with a foreign referrer only', () => ({ headers: { origin: undefined, referer: 'https://evil.example/' } })],
    ['without saying where from', () => ({ headers: { origin: undefined } })],
    ['without the token', () => ({ fields: {} })],
    ['with an empty token', () => ({ fields: { csrf: '' } })],
    ['with another token', () => ({ fields: { csrf: `${csrf.slice(0, -1)}_` } })],
    ['with the token as JSON', () => ({ headers: { 'content-type': 'application/json' } })],
    [
      'with a session that was changed',
      () => {
        for (const [name, value] of browser.cookies) browser.cookies.set(name, `${value.slice(0, -3)}AAA`)
        return {}
      },
    ],
    [
      'without a session',
      () => {
        browser.cookies.clear()
        return {}
      },
    ],
  ]
  describe.each(ACTIONS)('%s', (action) => {
    test.each(cases)('%s', async (_title, change) => {
      const { fields = { csrf }, headers = {} } = change()
      const { status, body, headers: answered } = await browser.post(`/account/${action}`, fields, headers)
      expect(status).toBe(403)
      expect(body).toContain('Nothing was changed.')
      expect(answered['set-cookie']).toBeUndefined()
      expect(site.calls).toEqual([])
      expect(site.lines).toMatchObject([{ level: 'info', fields: { outcome: 'refused' } }])
    })

    test('with a token twice', async () => {
      const { status } = await browser.post(`/account/${action}?csrf=${csrf}`, { 'csrf[]': csrf })
      expect(status).toBe(403)
    })

    test('by a link', async () => {
      const { status, headers } = await browser.get(`/account/${action}?csrf=${csrf}`)
      expect([status, headers.allow]).toEqual([405, 'POST'])
      expect(site.calls).toEqual([])
    })
  })

  test('with the token of another session', async () => {
    const other = site.browser()
    await other.comeBack('gitlab', await other.start('gitlab'))
    site.calls.length = 0
    expect((await browser.post('/account/revoke', { csrf: await csrfOf(other) })).status).toBe(403)
    expect(site.calls).toEqual([])
  })

  test('with a body that is too large', async () => {
    const { status, body } = await browser.post('/account/revoke', { csrf, more: 'x'.repeat(5000) })
    expect(status).toBe(413)
    expect(body).toContain('The form could not be read.')
  })
})

test.each([
  ['its own page is the origin', { origin: undefined, referer: `${PUBLIC}/account` }],
  ['the browser says so', { origin: undefined, 'sec-fetch-site': 'same-origin' }],
  ['the browser says so at another name of ours', { origin: 'https://other.name', 'sec-fetch-site': 'same-origin' }],
])('a form counts as ours when %s', async (_title, headers) => {
  expect((await browser.post('/account/revoke', { csrf }, headers)).status).toBe(200)
})

describe('without a public URL the host of the request is the measure', () => {
  beforeEach(async () => {
    await site.close()
    await signIn({ publicUrl: undefined })
  })
  test.each([
    ['auth.internal:5001', 'http://auth.internal:5001', 200],
    ['auth.internal', 'https://auth.internal', 200],
    ['auth.internal', 'https://evil.example', 403],
    ['auth.internal', 'https://auth.internal:444', 403],
  ])('%s, from %s', async (host, origin, expected) => {
    expect((await browser.post('/account/revoke', { csrf }, { host, origin })).status).toBe(expected)
  })
})
