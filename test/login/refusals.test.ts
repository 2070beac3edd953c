// Everything that must not end in a password: each is a page with a reason, a log line without a secret, and no request too many.
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { request } from 'node:http'
import type { ServerResponse } from 'node:http'
import { BackendError } from '../../src/lib/errors.ts'
import { ask } from '../support/http.ts'
import type { Answer } from '../support/http.ts'
import { PASSWORD, PROVIDERS, SECRETS, startSite, stubSignIn } from './site.ts'
import type { Browser, Site } from './site.ts'

let now = Date.now()
let site: Site
let browser: Browser
beforeEach(async () => {
  now = Date.now()
  site = await startSite({ now: () => now, timeoutMs: 300 })
  browser = site.browser()
})
afterEach(async () => {
  const logged = JSON.stringify(site.lines, (_key, value: unknown) =>
    value instanceof Error ? { message: value.message, stack: value.stack, cause: value.cause } : value,
  )
  for (const secret of [...Object.values(SECRETS), PASSWORD]) expect(logged).not.toContain(secret)
  expect(logged).not.toMatch(/state=|"state"/)
  await site.close()
})

function expectRefusal(answer: Answer, status: number, words: string): void {
  expect(answer.status).toBe(status)
  expect(answer.headers['content-type']).toBe('text/html; charset=utf-8')
  expect(answer.body).toContain(words)
  expect([...Object.values(SECRETS), PASSWORD].filter((secret) => answer.body.includes(secret))).toEqual([])
  expect(answer.headers['set-cookie']?.join() ?? '').not.toContain('session')
}

