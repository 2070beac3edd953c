// The docker passwords of people who signed in with a browser; all providers are asked as one group.
import { BackendError, ConfigError } from '../../lib/errors.ts'
import { createQueue } from '../../lib/queue.ts'
import type { RecordStore } from '../../lib/record-store.ts'
import type { StoreSettings } from '../../lib/record-stores.ts'
import type { Secret } from '../../lib/secret.ts'
import type { Authentication } from '../authenticator.ts'
import type { AuthnTools } from '../tools.ts'
import { createAccounts } from './accounts.ts'
import type { Accounts } from './accounts.ts'
import { createLayout } from './layout.ts'
import { byStore, openStore } from './open-store.ts'
import type { OpenStore } from './open-store.ts'
import { PROVIDER_NAMES } from './provider.ts'
import type { Provider, ProviderName } from './provider.ts'
import { createRecords } from './records.ts'
import { deriveKey } from './secret-key.ts'
import type { WebSignIn } from './sign-in.ts'
import type { StoreChoice } from './token-db.ts'

/** The providers that are configured, each with its store, and the secret of `secret_key_file`. */
export interface WebSettings {
  readonly providers: readonly { readonly provider: Provider; readonly store: StoreChoice }[]
  readonly secretKey: Secret | undefined
}

/** Opens the stores, and checks passwords against their records. Throws ConfigError, holding nothing, for a store that answers and cannot be used. */
export async function createWebSignIn({ providers, secretKey }: WebSettings, tools: AuthnTools): Promise<WebSignIn> {
  const opened: OpenStore[] = []
  const checks: Check[] = []
  const accounts = new Map<ProviderName, Accounts>()
  const release = async (): Promise<void> => {
    for (const store of opened.splice(0)) await store.release()
  }
  try {
    for (const [settings, users] of byStore(providers)) {
      const open = await openStore(settings, secretKey, tools)
      opened.push(open)
      checks.push(await openAccounts(open, settings, users, tools, accounts))
    }
  } catch (error) {
    await release()
    throw error
  }

  const of = (name: ProviderName): Accounts => {
    const found = accounts.get(name)
    if (found === undefined) throw new Error(`${name} is not configured`)
    return found
  }
  const inOrder = PROVIDER_NAMES.flatMap((name) => accounts.get(name) ?? [])
  const [first] = opened
  if (first === undefined) throw new Error('no provider is configured')

  return {
    name: PROVIDER_NAMES.filter((name) => accounts.has(name))
      .map((name) => `${name}_auth`)
      .join(', '),
    cookieKey: deriveKey(first.secret, 'cookie'),
    async authenticate(credentials, signal) {
      let answer: Authentication = { outcome: 'no-match' }
      for (const people of inOrder) {
        const next = await people.authenticate(credentials, signal)
        // Another provider's account of this name may have the password.
        if (next.outcome === 'accepted' || (next.outcome === 'rejected' && next.reason === 'refused')) return next
        if (next.outcome === 'rejected') answer = next
      }
      return answer
    },
    signedIn: (provider, tokens, signal) => of(provider).signedIn(tokens, signal),
    stored: (provider, account) => of(provider).stored(account),
    replace: (provider, account) => of(provider).replace(account),
    revoke: (provider, account) => of(provider).revoke(account),
    async check(signal) {
      await Promise.all(checks.map((check) => check(signal)))
    },
    close: release,
  }
}

type Check = (signal: AbortSignal) => Promise<void>

// How long a start waits for a store across the network, which may be down: then it is asked when it is needed.
const START_MS = 2000

/** Adds the accounts of one store, and answers how to tell that it can be used. */
async function openAccounts(
  { shelf }: OpenStore,
  settings: StoreSettings,
  users: WebSettings['providers'],
  tools: AuthnTools,
  accounts: Map<ProviderName, Accounts>,
): Promise<Check> {
  const { store } = shelf
  const layout = createLayout(shelf, users.length)
  const inTurn = createQueue()
  if (settings.kind === 'level' || (!shelf.ours && (await answers(store)))) await atStart(layout.refresh())
  for (const { provider, store: choice } of users) {
    const records = createRecords({ provider: provider.name, store, layout, inTurn, now: tools.now })
    accounts.set(provider.name, createAccounts(provider, records, choice, tools))
    // No other kind keeps what has ended.
    if (settings.kind === 'level') await atStart(records.sweep())
  }
  return async (signal) => {
    await store.check(signal)
    await layout.refresh()
  }
}

function answers(store: RecordStore): Promise<boolean> {
  return store.check(AbortSignal.timeout(START_MS)).then(
    () => true,
    () => false,
  )
}

async function atStart(work: Promise<unknown>): Promise<void> {
  try {
    await work
  } catch (error) {
    throw error instanceof BackendError ? new ConfigError(error.message, { cause: error }) : error
  }
}
