// The records of one provider's accounts. Whoever changes one takes turns; a replica that shares the store may come in between.
import { BackendError } from '../../lib/errors.ts'
import type { Queue } from '../../lib/queue.ts'
import type { RecordStore } from '../../lib/record-store.ts'
import type { Form } from './forms.ts'
import type { Layout } from './layout.ts'
import type { ProviderName } from './provider.ts'
import type { SignInRecord } from './record.ts'

/** Records by account; those that have ended are gone. Everything throws BackendError when the store fails or holds what cannot be read. */
export interface Records {
  get(account: string): Promise<SignInRecord | undefined>
  put(account: string, record: SignInRecord): Promise<void>
  /** Puts what `change` makes of the record as it is now, or deletes it for undefined; answers what is there afterwards. */
  update(
    account: string,
    change: (current: SignInRecord) => SignInRecord | undefined,
  ): Promise<SignInRecord | undefined>
  /** Runs `work` while nobody else who shares the store does so for this account; undefined, without running it, when somebody else does. */
  alone<T>(account: string, work: () => Promise<T>): Promise<{ readonly value: T } | undefined>
  /** Deletes what has ended, for a store that does not do so itself. */
  sweep(): Promise<void>
}

// Longer than a provider may take for all it is asked at once. A replica that dies meanwhile is waited for as long.
const CLAIM_MS = 30_000

/** Creates the records of `provider` in this store. `inTurn` is shared by whoever writes to the store. */
export function createRecords(parts: {
  readonly provider: ProviderName
  readonly store: RecordStore
  readonly layout: Layout
  readonly inTurn: Queue
  readonly now: () => number
}): Records {
  const { provider, store, layout, inTurn, now } = parts

  const isOver = ({ expiresAt }: SignInRecord): boolean => expiresAt !== undefined && expiresAt <= now()

  async function read(form: Form, account: string): Promise<SignInRecord | undefined> {
    const key = form.keyOf(provider, account)
    const value = await store.get(key)
    const record = value === undefined ? undefined : form.read(key, value)
    if (value !== undefined && record === undefined)
      throw new BackendError(`the record ${key} cannot be read: it is damaged, or sealed with another key`)
    return (record?.provider ?? provider) === provider ? record : undefined
  }

  // A record that is not there may have moved: the store was migrated a moment ago.
  async function find(account: string): Promise<SignInRecord | undefined> {
    const form = await layout.current()
    const record = await read(form, account)
    if (record !== undefined) return record
    const again = await layout.refresh()
    return again === form ? undefined : read(again, account)
  }

  async function write(form: Form, account: string, record: SignInRecord): Promise<void> {
    const key = form.keyOf(provider, account)
    const ttl = record.expiresAt === undefined ? undefined : Math.max(1, record.expiresAt - now())
    await store.put(key, form.write(key, record), ttl)
  }

  const update: Records['update'] = (account, change) =>
    inTurn(account, async () => {
      const form = await layout.refresh()
      const current = await read(form, account)
      if (current === undefined) return undefined
      const next = isOver(current) ? undefined : change(current)
      if (next === undefined) await store.delete(form.keyOf(provider, account))
      else if (next !== current) await write(form, account, next)
      return next
    })

  return {
    update,
    async get(account) {
      const record = await find(account)
      return record !== undefined && isOver(record) ? update(account, (current) => current) : record
    },
    put: (account, record) => inTurn(account, async () => write(await layout.refresh(), account, record)),
    async alone(account, work) {
      const giveBack = await store.claim(`registry-auth:claim:${provider}:${account}`, CLAIM_MS)
      if (giveBack === undefined) return undefined
      try {
        return { value: await work() }
      } finally {
        // It ends by itself, too.
        await giveBack().catch(() => undefined)
      }
    },
    async sweep() {
      const form = await layout.current()
      for await (const [key, value] of store.entries()) {
        const owner = form.ownerOf(key)
        const record = owner === undefined ? undefined : form.read(key, value)
        if (owner === undefined || record === undefined || !isOver(record)) continue
        if ((owner.provider ?? record.provider) === provider) await update(owner.account, (current) => current)
      }
    },
  }
}
