// The JOSE header of issued tokens: built once, and without the certificate chain while that could only do harm.
// https://www.rfc-editor.org/rfc/rfc7515#section-4.1
import type { Logger } from '../lib/logger.ts'
import type { SigningKey } from './keys.ts'
import { validityOf } from './x509.ts'

// A request's headers are capped: many front ends stop at 8 KiB for all of them.
const MAX_CHAIN_CHARACTERS = 3 * 1024
const DAY = 86_400_000
const REMIND_BEFORE = 30 * DAY

export interface HeaderOptions {
  readonly key: SigningKey
  readonly keyId: string
  /** Whether tokens carry the chain. */
  readonly x5c: boolean
  readonly log: Logger
}

/**
 * Answers the encoded header for a token issued at a time (milliseconds), the separating dot included. The chain is left out
 * when it is too long and while the leaf is not valid, because a registry refuses a token whose chain it cannot verify.
 */
export function createHeader({ key, keyId, x5c, log }: HeaderOptions): (at: number) => string {
  const chain = key.chain.map((certificate) => certificate.raw.toString('base64'))
  const plain = encode({ typ: 'JWT', alg: key.algorithm, kid: keyId })
  if (!x5c) return () => plain
  const characters = chain.join('').length
  if (characters > MAX_CHAIN_CHARACTERS) {
    log.warn({ characters, limit: MAX_CHAIN_CHARACTERS }, 'tokens carry no x5c: the certificate chain is too long')
    return () => plain
  }
  const withChain = encode({ typ: 'JWT', alg: key.algorithm, kid: keyId, x5c: chain })
  const validityNow = watchValidity(key, log)
  return (at) => (validityNow(at) === 'valid' ? withChain : plain)
}

type State = 'not yet valid' | 'valid' | 'expired'

// Comparisons only, because every signature asks; warns on each change of state, and daily in the last thirty days.
function watchValidity(key: SigningKey, log: Logger): (at: number) => State {
  const { notBefore, notAfter } = validityOf(key.leaf)
  let last: State = 'valid'
  let remindAt = notAfter - REMIND_BEFORE
  return (at) => {
    const state = at < notBefore ? 'not yet valid' : at > notAfter ? 'expired' : 'valid'
    if (state !== last) {
      last = state
      if (state === 'valid') log.info({}, 'tokens carry x5c again: the certificate is valid')
      else
        log.warn(
          { validFrom: key.leaf.validFrom, validTo: key.leaf.validTo },
          `tokens carry no x5c: the certificate is ${state}`,
        )
    }
    if (state === 'valid' && at >= remindAt) {
      remindAt = at + DAY
      log.warn(
        { validTo: key.leaf.validTo },
        'the certificate of the token key expires soon; registries will then refuse tokens',
      )
    }
    return state
  }
}

function encode(header: object): string {
  return `${Buffer.from(JSON.stringify(header)).toString('base64url')}.`
}
