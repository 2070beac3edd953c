// What outlives a reload, keyed by its configuration and counted: listeners, stores, and the back ends with their pools and children.
import { randomBytes, randomUUID } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { createPasswords } from './authn/index.ts'
import type { Authenticator, AuthnTools, WebSignIn } from './authn/index.ts'
import type { Authorizer, AuthzTools } from './authz/index.ts'
import { formatAddress } from './lib/address.ts'
import { requireFolder } from './lib/file-errors.ts'
import { fingerprint } from './lib/fingerprint.ts'
import type { Logger } from './lib/logger.ts'
import { createPool } from './lib/pool.ts'
import type { Pool } from './lib/pool.ts'
import { openRecordStore } from './lib/record-stores.ts'
import type { StoreSettings } from './lib/record-stores.ts'
import type { Plan } from './lib/section.ts'
import { within } from './lib/within.ts'
import { openListener } from './listener.ts'
import type { Listener, ListenerSettings } from './listener.ts'
import { createDiskStore } from './registry/disk-store.ts'
import type { Store } from './registry/store.ts'

// Some seconds' worth: who would wait longer is better told to come back.
const PASSWORD_QUEUE = 100
// What hangs at its end must not hold up a reload or a stop.
const CLOSE_MS = 10_000

/** A back end and what it is lent; the credential cache is the only thing lent that the configuration decides. */
interface Planned<Part> {
  readonly plan: Plan<AuthnTools, Part>
  readonly cache: AuthnTools['cache']
}

/** The pools of one process. */
export interface Resources {
  readonly listeners: Pool<ListenerSettings, Listener>
  /** Of the embedded registry, by root directory. */
  readonly stores: Pool<string, Store>
  readonly authenticators: Pool<Planned<Authenticator>, Authenticator>
  readonly signIns: Pool<Planned<WebSignIn>, WebSignIn>
  readonly authorizers: Pool<Plan<AuthzTools, Authorizer>, Authorizer>
  /** Shared by everything that checks passwords. */
  readonly passwords: AuthnTools['passwords']
}

/** Creates empty pools. */
export function createResources(log: Logger): Resources {
  const recordStores = createPool({
    key: fingerprint,
    open: openRecordStore,
    close: (store) => within({ what: 'the end of a record store', ms: CLOSE_MS }, () => store.close()),
  })
  // One core is left for signing tokens.
  const passwords = createPasswords({ concurrency: Math.max(1, availableParallelism() - 1), queue: PASSWORD_QUEUE })
  const tools = {
    passwords,
    now: Date.now,
    randomBytes,
    log,
    openStore: (settings: StoreSettings) => recordStores.acquire(settings),
  }

  const backends = <Part extends Authenticator>(): Pool<Planned<Part>, Part> =>
    createPool({
      key: ({ plan, cache }) => `${plan.key} ${fingerprint(cache)}`,
      open: ({ plan, cache }) => plan.open({ ...tools, cache }),
      close: closeBackend,
    })

  return {
    listeners: createPool({
      key: ({ address, tls }) => `${tls === undefined ? 'http' : 'https'} ${formatAddress(address)}`,
      open: (settings) => openListener(settings, log),
      close: (listener) => listener.close(),
    }),
    stores: createPool({
      key: (rootdirectory) => rootdirectory,
      async open(rootdirectory) {
        await requireFolder(rootdirectory, 'change registry.storage.filesystem.rootdirectory')
        return createDiskStore({ rootdirectory, now: Date.now, randomId: randomUUID })
      },
      close: () => Promise.resolve(),
    }),
    authenticators: backends(),
    signIns: backends(),
    authorizers: createPool({
      key: ({ key }) => key,
      open: (plan) => plan.open(tools),
      close: closeBackend,
    }),
    passwords,
  }
}

function closeBackend(backend: Pick<Authenticator | Authorizer, 'name' | 'close'>): Promise<void> {
  return within({ what: `the end of ${backend.name}`, ms: CLOSE_MS }, async () => backend.close?.())
}
