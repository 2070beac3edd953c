// The token endpoint over real HTTP, composed as app.ts does, with a signer that shows what it was given.
import { hashSync } from '@node-rs/bcrypt'
import { createServer } from 'node:http'
import type { RequestListener, Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createTokenHandler } from '../../src/auth/handler.ts'
import { createIssuer } from '../../src/auth/issuer.ts'
import type { IssuerParts } from '../../src/auth/issuer.ts'
import { createChain } from '../../src/authn/index.ts'
import { createUsersAuthenticator } from '../../src/authn/users.ts'
import { createAclAuthorizer, createAuthorizer, compileAcl } from '../../src/authz/index.ts'
import type { AclConfig } from '../../src/authz/index.ts'
import { createClientAddress } from '../../src/lib/client-address.ts'
import type { ClientAddressOptions } from '../../src/lib/client-address.ts'
import { writeError } from '../../src/middleware.ts'
import type { Grant, Signer } from '../../src/token/index.ts'
import type { Place } from './http.ts'
import { authnTools } from './authn-tools.ts'
import { createRecorder } from './recorder.ts'
import type { Recorder } from './recorder.ts'

/** What the stub signer puts into a "token". */
export interface Shown {
  readonly grant: Grant
  readonly service: string
}

export interface TokenServer extends Recorder {
  readonly place: Place
  close(): Promise<void>
}

export const ISSUED_AT = 1_700_000_000
export const ISSUER = 'test issuer'

/** Signs nothing: the token is the grant in base64url. */
export const showingSigner: Signer = {
  sign: (grant, service) =>
    Promise.resolve({
      token: Buffer.from(JSON.stringify({ grant, service })).toString('base64url'),
      expiresIn: 900,
      issuedAt: ISSUED_AT,
    }),
}

/** What a token of the showing signer holds. */
export function shown(token: unknown): Shown {
  return JSON.parse(Buffer.from(String(token), 'base64url').toString('utf8')) as Shown
}

/** alice's password is `secret`, bob's is `pass:word`; everybody else is anonymous. */
export const USERS = {
  '': {},
  alice: { password: hashSync('secret', 4), labels: { team: ['red'] } },
  bob: { password: hashSync('pass:word', 4) },
}

/** alice may do everything, everybody may pull from public/ and list the catalog. */
export const RULES: AclConfig = [
  { match: { account: 'alice' }, actions: ['*'] },
  { match: { type: 'repository', name: 'public/*' }, actions: ['pull'] },
  { match: { type: 'registry', name: 'catalog' }, actions: ['*'] },
]

/** Starts a server; what `options` leaves out is as the constants above say. */
export async function startTokenServer(
  options: Partial<IssuerParts> & { rules?: AclConfig; address?: Partial<ClientAddressOptions> } = {},
): Promise<TokenServer> {
  const recorder = createRecorder()
  const rules = (options.rules ?? RULES).map((entry, index) => ({ entry, position: `rules:${index + 1}` }))
  const tools = authnTools()
  const { acl } = compileAcl(rules)
  if (acl === undefined) throw new Error('the rules of this test are wrong')
  const issue = createIssuer({
    realm: ISSUER,
    authenticate: createChain(
      [createUsersAuthenticator(USERS, tools)],
      { onWrongPassword: 'stop', onError: 'stop' },
      ({ password }, signal) => tools.passwords.pretend(password, signal),
      recorder.log,
    ),
    authorize: createAuthorizer([createAclAuthorizer(acl, Date.now)]),
    mentions: (label) => acl.labels.has(label),
    signer: showingSigner,
    log: recorder.log,
    ...options,
  })
  const clientAddress = createClientAddress({
    realIpHeader: undefined,
    realIpPos: 0,
    isTrusted: undefined,
    ...options.address,
  })
  const handle = createTokenHandler({ issue, clientAddress, log: recorder.log })
  const listener: RequestListener = (request, response) => {
    handle(request, response).catch((error: unknown) => writeError(request, response, error, 'token', recorder.log))
  }
  const server = createServer(listener).on('checkContinue', listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { ...recorder, place: placeOf(server), close: () => closeServer(server) }
}

export function placeOf(server: Server): Place {
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port }
}

export function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
