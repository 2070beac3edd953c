// Signs grants. The hottest path of the token server: constants are written once, the rest is concatenated.
import { sign } from 'node:crypto'
import type { Logger } from '../lib/logger.ts'
import type { ResourceActions } from '../protocol/scope.ts'
import { digestOf } from './algorithms.ts'
import type { Signer } from './grant.ts'
import { createHeader } from './header.ts'
import type { SigningKey } from './keys.ts'

// Registries' clocks may be a little behind ours.
const BACKDATED_SECONDS = 10

export interface SignerOptions {
  readonly key: SigningKey
  readonly issuer: string
  /** How long a token is good for, in seconds; 60 at least, because clients may assume that much. */
  readonly expiration: number
  /** Whether tokens carry the certificate chain. */
  readonly x5c: boolean
  readonly keyId: string
  /** Milliseconds since the epoch. */
  readonly now: () => number
  readonly randomId: () => string
  readonly log: Logger
}

/** A signer of JWTs as registries read them. https://distribution.github.io/distribution/spec/auth/jwt/ */
export function createSigner({ key, issuer, expiration, now, randomId, ...rest }: SignerOptions): Signer {
  const header = createHeader({ key, ...rest })
  header(now()) // says at start what is wrong with the certificate
  const signature = createSignature(key)
  const beginning = `{"iss":${JSON.stringify(issuer)},"sub":`

  return {
    async sign(grant, service) {
      const at = now()
      const issuedAt = Math.floor(at / 1000)
      const claims =
        `${beginning}${JSON.stringify(grant.account)},"aud":${JSON.stringify(service)}` +
        `,"exp":${issuedAt + expiration},"nbf":${issuedAt - BACKDATED_SECONDS},"iat":${issuedAt}` +
        `,"jti":${JSON.stringify(randomId())},"access":[${grant.access.map(formatAccess).join(',')}]}`
      const input = header(at) + Buffer.from(claims).toString('base64url')
      const token = `${input}.${(await signature(Buffer.from(input, 'latin1'))).toString('base64url')}`
      return { token, expiresIn: expiration, issuedAt }
    },
  }
}

function formatAccess({ type, class: resourceClass, name, actions }: ResourceActions): string {
  const optional = resourceClass === undefined ? '' : `,"class":${JSON.stringify(resourceClass)}`
  return `{"type":${JSON.stringify(type)}${optional},"name":${JSON.stringify(name)},"actions":${JSON.stringify(actions)}}`
}

// On the thread pool for every algorithm: measured behind HTTP, the main thread is the better place for none of them.
function createSignature({ algorithm, privateKey }: SigningKey): (input: Buffer) => Promise<Buffer> {
  const digest = digestOf(algorithm)
  // JWS wants r and s side by side, not DER: https://www.rfc-editor.org/rfc/rfc7518#section-3.4
  const key = { key: privateKey, dsaEncoding: 'ieee-p1363' } as const
  return (input) =>
    new Promise((resolve, reject) => {
      sign(digest, input, key, (error, signature) => {
        if (error === null) resolve(signature)
        else reject(error)
      })
    })
}
