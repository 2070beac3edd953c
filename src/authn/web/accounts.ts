// The people of one provider: their sign-ins, and the docker passwords these yield.
import { hash } from '@node-rs/bcrypt'
import { BackendError } from '../../lib/errors.ts'
import { createGate } from '../../lib/gate.ts'
import { createQueue } from '../../lib/queue.ts'
import { Secret } from '../../lib/secret.ts'
import type { Credentials } from '../../protocol/identity.ts'
import type { Authentication } from '../authenticator.ts'
import { createVerifyHash } from '../tools.ts'
import type { AuthnTools } from '../tools.ts'
import type { Provider, UpstreamTokens } from './provider.ts'
import type { Records } from './records.ts'
import { createConfirm } from './revalidation.ts'
import type { NewPassword, StoredPassword, WebSignIn } from './sign-in.ts'
import type { StoreChoice } from './token-db.ts'

/** What WebSignIn promises, for one provider. */
export interface Accounts {
  authenticate(credentials: Credentials, signal?: AbortSignal): Promise<Authentication>
  signedIn(tokens: UpstreamTokens, signal?: AbortSignal): ReturnType<WebSignIn['signedIn']>
  stored(account: string): Promise<StoredPassword | undefined>
  replace(account: string): Promise<NewPassword | undefined>
  revoke(account: string): Promise<void>
}

const MAX_ACCOUNT_BYTES = 255

// Whoever is signed in may ask for new passwords as often as they like: one account after the other, because everybody's logins
// need the same threads, and one at a time for each account, so that nobody fills the queue alone.
const HASHES = { concurrency: 1, queue: 100, busy: 'too many new passwords at once' }

/** Creates the accounts of a provider whose records are these. */
export function createAccounts(
  provider: Provider,
  records: Records,
  { hashCost, lifetime }: StoreChoice,
  tools: AuthnTools,
): Accounts {
  const { now, log } = tools
  const verify = createVerifyHash(provider.name, tools)
  const hashes = createGate(HASHES)
  const inTurn = createQueue()
  const confirm = createConfirm({ provider, records, lifetime, now, log })

  async function makePassword(
    account: string,
    signal?: AbortSignal,
  ): Promise<{ passwordHash: string; issued: NewPassword }> {
    const password = randomPassword(tools.randomBytes)
    const passwordHash = await inTurn(account, () => hashes.run(() => hash(password.reveal(), hashCost), signal))
    return { passwordHash, issued: { account, password, expiresAt: now() + lifetime } }
  }

  return {
    async authenticate(credentials, signal) {
      const { account } = credentials
      const record = isAccount(account) ? await records.get(account) : undefined
      if (record === undefined) return { outcome: 'no-match' }
      if (!(await verify(credentials, record.passwordHash, signal)))
        return { outcome: 'rejected', reason: 'wrong-password' }
      const confirmed = record.validUntil > now() ? record : await confirm(account)
      // Meanwhile the password may have been replaced.
      if (confirmed?.passwordHash !== record.passwordHash) return { outcome: 'rejected', reason: 'refused' }
      return { outcome: 'accepted', identity: { account, labels: confirmed.labels, labelsArePatterns: false } }
    },

    async signedIn(tokens, signal) {
      const answer = await provider.profile(tokens, { due: false }, signal)
      if (answer.outcome === 'refused') return answer
      if (answer.outcome === 'revoked') return { outcome: 'refused', reason: 'The sign-in is not valid any more.' }
      const { profile } = answer
      if (!isAccount(profile.account))
        return { outcome: 'refused', reason: 'The name of this account is not one that docker can log in with.' }
      const { passwordHash, issued } = await makePassword(profile.account, signal)
      // Nobody would see it, and the one before would be lost.
      if (signal?.aborted === true) throw new BackendError('the client went away')
      await records.put(profile.account, {
        provider: provider.name,
        passwordHash,
        tokens: profile.tokens,
        labels: profile.labels,
        validUntil: profile.validUntil,
        expiresAt: issued.expiresAt,
      })
      return { outcome: 'stored', issued }
    },

    async stored(account) {
      const record = await records.get(account)
      return record && { expiresAt: record.expiresAt ?? now() + lifetime, validUntil: record.validUntil }
    },

    async replace(account) {
      const { passwordHash, issued } = await makePassword(account)
      const { expiresAt } = issued
      return (await records.update(account, (current) => ({ ...current, passwordHash, expiresAt }))) && issued
    },

    async revoke(account) {
      await records.update(account, () => undefined)
    },
  }
}

// No store is asked for any other name: it could not be written as it is in a key, a log line or a command.
function isAccount(name: string): boolean {
  return /^[^\p{Cc}\p{Cs}]+$/u.test(name) && Buffer.byteLength(name) <= MAX_ACCOUNT_BYTES
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
const LENGTH = 16

/** 95 random bits in docker_auth's form. A byte beyond the last whole alphabet is dropped: it would favour some letters. */
function randomPassword(randomBytes: (size: number) => Buffer): Secret {
  const fair = 256 - (256 % ALPHABET.length)
  let text = ''
  while (text.length < LENGTH)
    text += [...randomBytes(LENGTH)]
      .flatMap((byte) => (byte < fair ? ALPHABET.charAt(byte % ALPHABET.length) : []))
      .join('')
  return new Secret(text.slice(0, LENGTH))
}
