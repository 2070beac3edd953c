// Google on this machine: OpenID Connect with Google's paths and claims.
// https://developers.google.com/identity/openid-connect/openid-connect
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import type { JWTPayload } from 'jose'
import { CLIENT, createOauth } from './oauth.ts'
import type { Oauth } from './oauth.ts'
import { startFakeServer } from './server.ts'
import type { FakeServer } from './server.ts'

export interface GooglePerson {
  readonly email: string
  readonly email_verified: boolean
  /** The Workspace domain; private accounts have none. */
  readonly hd?: string
}

export interface FakeGoogle extends FakeServer {
  readonly oauth: Oauth
  /** By subject; tests change it. */
  readonly people: Map<string, GooglePerson>
  /** An ID token with these claims in place of the usual ones, signed by another key if `forged`. */
  idToken(claims: JWTPayload, forged?: boolean): Promise<string>
}

const [ours, foreign] = [await generateKeyPair('RS256'), await generateKeyPair('RS256')]

/** Starts it. Tokens live an hour; refresh tokens stay. */
export async function startFakeGoogle(people: Readonly<Record<string, GooglePerson>>): Promise<FakeGoogle> {
  const known = new Map(Object.entries(people))
  const kid = 'the-key'
  const oauth = createOauth({
    refusal: 400,
    expiresIn: 3599,
    extra: async (sub, asked) => ({
      id_token: await idToken({ sub, ...known.get(sub), ...(asked.has('nonce') ? { nonce: asked.get('nonce') } : {}) }),
    }),
  })

  const server = await startFakeServer(async (request, url) => {
    switch (`${request.method} ${request.url.pathname}`) {
      case 'GET /.well-known/openid-configuration':
        return {
          json: {
            issuer: url,
            authorization_endpoint: `${url}/o/oauth2/v2/auth`,
            token_endpoint: `${url}/token`,
            userinfo_endpoint: `${url}/v1/userinfo`,
            jwks_uri: `${url}/oauth2/v3/certs`,
            id_token_signing_alg_values_supported: ['RS256'],
            token_endpoint_auth_methods_supported: ['client_secret_post', 'client_secret_basic'],
          },
        }
      case 'GET /o/oauth2/v2/auth':
        return oauth.authorize(request)
      case 'POST /token':
        return oauth.token(request)
      case 'GET /oauth2/v3/certs':
        return { json: { keys: [{ ...(await exportJWK(ours.publicKey)), kid, alg: 'RS256', use: 'sig' }] } }
      case 'GET /v1/userinfo': {
        const sub = oauth.bearer(request)?.person
        const person = known.get(sub ?? '')
        return person === undefined
          ? { status: 401, headers: { 'www-authenticate': 'Bearer error="invalid_token"' }, json: {} }
          : { json: { sub, ...person } }
      }
      default:
        return undefined
    }
  })

  function idToken(claims: JWTPayload, forged = false): Promise<string> {
    return new SignJWT({ iss: server.url, aud: CLIENT.clientId, ...claims })
      .setProtectedHeader({ alg: 'RS256', kid })
      .setIssuedAt(claims.iat)
      .setExpirationTime(claims.exp ?? '1h')
      .sign(forged ? foreign.privateKey : ours.privateKey)
  }
  return { ...server, oauth, people: known, idToken }
}
