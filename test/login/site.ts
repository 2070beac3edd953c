// The browser's door over real HTTP: the pages, a provider that answers as told, and a browser that keeps cookies.
import { parseSetCookie, stringifyCookie } from 'cookie'
import express from 'express'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { createHash, randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import type { ProviderName, ProviderSettings, WebSignIn } from '../../src/authn/index.ts'
import { Secret } from '../../src/lib/secret.ts'
import { createLogin } from '../../src/login/router.ts'
import type { LoginParts } from '../../src/login/router.ts'
import { ask, form } from '../support/http.ts'
import type { Answer, Asked, Place } from '../support/http.ts'
import { createRecorder } from '../support/recorder.ts'
import type { Recorder } from '../support/recorder.ts'
import { closeServer, placeOf } from '../support/token-server.ts'

/** What must never be seen in a log line, and what only the result page may show. */
export const SECRETS = {
  client: 'canary-client',
  token: 'canary-token',
  refresh: 'canary-refresh',
  code: 'canary-code',
}
export const PASSWORD = 'canary-password'

export const PROVIDERS: readonly ProviderName[] = ['google', 'github', 'oidc', 'gitlab']

/** Where browsers find the pages, as the configuration says. It differs from where the tests find them. */
export const PUBLIC = 'https://auth.example.com'

type TokenAnswer = (fields: URLSearchParams, response: ServerResponse) => void | Promise<void>

/** A provider of every kind. */
export interface FakeProvider {
  readonly url: string
  /** The form fields of every token request so far. */
  readonly exchanges: URLSearchParams[]
  /** What the token endpoint answers. */
  answer: TokenAnswer
  /** What its ID tokens hold besides the usual; with `over` they have expired. */
  claims: Record<string, unknown>
  /** Whether the discovery document is there. */
  up: boolean
}

export interface Site extends Recorder {
  readonly place: Place
  readonly provider: FakeProvider
  /** Everything `signedIn`, `replace` and `revoke` were called with. */
  readonly calls: string[]
  browser(): Browser
  close(): Promise<void>
}

export interface SiteOptions extends Partial<LoginParts> {
  readonly timeoutMs?: number
}

/** Starts the pages with every provider; `options` replace what they say. */
export async function startSite(options: SiteOptions = {}): Promise<Site> {
  const recorder = createRecorder()
  const [provider, closeProvider] = await startProvider()
  const calls: string[] = []
  const { timeoutMs = 5000, prefix = '' } = options
  const parts: LoginParts = {
    issuer: 'Acme <registry>',
    prefix,
    publicUrl: `${PUBLIC}${prefix}`,
    secure: false,
    providers: PROVIDERS.map((name) => settingsOf(name, provider.url, timeoutMs)),
    signIn: stubSignIn(calls),
    now: Date.now,
    randomBytes,
    log: recorder.log,
    ...options,
  }
  const app = express().disable('x-powered-by').enable('case sensitive routing').enable('strict routing')
  app.set('env', 'production').use(prefix === '' ? '/' : prefix, createLogin(parts))
  app.use((_request, response) => void response.status(404).send('Not found\n'))
  const server = createServer(app)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const place = placeOf(server)
  return {
    ...recorder,
    place,
    provider,
    calls,
    browser: () => createBrowser(place, prefix),
    close: async () => {
      await Promise.all([closeServer(server), closeProvider()])
    },
  }
}

/** Settings as the configuration's reader makes them. */
export function settingsOf(name: ProviderName, url: string, httpTimeoutMs = 5000): ProviderSettings {
  const shared = {
    clientId: 'this-server',
    clientSecret: new Secret(SECRETS.client),
    httpTimeoutMs,
    registryUrl: 'registry.example.com',
    revalidateAfterMs: 3_600_000,
    organization: undefined,
    webUrl: url,
    apiUrl: url,
  }
  const each = {
    github: { ...shared, name: 'github', scopes: ['user:email', 'read:org'] },
    gitlab: { ...shared, name: 'gitlab', scopes: ['read_user'], redirectUri: undefined },
    google: {
      ...shared,
      name: 'google',
      domain: 'example.com',
      scopes: ['openid', 'email'],
      issuer: url,
      authorizationUrl: `${url}/authorize?kept=1`,
      tokenUrl: `${url}/oauth/token`,
    },
    oidc: {
      ...shared,
      name: 'oidc',
      issuer: url,
      redirectUri: `${PUBLIC}/oidc_auth`,
      scopes: ['openid', 'email'],
      userClaim: 'email',
      labelsClaims: [],
    },
  }
  // Where records are kept is nothing to this door.
  return each[name] as unknown as ProviderSettings
}

/** A room in which everybody with the provider's token is bob. */
export function stubSignIn(calls: string[], changes: Partial<WebSignIn> = {}): WebSignIn {
  const expiresAt = Date.UTC(2031, 4, 6, 7, 8)
  const issued = { account: 'bob', password: new Secret(PASSWORD), expiresAt }
  return {
    name: 'web',
    cookieKey: new Uint8Array(32).fill(7),
    authenticate: () => Promise.resolve({ outcome: 'no-match' }),
    signedIn(provider, tokens) {
      calls.push(`signedIn ${provider} ${tokens.accessToken.reveal()} ${tokens.refreshToken?.reveal() ?? '-'}`)
      return Promise.resolve({ outcome: 'stored', issued })
    },
    stored: () => Promise.resolve({ expiresAt, validUntil: Date.UTC(2030, 0, 2, 3, 4) }),
    replace(provider, account) {
      calls.push(`replace ${provider} ${account}`)
      return Promise.resolve({ ...issued, account })
    },
    revoke(provider, account) {
      calls.push(`revoke ${provider} ${account}`)
      return Promise.resolve()
    },
    ...changes,
  }
}

/** Follows nothing, keeps cookies as a browser does, and tells which it keeps. */
export interface Browser {
  readonly cookies: Map<string, string>
  get(path: string, headers?: Asked['headers']): Promise<Answer>
  post(path: string, fields: Readonly<Record<string, string>>, headers?: Asked['headers']): Promise<Answer>
  /** Begins a sign-in and answers what the provider would be asked. */
  start(name: ProviderName): Promise<URL>
  /** Comes back with a code, to the URL the provider was told. */
  comeBack(name: ProviderName, asked: URL, changes?: Readonly<Record<string, string>>): Promise<Answer>
}

function createBrowser(place: Place, prefix: string): Browser {
  const cookies = new Map<string, string>()
  async function send(path: string, asked: Asked): Promise<Answer> {
    const cookie = stringifyCookie(Object.fromEntries(cookies))
    const all = { ...(cookie === '' ? {} : { cookie }), ...asked.headers }
    const headers = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined))
    const answer = await ask(place, `${prefix}${path}`, { ...asked, headers })
    for (const line of answer.headers['set-cookie'] ?? []) {
      const { name, value, expires, maxAge } = parseSetCookie(line)
      if (maxAge === 0 || (expires !== undefined && expires.getTime() <= Date.now())) cookies.delete(name)
      else cookies.set(name, value ?? '')
    }
    return answer
  }
  const get: Browser['get'] = (path, headers = {}) => send(path, { headers })
  return {
    cookies,
    get,
    post: (path, fields, headers = {}) => {
      const asked = form(Object.entries(fields))
      return send(path, { ...asked, headers: { origin: PUBLIC, ...asked.headers, ...headers } })
    },
    async start(name) {
      const { status, headers } = await get(`/${name}_auth/start`)
      if (status !== 302) throw new Error(`the sign-in did not begin: ${status}`)
      return new URL(headers.location ?? '')
    },
    comeBack(name, asked, changes = {}) {
      const query = { code: SECRETS.code, state: asked.searchParams.get('state') ?? '', ...changes }
      return get(`/${name}_auth?${new URLSearchParams(query).toString()}`)
    },
  }
}

