// Signing in with each provider: what it is asked, what it is told, and what the person sees.
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { challengeOf, PASSWORD, PROVIDERS, PUBLIC, SECRETS, settingsOf, startSite } from './site.ts'
import type { Site } from './site.ts'

let site: Site
beforeEach(async () => {
  site = await startSite()
})
afterEach(() => site.close())

describe.each(PROVIDERS)('%s', (name) => {
  test('its page leads to the start, at the host it will send the browser back to', async () => {
    const { status, body } = await site.browser().get(`/${name}_auth`)
    expect(status).toBe(200)
    expect(body).toContain(`href="${PUBLIC}/${name}_auth/start"`)
  })

  test('a sign-in ends with a password that is shown once, and every message is as the RFCs want it', async () => {
    const browser = site.browser()
    const asked = await browser.start(name)
    expect(Object.fromEntries(asked.searchParams)).toMatchObject({
      client_id: 'this-server',
      response_type: 'code',
      redirect_uri: `${PUBLIC}/${name}_auth`,
      code_challenge_method: 'S256',
      state: expect.stringMatching(/^[\w-]{43}$/),
    })
    expect(asked.href).not.toContain(SECRETS.client)

    site.provider.claims = { nonce: asked.searchParams.get('nonce') }
    const { status, body } = await browser.comeBack(name, asked)
    expect(status).toBe(200)
    expect(body).toContain(`echo ${PASSWORD} | docker login -u bob --password-stdin registry.example.com`)
    expect(body).toContain(`echo ${PASSWORD} | podman login -u bob --password-stdin registry.example.com`)
    expect(body).toContain(`echo ${PASSWORD} | nerdctl login -u bob --password-stdin registry.example.com`)
    expect(body).toContain('6 May 2031 at 07:08 UTC')

    expect(site.calls).toEqual([`signedIn ${name} ${SECRETS.token} ${SECRETS.refresh}`])
    const [exchange] = site.provider.exchanges
    expect(Object.fromEntries(exchange!)).toMatchObject({
      grant_type: 'authorization_code',
      code: SECRETS.code,
      client_id: 'this-server',
      client_secret: SECRETS.client,
      redirect_uri: `${PUBLIC}/${name}_auth`,
    })
    expect(challengeOf(exchange!.get('code_verifier')!)).toBe(asked.searchParams.get('code_challenge'))
    expect(site.lines).toEqual([
      { level: 'info', message: 'browser sign-in', fields: { provider: name, outcome: 'signed-in', account: 'bob' } },
    ])
  })

  test('a Host header that was made up reaches neither a page nor the provider', async () => {
    const browser = site.browser()
    const page = await browser.get(`/${name}_auth`, { host: 'evil.example', 'x-forwarded-host': 'evil.example' })
    const start = await browser.get(`/${name}_auth/start`, { host: 'evil.example', 'x-forwarded-host': 'evil.example' })
    expect(page.body).not.toContain('evil')
    expect(start.headers.location).not.toContain('evil')
    expect(new URL(start.headers.location!).searchParams.get('redirect_uri')).toBe(`${PUBLIC}/${name}_auth`)
  })
})

test('each provider is asked for what its API needs', async () => {
  const scopes = async (name: (typeof PROVIDERS)[number]): Promise<string | null> =>
    (await site.browser().start(name)).searchParams.get('scope')
  expect(await Promise.all(PROVIDERS.map(scopes))).toEqual([
    'openid email',
    'user:email read:org',
    'openid email',
    'read_user',
  ])
})

test('Google is asked for a refresh token, and for accounts of the domain', async () => {
  const { searchParams } = await site.browser().start('google')
  expect(Object.fromEntries(searchParams)).toMatchObject({
    access_type: 'offline',
    prompt: 'select_account consent',
    hd: 'example.com',
    kept: '1',
  })
})

test('an authorization endpoint keeps the query it has, and OpenID Connect sends a nonce', async () => {
  const { searchParams } = await site.browser().start('oidc')
  expect(searchParams.get('kept')).toBe('1')
  expect(searchParams.get('nonce')).toMatch(/^[\w-]{43}$/)
})

