// The back ends, asked one after the other.
import type { Logger } from '../lib/logger.ts'
import type { Credentials } from '../protocol/identity.ts'
import type { Authentication, Authenticator } from './authenticator.ts'

/** When the chain goes on although a back end had an opinion or an outage. */
export interface ChainOptions {
  readonly onWrongPassword: 'stop' | 'continue'
  readonly onError: 'stop' | 'continue'
}

/**
 * Asks in order: `no-match` passes on, the first opinion decides, no opinion is `no-match`. Where the options say `continue`, a
 * wrong password (never a refusal) and an outage pass on, too; when nobody then accepts, an outage is still an outage.
 * `pretend` takes the time a wrong password takes; it runs where nobody knew the account.
 */
export function createChain(
  backends: readonly Authenticator[],
  options: ChainOptions,
  pretend: (credentials: Credentials, signal?: AbortSignal) => Promise<void>,
  log: Logger,
): Authenticator['authenticate'] {
  return async (credentials, signal): Promise<Authentication> => {
    // A password without an account is a mangled credential (containerd sends identity tokens so), never an anonymous one.
    if (credentials.account === '' && credentials.password.reveal() !== '')
      return { outcome: 'rejected', reason: 'refused' }
    const outages: unknown[] = []
    let wrong = false
    for (const backend of backends) {
      let answer: Authentication
      try {
        answer = await backend.authenticate(credentials, signal)
      } catch (error) {
        if (options.onError === 'stop' || signal?.aborted === true) throw error
        log.error({ backend: backend.name, err: error }, 'the back end failed; the next one is asked')
        outages.push(error)
        continue
      }
      if (answer.outcome === 'no-match') continue
      if (answer.outcome === 'accepted') return answer
      if (answer.reason === 'refused' || options.onWrongPassword === 'stop') return unlessOutage(outages, answer)
      wrong = true
    }
    if (wrong) return unlessOutage(outages, { outcome: 'rejected', reason: 'wrong-password' })
    if (credentials.account !== '' && outages.length === 0) await pretend(credentials, signal)
    return unlessOutage(outages, { outcome: 'no-match' })
  }
}

// Whoever was not asked might have let them in: that is no denial.
function unlessOutage(outages: readonly unknown[], answer: Authentication): Authentication {
  if (outages.length > 0) throw outages[0]
  return answer
}
