// One token request as it comes over HTTP, read once into a TokenRequest. auth/ knows the rooms but none of their back ends.
// https://distribution.github.io/distribution/spec/auth/token/ and …/oauth/
import type { IncomingMessage } from 'node:http'
import type { ClientAddress } from '../lib/client-address.ts'
import { ApiError } from '../lib/errors.ts'
import { Secret } from '../lib/secret.ts'
import type { Credentials } from '../protocol/identity.ts'
import { parseScope } from '../protocol/scope.ts'
import type { ResourceActions } from '../protocol/scope.ts'
import { readForm } from './form.ts'

/** What a client asks of the token endpoint. */
export interface TokenRequest {
  readonly credentials: Credentials
  readonly service: string
  readonly scopes: readonly ResourceActions[]
  readonly ip: string
}

const MAX_SCOPES = 100
const NOBODY: Credentials = { account: '', password: new Secret('') }

/** Reads a GET or POST. Throws ApiError for everything a client can get wrong. */
export async function readTokenRequest(request: IncomingMessage, clientAddress: ClientAddress): Promise<TokenRequest> {
  const query = new URLSearchParams(queryOf(request.url ?? ''))
  const form = request.method === 'POST' ? await readForm(request) : undefined
  const ip = clientAddress(request)
  if (ip === undefined) throw badRequest('the client address is missing or malformed')
  if (form !== undefined) refuseOtherGrants(form)
  const basic = readBasic(request.headers.authorization)
  const credentials = basic ?? (form === undefined ? NOBODY : readGrant(form))
  // Only credentials make a user; an `account` that contradicts them is an error, and without them it means nothing.
  const account = form?.get('account') ?? query.get('account') ?? ''
  if (credentials !== NOBODY && account !== '' && account !== credentials.account) {
    throw badRequest('account is not the authenticated user')
  }
  return {
    credentials,
    service: form?.get('service') ?? query.get('service') ?? '',
    scopes: readScopes([...(form?.getAll('scope') ?? []), ...query.getAll('scope')]),
    ip,
  }
}

/** The path of a request target, without the query. */
export function pathOf(target: string): string {
  const end = target.search(/[?#]/)
  return end < 0 ? target : target.slice(0, end)
}

function queryOf(target: string): string {
  const start = target.indexOf('?')
  return start < 0 ? '' : target.slice(start + 1)
}

function readScopes(values: readonly string[]): ResourceActions[] {
  if (values[0] === undefined || values[0] === '') return []
  const texts = values.flatMap((value) => value.split(' ')).filter((text) => text !== '')
  if (texts.length > MAX_SCOPES) throw badRequest(`more than ${MAX_SCOPES} scopes`)
  return texts.map((text) => {
    const scope = parseScope(text)
    if (scope === undefined) throw badRequest(`invalid scope: ${JSON.stringify(text.slice(0, 200))}`)
    return scope
  })
}

/** RFC 7617. What cannot be decoded is no credentials, as in docker_auth; so is `Basic :`, which some clients send for nobody. */
function readBasic(header: string | undefined): Credentials | undefined {
  const [matched, encoded] = /^basic +(\S*)$/i.exec(header ?? '') ?? []
  if (matched === undefined || encoded === undefined) return undefined
  if (encoded.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(encoded)) return undefined
  const decoded = decodeUtf8(Buffer.from(encoded, 'base64'))
  const colon = decoded.indexOf(':')
  if (colon < 0 || decoded === ':') return undefined
  return { account: decoded.slice(0, colon), password: new Secret(decoded.slice(colon + 1)) }
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function decodeUtf8(bytes: Buffer): string {
  try {
    return UTF8.decode(bytes)
  } catch (error) {
    throw new ApiError(400, { text: 'Bad request: credentials are not UTF-8' }, { cause: error })
  }
}

/** What is asked for with another grant is never answered with what this one gives. */
function refuseOtherGrants(form: URLSearchParams): void {
  if (!['', 'password', null].includes(form.get('grant_type'))) {
    throw oauthError('unsupported_grant_type', 'only grant_type=password is supported')
  }
}

/** The body's credentials. Never read from the query, which ends up in access logs. */
function readGrant(form: URLSearchParams): Credentials {
  const account = form.get('username') ?? ''
  const password = form.get('password') ?? ''
  if (account !== '' && password !== '') return { account, password: new Secret(password) }
  if (form.get('grant_type') === 'password' || account !== '' || password !== '') {
    throw oauthError('invalid_request', 'username and password must both be given')
  }
  return NOBODY
}

function badRequest(reason: string): ApiError {
  return new ApiError(400, { text: `Bad request: ${reason}` })
}

/** RFC 6749 section 5.2. */
function oauthError(error: string, description: string): ApiError {
  return new ApiError(400, { json: { error, error_description: description } }, { reason: `${error}: ${description}` })
}