async function startProvider(): Promise<[FakeProvider, () => Promise<void>]> {
  const { publicKey, privateKey } = await generateKeyPair('ES256')
  const server = createServer((request, response) => void respond(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  const url = `http://127.0.0.1:${port}`
  const json = (response: ServerResponse, value: unknown, status = 200): void => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
  }
  const idToken = (): Promise<string> =>
    new SignJWT({ iss: url, sub: '1', aud: 'this-server', email: 'bob@example.com', ...provider.claims })
      .setProtectedHeader({ alg: 'ES256', kid: 'one' })
      .setIssuedAt()
      .setExpirationTime(provider.claims['over'] === true ? 1 : '5m')
      .sign(privateKey)
  const provider: FakeProvider = {
    url,
    exchanges: [],
    claims: {},
    up: true,
    async answer(_fields, response) {
      json(response, {
        access_token: SECRETS.token,
        refresh_token: SECRETS.refresh,
        id_token: await idToken(),
        token_type: 'Bearer',
        expires_in: 3600,
      })
    },
  }
  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = new URL(request.url ?? '', url).pathname
    if (path === '/.well-known/openid-configuration' && provider.up) {
      return json(response, {
        issuer: url,
        authorization_endpoint: `${url}/authorize?kept=1`,
        token_endpoint: `${url}/oauth/token`,
        jwks_uri: `${url}/keys`,
        token_endpoint_auth_methods_supported: ['client_secret_post'],
        id_token_signing_alg_values_supported: ['ES256'],
        code_challenge_methods_supported: ['S256'],
        response_types_supported: ['code'],
      })
    }
    if (path === '/keys') return json(response, { keys: [{ ...(await exportJWK(publicKey)), kid: 'one' }] })
    if (path !== '/oauth/token' && path !== '/login/oauth/access_token') return void response.writeHead(503).end()
    const fields = new URLSearchParams(await text(request))
    provider.exchanges.push(fields)
    await provider.answer(fields, response)
  }
  return [provider, () => closeServer(server)]
}

/** What a provider compares a code verifier with (RFC 7636, section 4.6). */
export function challengeOf(verifier: string): string {
  return createHash('sha256').update(verifier).digest('base64url')
}
