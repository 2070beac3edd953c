// Moves the records of a store from docker_auth's form to ours, or back. An interrupted run is completed by the next.
import { ConfigError } from '../../lib/errors.ts'
import type { RecordStore } from '../../lib/record-store.ts'
import type { Secret } from '../../lib/secret.ts'
import { dockerAuthForm } from './forms.ts'
import type { Form, Owner } from './forms.ts'
import type { Shelf } from './layout.ts'
import { byStore, openStore } from './open-store.ts'
import type { StoreTools } from './open-store.ts'
import type { ProviderName } from './provider.ts'
import type { SignInRecord } from './record.ts'
import type { StoreChoice } from './token-db.ts'

/** The stores of a configuration, by the providers that use them. */
export interface WebStores {
  readonly providers: readonly { readonly name: ProviderName; readonly store: StoreChoice }[]
  readonly secretKey: Secret | undefined
}

/** What became of one store's records. */
export interface Migration {
  readonly store: string
  readonly moved: number
  /** Passwords that had ended, and went. */
  readonly ended: number
  /** Values under record keys that are no records, and stayed as they are. */
  readonly strange: number
}

/** Migrates every store, or undoes it. Nothing may use the stores meanwhile. Throws ConfigError, naming the store, for one that cannot be migrated as it is; that one is untouched. */
export async function* migrateStores(
  { providers, secretKey }: WebStores,
  undo: boolean,
  tools: StoreTools & { readonly now: () => number },
): AsyncGenerator<Migration> {
  for (const [settings, users] of byStore(providers)) {
    const { shelf, release } = await openStore(settings, secretKey, tools)
    try {
      if (shelf.ours && undo) throw new ConfigError(`${shelf.name} is not one that docker_auth can read`)
      yield await migrate(shelf, users, undo, tools.now)
    } finally {
      await release()
    }
  }
}

async function migrate(
  shelf: Shelf,
  users: WebStores['providers'],
  undo: boolean,
  now: () => number,
): Promise<Migration> {
  const { name, store } = shelf
  const [from, to] = undo ? [shelf.sealed, dockerAuthForm] : [dockerAuthForm, shelf.sealed]
  const turned = (await shelf.isMigrated()) !== undo
  const { records, strange } = await collect(store, from)
  const moves = planMoves(records, users, name, to, now())
  for (const { target, record } of moves) {
    // What a run after the turn finds there is newer than what it was to be made of.
    if (turned && (await store.get(target)) !== undefined) continue
    const ttl = record.expiresAt === undefined ? undefined : record.expiresAt - now()
    await store.put(target, to.write(target, record), ttl)
  }
  if (!turned && !shelf.ours) await shelf.setMigrated(!undo)
  for (const { key } of records) await store.delete(key)
  return { store: name, moved: moves.length, ended: records.length - moves.length, strange }
}

interface Found {
  readonly key: string
  readonly owner: Owner
  readonly record: SignInRecord
}

async function collect(
  store: RecordStore,
  form: Form,
): Promise<{ readonly records: readonly Found[]; readonly strange: number }> {
  // A store may give a record twice.
  const records = new Map<string, Found>()
  const strange = new Set<string>()
  for await (const [key, value] of store.entries()) {
    const owner = form.ownerOf(key)
    const record = owner && form.read(key, value)
    if (owner !== undefined && record !== undefined) records.set(key, { key, owner, record })
    else if (owner !== undefined) strange.add(key)
  }
  return { records: [...records.values()], strange: strange.size }
}

/** Where each record that has not ended goes. Those of docker_auth, which have no end, get one. */
function planMoves(
  records: readonly Found[],
  users: WebStores['providers'],
  name: string,
  to: Form,
  now: number,
): { readonly target: string; readonly record: SignInRecord }[] {
  const targets = new Map<string, SignInRecord>()
  for (const { owner, record } of records) {
    if (record.expiresAt !== undefined && record.expiresAt <= now) continue
    const provider = owner.provider ?? record.provider ?? soleProvider(users, name)
    const lifetime = users.find((user) => user.name === provider)?.store.lifetime
    const expiresAt = record.expiresAt ?? (lifetime === undefined ? undefined : now + lifetime)
    const target = to.keyOf(provider, owner.account)
    if (targets.has(target))
      throw new ConfigError(
        `${name}: ${owner.account} signed in with more than one provider, and docker_auth can keep one record of them: revoke the others first`,
      )
    targets.set(target, { ...record, provider, expiresAt })
  }
  return [...targets].map(([target, record]) => ({ target, record }))
}

// docker_auth's records do not say which provider wrote them.
function soleProvider(users: WebStores['providers'], name: string): ProviderName {
  const [only, ...others] = users
  if (only !== undefined && others.length === 0) return only.name
  throw new ConfigError(
    `${name} holds records that docker_auth wrote for one provider: configure that one alone, migrate, and add the others then`,
  )
}