test('without a public URL GitHub takes the redirect URI it has registered', async () => {
  await site.close()
  site = await startSite({ publicUrl: undefined })
  const browser = site.browser()
  expect((await browser.get('/github_auth')).body).toContain('href="/github_auth/start"')
  const asked = await browser.start('github')
  expect(asked.searchParams.has('redirect_uri')).toBe(false)
  expect((await browser.comeBack('github', asked)).status).toBe(200)
  expect(site.provider.exchanges[0]!.has('redirect_uri')).toBe(false)
})

test("GitLab's own redirect_uri comes before the public URL", async () => {
  await site.close()
  const base = await startSite()
  const settings = { ...settingsOf('gitlab', base.provider.url), redirectUri: 'https://other.example/gitlab_auth' }
  site = await startSite({ providers: [settings] })
  await base.close()
  const asked = await site.browser().start('gitlab')
  expect(asked.searchParams.get('redirect_uri')).toBe('https://other.example/gitlab_auth')
})

test('behind a proxy that takes a path away the sign-in begins where it will end', async () => {
  await site.close()
  const base = await startSite()
  const settings = { ...settingsOf('gitlab', base.provider.url), redirectUri: `${PUBLIC}/docker/gitlab_auth` }
  site = await startSite({ publicUrl: undefined, providers: [settings] })
  await base.close()
  const { body } = await site.browser().get('/gitlab_auth')
  expect(body).toContain(`href="${PUBLIC}/docker/gitlab_auth/start"`)
})

test('a prefix is part of every link, cookie and redirect URI', async () => {
  await site.close()
  site = await startSite({ prefix: '/auth-server', secure: true })
  const browser = site.browser()
  const front = await browser.get('/')
  expect(front.body).toContain('href="/auth-server/github_auth"')
  const start = await browser.get('/github_auth/start')
  expect(start.headers['set-cookie']![0]).toMatch(/^__Host-registry-auth.auth-server-sign-in-/)
  const asked = new URL(start.headers.location!)
  expect(asked.searchParams.get('redirect_uri')).toBe(`${PUBLIC}/auth-server/github_auth`)
  expect((await browser.comeBack('github', asked)).status).toBe(200)
})

test('a sign-in that begins on one replica may end on another with the same key', async () => {
  const other = await startSite()
  const [here, there] = [site.browser(), other.browser()]
  const asked = await here.start('github')
  for (const [name, value] of here.cookies) there.cookies.set(name, value)
  expect((await there.comeBack('github', asked)).status).toBe(200)
  await other.close()
})

test('two tabs sign in side by side', async () => {
  const browser = site.browser()
  const [one, two] = [await browser.start('github'), await browser.start('gitlab')]
  expect((await browser.comeBack('github', one)).status).toBe(200)
  expect((await browser.comeBack('gitlab', two)).status).toBe(200)
})

test('sign-ins that are never finished do not pile up in the browser', async () => {
  const browser = site.browser()
  for (let begun = 0; begun < 12; begun++) await browser.start('github')
  expect(browser.cookies.size).toBe(5)
})

test('cookies are for no script, for no other site, and under https for no plain connection', async () => {
  await site.close()
  site = await startSite({ secure: true })
  const browser = site.browser()
  const start = await browser.get('/github_auth/start')
  expect(start.headers['set-cookie']![0]).toMatch(
    /^__Host-registry-auth-sign-in-[\w-]+=[^;]+; Max-Age=600; Path=\/; Expires=[^;]+; HttpOnly; Secure; SameSite=Lax$/,
  )
  const done = await browser.comeBack('github', new URL(start.headers.location!))
  const session = done.headers['set-cookie']!.find((line) => line.includes('session'))
  expect(session).toMatch(/^__Host-registry-auth-session=[^;]+; Path=\/; HttpOnly; Secure; SameSite=Lax$/)
})
