// An OpenID provider on this machine: oidc-provider, with people who are signed in already.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair } from 'jose'
import type { Context, Provider } from 'oidc-provider'
import { CLIENT } from './oauth.ts'

export interface OidcOptions {
  readonly people: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  readonly redirectUri: string
  readonly authMethod?: 'client_secret_basic' | 'client_secret_post'
  /** Seconds; an access token's life. */
  readonly expiresIn?: number
  readonly refreshTokens?: boolean
}

export interface FakeOidc {
  readonly issuer: string
  /** Claims by account; tests change it. Whoever is not there any more has no valid token. */
  readonly people: Map<string, Readonly<Record<string, unknown>>>
  /** Who sits at the browser. */
  person: string
  close(): Promise<void>
}

const { privateKey } = await generateKeyPair('RS256', { extractable: true })
const SCOPES = ['openid', 'email', 'groups']

/** Starts it. Refresh tokens are good for one use, and a second one ends the session. */
export async function startOidcProvider(options: OidcOptions): Promise<FakeOidc> {
  const { expiresIn = 3600, refreshTokens = true, authMethod = 'client_secret_basic' } = options
  const people = new Map(Object.entries(options.people))
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const custom = [...new Set([...people.values()].flatMap((claims) => Object.keys(claims)))]

  const provider: Provider = await createProvider(issuer, {
    clients: [
      {
        client_id: CLIENT.clientId,
        client_secret: CLIENT.clientSecret,
        redirect_uris: [options.redirectUri],
        grant_types: refreshTokens ? ['authorization_code', 'refresh_token'] : ['authorization_code'],
        token_endpoint_auth_method: authMethod,
      },
    ],
    clientAuthMethods: [authMethod],
    jwks: { keys: [{ ...(await exportJWK(privateKey)), alg: 'RS256', use: 'sig' }] },
    cookies: { keys: ['the cookies of a test'] },
    scopes: SCOPES,
    claims: { openid: ['sub'], email: ['email', 'email_verified'], groups: custom },
    conformIdTokenClaims: false,
    issueRefreshToken: () => refreshTokens,
    rotateRefreshToken: true,
    ttl: {
      AccessToken: expiresIn,
      AuthorizationCode: 60,
      Grant: 3600,
      IdToken: 3600,
      Interaction: 60,
      RefreshToken: 3600,
      Session: 3600,
    },
    features: { devInteractions: { enabled: false } },
    interactions: { url: () => '/interaction' },
    findAccount(_context: unknown, accountId: string) {
      const claims = people.get(accountId)
      return claims && { accountId, claims: () => ({ sub: accountId, ...claims }) }
    },
    async loadExistingGrant({ oidc: { client, session } }: Context) {
      const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId })
      grant.addOIDCScope(SCOPES.join(' '))
      await grant.save()
      return grant
    },
  })

  const callback = provider.callback()
  server.on('request', (request, response) => {
    const isInteraction = request.url?.startsWith('/interaction') === true
    const answered = isInteraction
      ? provider.interactionFinished(request, response, { login: { accountId: fake.person } })
      : callback(request, response)
    answered.catch(() => response.destroy())
  })
  const fake: FakeOidc = {
    issuer,
    people,
    person: [...people.keys()][0] ?? '',
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
  return fake
}

// Its warnings are meant for those who run it in earnest.
async function createProvider(issuer: string, configuration: object): Promise<Provider> {
  const { warn } = console
  console.warn = () => undefined
  try {
    const { Provider } = await import('oidc-provider')
    return new Provider(issuer, configuration)
  } finally {
    console.warn = warn
  }
}

/** Follows redirects as a browser does, until they leave for `redirectUri`; answers where they lead. */
export async function followTo(redirectUri: string, start: string): Promise<URL> {
  const cookies = new Map<string, string>()
  let url = new URL(start)
  while (!url.href.startsWith(redirectUri)) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const response = await fetch(url, { redirect: 'manual', headers: { cookie } })
    for (const set of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(set) ?? []
      if (name !== undefined && value !== undefined) cookies.set(name, value)
    }
    const location = response.headers.get('location')
    if (location === null)
      throw new Error(`${url.pathname} did not redirect but said ${response.status} ${await response.text()}`)
    url = new URL(location, url)
  }
  return url
}
