// The two forms in which a store holds records: docker_auth's (`t:ACCOUNT`, in clear) and, after `store migrate`, the provider's (sealed).
import { PROVIDER_NAMES } from './provider.ts'
import type { ProviderName } from './provider.ts'
import { formatRecord, parseRecord } from './record.ts'
import type { SignInRecord } from './record.ts'
import type { Seal } from './sealing.ts'

/** Whose record stands under a key, as far as the key says. */
export interface Owner {
  readonly provider: ProviderName | undefined
  readonly account: string
}

/** How records stand in a store. */
export interface Form {
  keyOf(provider: ProviderName, account: string): string
  /** Undefined for a key that is not of this form. */
  ownerOf(key: string): Owner | undefined
  write(key: string, record: SignInRecord): Uint8Array
  /** Undefined for a value that is not of this form, or was sealed with another key or under another name. */
  read(key: string, value: Uint8Array): SignInRecord | undefined
}

/** docker_auth's form: one record per account, whichever provider it came from. */
export const dockerAuthForm: Form = {
  keyOf: (_provider, account) => `t:${account}`,
  ownerOf: (key) => (key.startsWith('t:') ? { provider: undefined, account: key.slice(2) } : undefined),
  write: (_key, record) => formatRecord(record),
  read: (_key, value) => parseRecord(value),
}

/** Our form: one record per provider and account, sealed under its key. No key of docker_auth begins like these. */
export function createSealedForm({ seal, unseal }: Seal): Form {
  return {
    keyOf: (provider, account) => `registry-auth:${provider}:${account}`,
    ownerOf(key) {
      const [, name, account] = /^registry-auth:([a-z]+):([^]*)$/.exec(key) ?? []
      const provider = PROVIDER_NAMES.find((known) => known === name)
      return provider === undefined || account === undefined ? undefined : { provider, account }
    },
    write: (key, record) => seal(key, formatRecord(record)),
    read(key, value) {
      const json = unseal(key, value)
      return json === undefined ? undefined : parseRecord(json)
    },
  }
}