describe('refused before the provider is asked anything', () => {
  const UNFINISHED = 'This sign-in cannot be finished'
  type Attack = (state: string) => Promise<Answer>
  const code = SECRETS.code
  const attacks: readonly [string, Attack][] = [
    ['a code without a state', () => browser.get(`/github_auth?code=${code}`)],
    ['an empty state', () => browser.get(`/github_auth?code=${code}&state=`)],
    ['another state', (state) => browser.get(`/github_auth?code=${code}&state=${state.slice(0, -1)}_`)],
    ['a state of another shape', () => browser.get(`/github_auth?code=${code}&state=__proto__`)],
    ['two states', (state) => browser.get(`/github_auth?code=${code}&state=${state}&state=x`)],
    ['two codes', (state) => browser.get(`/github_auth?code=${code}&code=${code}&state=${state}`)],
    ['a code and an error', (state) => browser.get(`/github_auth?code=${code}&error=x&state=${state}`)],
    ['an empty code', (state) => browser.get(`/github_auth?code=&state=${state}`)],
    ['a list in brackets', (state) => browser.get(`/github_auth?code=${code}&state[]=${state}`)],
    ['the callback of another provider', (state) => browser.get(`/gitlab_auth?code=${code}&state=${state}`)],
    ['a browser without the cookie', (state) => site.browser().get(`/github_auth?code=${code}&state=${state}`)],
    [
      'the cookie of another sign-in under this name',
      async (state) => {
        const other = site.browser()
        await other.start('github')
        const [stolen] = other.cookies.values()
        for (const name of browser.cookies.keys()) browser.cookies.set(name, stolen!)
        return browser.get(`/github_auth?code=${code}&state=${state}`)
      },
    ],
    [
      'a cookie that was changed',
      (state) => {
        for (const [name, value] of browser.cookies) browser.cookies.set(name, flip(value))
        return browser.get(`/github_auth?code=${code}&state=${state}`)
      },
    ],
    [
      'a cookie that is no seal',
      (state) => {
        for (const name of browser.cookies.keys()) browser.cookies.set(name, '%00{}')
        return browser.get(`/github_auth?code=${code}&state=${state}`)
      },
    ],
    [
      'a sign-in that took more than ten minutes',
      (state) => {
        now += 10 * 60_000 + 1000
        return browser.get(`/github_auth?code=${code}&state=${state}`)
      },
    ],
    ['an error that belongs to no sign-in', () => browser.get(`/github_auth?error=x&error_description=call+0800`)],
  ]

  test.each(attacks)('%s', async (_title, attack) => {
    const state = (await browser.start('github')).searchParams.get('state')!
    const answer = await attack(state)
    expectRefusal(answer, 400, UNFINISHED)
    expect(answer.body).not.toContain('0800')
    expect(site.provider.exchanges).toEqual([])
    expect(site.calls).toEqual([])
    expect(site.lines).toHaveLength(1)
    expect(site.lines[0]).toMatchObject({ level: 'info', fields: { outcome: 'refused' } })
  })

  test('a session cookie in place of a sign-in', async () => {
    await browser.comeBack('github', await browser.start('github'))
    const [session] = [...browser.cookies.values()]
    const asked = await browser.start('github')
    for (const name of browser.cookies.keys()) browser.cookies.set(name, session!)
    const again = await browser.comeBack('github', asked)
    expectRefusal(again, 400, UNFINISHED)
    // Whoever reloads the page of a sign-in that succeeded has a password already.
    expect(again.body).toContain('href="/account"')
    expect(site.provider.exchanges).toHaveLength(1)
  })

  test('a cookie that another key sealed', async () => {
    const signIn = { ...stubSignIn([]), cookieKey: new Uint8Array(32).fill(8) }
    const other = await startSite({ signIn })
    const foreign = other.browser()
    const asked = await foreign.start('github')
    for (const [name, value] of foreign.cookies) browser.cookies.set(name, value)
    expectRefusal(await browser.comeBack('github', asked), 400, UNFINISHED)
    expect(site.provider.exchanges).toEqual([])
    await other.close()
  })

  test('the same callback a second time', async () => {
    const asked = await browser.start('github')
    expect((await browser.comeBack('github', asked)).status).toBe(200)
    expectRefusal(await browser.comeBack('github', asked), 400, UNFINISHED)
    expect(site.provider.exchanges).toHaveLength(1)
    expect(site.calls).toHaveLength(1)
  })

  test('a HEAD request uses up neither the code nor the cookie', async () => {
    const asked = await browser.start('github')
    const path = `/github_auth?code=${code}&state=${asked.searchParams.get('state')!}`
    const headers = { cookie: [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ') }
    const head = await ask(site.place, path, { method: 'HEAD', headers })
    expect([head.status, head.body, head.headers['set-cookie']]).toEqual([200, '', undefined])
    expect((await browser.comeBack('github', asked)).status).toBe(200)
  })
})

function flip(sealed: string): string {
  const last = sealed.at(-2) === 'A' ? 'B' : 'A'
  return `${sealed.slice(0, -2)}${last}${sealed.slice(-1)}`
}

describe('what the provider says on the way back', () => {
  test('a person who declined reads so, and the sign-in is over', async () => {
    const asked = await browser.start('github')
    const state = asked.searchParams.get('state')!
    const said = 'error=access_denied&error_description=The+user+has+denied+access'
    const answer = await browser.get(`/github_auth?${said}&state=${state}`)
    expectRefusal(answer, 400, 'GitHub was told not to let you in here.')
    expect(answer.body).toContain('The user has denied access')
    expectRefusal(await browser.comeBack('github', asked), 400, 'cannot be finished')
    expect(site.provider.exchanges).toEqual([])
  })

  test('its words are text, never markup, and not endless', async () => {
    const state = (await browser.start('gitlab')).searchParams.get('state')!
    const words = encodeURIComponent(`<script>alert(1)</script>"'&${'x'.repeat(5000)}`)
    const answer = await browser.get(`/gitlab_auth?error=${words}&error_description=${words}&state=${state}`)
    expectRefusal(answer, 400, '&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;')
    expect(answer.body).not.toContain('<script>alert')
    expect(answer.body.length).toBeLessThan(10_000)
    expect(site.lines[0]!.fields).toMatchObject({ reason: 'GitLab said unknown' })
  })
})

describe.each(PROVIDERS)('the token endpoint of %s', (name) => {
  const answerWith =
    (status: number, value: unknown) =>
    (_fields: URLSearchParams, response: ServerResponse): void =>
      void response
        .writeHead(status, { 'content-type': 'application/json' })
        .end(typeof value === 'string' ? value : JSON.stringify(value))

  async function signIn(): Promise<Answer> {
    const asked = await browser.start(name)
    site.provider.claims = { nonce: asked.searchParams.get('nonce') }
    return browser.comeBack(name, asked)
  }

  test('a code it does not know is a sign-in to begin again', async () => {
    site.provider.answer = answerWith(400, { error: 'invalid_grant', error_description: SECRETS.token })
    expectRefusal(await signIn(), 400, 'cannot be finished')
    expect(site.lines).toMatchObject([{ level: 'info', fields: { outcome: 'refused' } }])
  })

  test('a client it does not accept is for the admin to read in the log', async () => {
    site.provider.answer = answerWith(401, { error: 'invalid_client', error_description: SECRETS.client })
    expectRefusal(await signIn(), 502, 'refused the request of this server')
    expect(site.lines).toMatchObject([{ level: 'error', fields: { provider: name, reason: 'invalid_client' } }])
  })

  const outages: readonly [string, (fields: URLSearchParams, response: ServerResponse) => void][] = [
    ['a failure without words', answerWith(500, SECRETS.token)],
    ['a page in place of JSON', answerWith(200, `<html>${SECRETS.token}</html>`)],
    ['JSON that is no object', answerWith(200, 'null')],
    ['an answer without a token', answerWith(200, { token_type: 'Bearer', id_token: SECRETS.token })],
    ['a token that is no text', answerWith(200, { access_token: { is: SECRETS.token }, token_type: 'Bearer' })],
    ['an empty token', answerWith(200, { access_token: '', token_type: 'Bearer', refresh_token: SECRETS.refresh })],
    [
      'a redirect',
      (_fields, response) => void response.writeHead(302, { location: `${site.provider.url}/keys` }).end(),
    ],
    ['a connection that breaks', (_fields, response) => void response.destroy()],
    ['silence', () => undefined],
    ['an answer that does not end', (_fields, response) => void response.writeHead(200).write('{')],
    [
      'an answer that is too large',
      (_fields, response) => void response.writeHead(200).end(JSON.stringify({ access_token: 'x'.repeat(2_000_000) })),
    ],
  ]
  test.each(outages)('%s is an outage', async (_title, answer) => {
    site.provider.answer = answer
    expectRefusal(await signIn(), 503, 'does not work right now')
    expect(site.calls).toEqual([])
    expect(site.lines).toHaveLength(1)
    expect(site.lines[0]!.level).toBe('error')
  })
})

describe('the ID token of OpenID Connect', () => {
  test.each([
    ['of another sign-in', { nonce: 'another' }],
    ['without a nonce', { nonce: undefined }],
    ['for another client', { aud: 'other' }],
    ['of another issuer', { iss: 'https://evil.example' }],
    ['that is over', { over: true }],
  ])('one %s is not accepted', async (_title, claims) => {
    const asked = await browser.start('oidc')
    site.provider.claims = { nonce: asked.searchParams.get('nonce'), ...claims }
    expectRefusal(await browser.comeBack('oidc', asked), 503, 'does not work right now')
    expect(site.calls).toEqual([])
  })

  test('a callback that names another issuer is not for us (RFC 9207)', async () => {
    const asked = await browser.start('oidc')
    const answer = await browser.comeBack('oidc', asked, { iss: 'https://evil.example' })
    expectRefusal(answer, 503, 'does not work right now')
    expect(site.provider.exchanges).toEqual([])
  })

  test('a provider that is down when a sign-in begins is asked again at the next', async () => {
    site.provider.up = false
    expectRefusal(await browser.get('/oidc_auth/start'), 503, 'does not work right now')
    site.provider.up = true
    expect((await browser.get('/oidc_auth/start')).status).toBe(302)
  })
})

describe('what the room behind says', () => {
  async function signIn(signedIn: ReturnType<typeof stubSignIn>['signedIn']): Promise<Answer> {
    await site.close()
    site = await startSite({ signIn: stubSignIn([], { signedIn }) })
    browser = site.browser()
    return browser.comeBack('github', await browser.start('github'))
  }

  test('a person who is no member is told so', async () => {
    const reason = 'bob is not a member of <acme>.'
    const answer = await signIn(() => Promise.resolve({ outcome: 'refused', reason }))
    expectRefusal(answer, 403, 'bob is not a member of &lt;acme&gt;.')
    expect(site.lines).toMatchObject([{ level: 'info', fields: { provider: 'github', outcome: 'refused', reason } }])
  })

  test('and may try another account, although an OpenID provider remembers the first', async () => {
    await site.close()
    const signedIn = () => Promise.resolve({ outcome: 'refused', reason: 'Not you.' } as const)
    site = await startSite({ signIn: stubSignIn([], { signedIn }) })
    browser = site.browser()
    const answer = await browser.comeBack('github', await browser.start('github'))
    expect(answer.body).toMatch(/href="[^"]*\/github_auth\/start\?anew"/)
    const asked = async (path: string): Promise<string | null> =>
      new URL(String((await browser.get(path)).headers.location)).searchParams.get('prompt')
    expect(await asked('/oidc_auth/start?anew')).toBe('login')
    expect(await asked('/oidc_auth/start')).toBeNull()
  })

  test('an outage is a page that says when to try again, and a log line that says what failed', async () => {
    const answer = await signIn(() => Promise.reject(new BackendError('GitHub is down at 10.0.0.1')))
    expectRefusal(answer, 503, 'Please try again in a minute.')
    expect(answer.headers['retry-after']).toBe('60')
    expect(answer.body).not.toContain('10.0.0.1')
    expect(site.lines).toMatchObject([{ level: 'error', fields: { path: '/github_auth', method: 'GET' } }])
  })

  test('a queue that is full says when to come back', async () => {
    const answer = await signIn(() => Promise.reject(new BackendError('busy', { retryAfter: 2 })))
    expect([answer.status, answer.headers['retry-after']]).toEqual([503, '2'])
  })

  test('what nobody foresaw is a page as well', async () => {
    const answer = await signIn(() => Promise.reject(new TypeError('x of undefined')))
    expectRefusal(answer, 500, 'Something went wrong on this server.')
    expect(answer.body).not.toContain('undefined')
  })
})

describe('a browser that leaves', () => {
  /** Comes back with a code, and leaves once `reached` says so. */
  async function leave(asked: URL, reached: () => boolean): Promise<void> {
    const gone = new AbortController()
    const { searchParams } = asked
    const cookie = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const path = `/github_auth?code=x&state=${searchParams.get('state')!}`
    const asking = request({ ...site.place, path, headers: { cookie }, agent: false, signal: gone.signal })
    const over = new Promise((resolve) => asking.once('error', resolve))
    asking.end()
    await until(reached)
    gone.abort()
    await over
  }
  async function until(reached: () => boolean): Promise<void> {
    while (!reached()) await new Promise((resolve) => setTimeout(resolve, 2))
  }

  test('tells the room behind, which then need not store a password that nobody sees', async () => {
    await site.close()
    let signal: AbortSignal | undefined
    const signedIn: ReturnType<typeof stubSignIn>['signedIn'] = (_provider, _tokens, given) => {
      signal = given
      return new Promise((_, reject) =>
        given?.addEventListener('abort', () => reject(new BackendError('the client went away'))),
      )
    }
    site = await startSite({ signIn: stubSignIn([], { signedIn }) })
    browser = site.browser()
    await leave(await browser.start('github'), () => signal !== undefined)
    await until(() => signal?.aborted === true)
    expect(site.lines).toEqual([])
  })

  test('leaves no place in the queue taken', async () => {
    await site.close()
    // A cookie that is made or read asks for the time.
    let cookies = 0
    const now = (): number => (cookies++, Date.now())
    site = await startSite({ timeoutMs: 60_000, now })
    const { provider } = site
    const { answer } = provider
    const waiting: ServerResponse[] = []
    provider.answer = (_fields, response) => void waiting.push(response)
    const busy = Array.from({ length: 20 }, async () => {
      const person = site.browser()
      return person.comeBack('github', await person.start('github'))
    })
    await until(() => waiting.length === 20)
    for (let count = 0; count < 101; count++) {
      browser = site.browser()
      const asked = await browser.start('github')
      const before = cookies
      await leave(asked, () => cookies > before)
    }
    provider.answer = answer
    const last = site.browser()
    const late = last.comeBack('github', await last.start('github'))
    await Promise.race([late, new Promise((resolve) => setTimeout(resolve, 100))])
    for (const response of waiting) response.destroy()
    expect((await Promise.all(busy)).map(({ status }) => status)).toEqual(Array<number>(20).fill(503))
    expect((await late).status).toBe(200)
  })
})

describe('how a sign-in begins', () => {
  test.each(['cross-site', 'same-site'])(
    'a %s link leads to the page, not to a sign-in that nobody asked for',
    async (from) => {
      const answer = await browser.get('/github_auth/start', { 'sec-fetch-site': from })
      expect([answer.status, answer.headers.location, answer.headers['set-cookie']]).toEqual([
        303,
        '/github_auth',
        undefined,
      ])
    },
  )

  test.each(['none', 'same-origin', undefined])('a click here (%s) begins one', async (from) => {
    const answer = await browser.get('/github_auth/start', from === undefined ? {} : { 'sec-fetch-site': from })
    expect(answer.status).toBe(302)
  })

  test.each([
    'code=x',
    'error=access_denied',
    'redirect_uri=https://evil.example',
    'state=mine',
    'returnTo=//evil.example',
    'callbackURL=https://evil.example',
  ])('parameters change nothing: %s', async (parameters) => {
    const { status, headers } = await browser.get(`/github_auth/start?${parameters}`)
    expect(status).toBe(302)
    expect(headers.location).toMatch(new RegExp(`^${site.provider.url}/login/oauth/authorize\\?`))
    expect(headers.location).not.toMatch(/evil|mine/)
  })

  test.each(['//evil.example/..', '/\\evil.example', '/%5c%5cevil.example', '/github_auth//evil.example'])(
    'no path leads elsewhere: %s',
    async (path) => {
      const { status, headers } = await ask(site.place, path)
      expect([status, headers.location]).toEqual([404, undefined])
    },
  )
})
