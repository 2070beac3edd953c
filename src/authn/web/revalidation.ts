// Asks a provider again about records that are due: one question per account at a time, however many wait for its answer, on whatever replica.
import { setTimeout as sleep } from 'node:timers/promises'
import { BackendError } from '../../lib/errors.ts'
import type { Logger } from '../../lib/logger.ts'
import type { Provider, UpstreamTokens } from './provider.ts'
import type { SignInRecord } from './record.ts'
import type { Records } from './records.ts'

/** The account's record once its provider has confirmed it, or undefined when the account is not welcome any more. Throws BackendError on an outage. */
export type Confirm = (account: string) => Promise<SignInRecord | undefined>

// How often, in ms, and how many times a replica looks whether another one has its answer.
const LOOK_AGAIN_MS = 100
const MAX_LOOKS = 100

/** Creates it. A record of docker_auth's gets its provider, and an end `lifetime` ms later, at its first confirmation. */
export function createConfirm(parts: {
  readonly provider: Provider
  readonly records: Records
  readonly lifetime: number
  readonly now: () => number
  readonly log: Logger
}): Confirm {
  const { provider, records, lifetime, now, log } = parts
  const asking = new Map<string, Promise<SignInRecord | undefined>>()

  // Two replicas must not use one refresh token: the second use is refused, and often ends the whole session (RFC 9700, section 4.14.2).
  async function askAlone(account: string): Promise<SignInRecord | undefined> {
    for (let looks = 0; looks < MAX_LOOKS; looks++) {
      const current = await records.get(account)
      if (current === undefined || current.validUntil > now()) return current
      const answer = await records.alone(account, () => ask(account))
      if (answer !== undefined) return answer.value
      await sleep(LOOK_AGAIN_MS)
    }
    throw new BackendError(`another replica has been asking ${provider.name} about an account for too long`)
  }

  // No client's signal ends this: others wait for the answer, and a refresh token that was used must be followed by the next.
  async function ask(account: string): Promise<SignInRecord | undefined> {
    const asked = await records.get(account)
    if (asked === undefined || asked.validUntil > now()) return asked
    const answer = await provider.profile(asked.tokens, { due: true })
    if (answer.outcome === 'known' && answer.profile.account === account) {
      const { tokens, labels, validUntil } = answer.profile
      return records.update(account, (current) =>
        areSame(current.tokens, asked.tokens)
          ? {
              ...current,
              provider: provider.name,
              tokens,
              labels,
              validUntil,
              expiresAt: current.expiresAt ?? now() + lifetime,
            }
          : current,
      )
    }
    // Meanwhile somebody may have signed in anew.
    const current = await records.get(account)
    if (current !== undefined && current.validUntil > now()) return current
    const reason = answer.outcome === 'known' ? 'the account has another name now' : describe(answer)
    log.info({ provider: provider.name, account, reason }, 'a sign-in is not confirmed any more')
    return undefined
  }

  return (account) => {
    const running = asking.get(account)
    if (running !== undefined) return running
    const answer = askAlone(account).finally(() => asking.delete(account))
    asking.set(account, answer)
    return answer
  }
}

function describe(
  answer: { readonly outcome: 'revoked' } | { readonly outcome: 'refused'; readonly reason: string },
): string {
  return answer.outcome === 'refused' ? answer.reason : 'the provider does not accept its tokens any more'
}

function areSame(one: UpstreamTokens, other: UpstreamTokens): boolean {
  return (
    one.accessToken.reveal() === other.accessToken.reveal() &&
    one.refreshToken?.reveal() === other.refreshToken?.reveal()
  )
}
