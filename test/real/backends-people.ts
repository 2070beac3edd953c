// Somebody in each kind of back end: alice, one of the developers.
import { hashSync } from '@node-rs/bcrypt'
import { writeFileSync } from 'node:fs'
import { MongoClient } from 'mongodb'
import { openRecordStore } from '../../src/lib/record-stores.ts'
import type { StoreSettings } from '../../src/lib/record-stores.ts'
import type { Backend } from './backends.ts'
import type { Draft } from './draft.ts'
import { passwordOf } from './ldap-people.ts'
import type { Mongo } from './mongo.ts'
import type { Slapd } from './slapd.ts'

export const account = 'alice'
export const password = 'alice-password'

/** Of the lowest cost. */
export const hash = hashSync(password, 4)

const teams = ['developers']
const alice = { account, password }

/** alice of the section `users`. */
export const inUsers = (): Backend => ({
  ...alice,
  sections: { users: { alice: { password: hash, labels: { team: teams } } } },
})

/** The keys of `ldap_auth` that a directory filled with the LDAP suites' people takes, for a service account that searches. */
export const inDirectory = (
  draft: Draft,
  { url, baseDn }: Pick<Slapd, 'url' | 'baseDn'>,
  changes: object = {},
): Backend => {
  writeFileSync(draft.at('ldap-password'), 'searcher-password\n')
  const section = {
    addr: url,
    base: baseDn,
    filter: '(&(uid=${account})(objectClass=inetOrgPerson))',
    bind_dn: `cn=searcher,ou=services,${baseDn}`,
    bind_password_file: 'ldap-password',
    groups: { label: 'team' },
    ...changes,
  }
  return { account, password: passwordOf(account), sections: { ldap_auth: section } }
}

/** alice's document, put into the database. */
export const inMongo = async ({ uri, host, port, database }: Mongo): Promise<Backend> => {
  const client = new MongoClient(uri)
  await client
    .db(database)
    .collection('users')
    .insertOne({ username: account, password: hash, labels: { team: teams } })
  await client.close()
  const dial = { addrs: [`${host}:${port}`], timeout: '3s', failfast: true, database }
  return { ...alice, sections: { mongo_auth: { dial_info: dial, collection: 'users' } } }
}

/** What docker_auth keeps of a sign-in of alice at GitHub; it is confirmed until `validUntil`. */
export const recordOf = (validUntil: number, accessToken = 'gho_1'): object => ({
  token_type: 'bearer',
  access_token: accessToken,
  valid_until: new Date(validUntil).toISOString(),
  docker_password: hash,
  labels: { teams },
})

/** Puts a record into a store that nobody else has open, as docker_auth does. */
export const putRecord = async (settings: StoreSettings, record: object, owner: string = account): Promise<void> => {
  const store = await openRecordStore(settings)
  await store.put(`t:${owner}`, Buffer.from(JSON.stringify(record)))
  await store.close()
}

/** `github_auth` with this store. */
export const signedInAtGithub = (store: object, more: object = {}): Backend => ({
  ...alice,
  sections: { github_auth: { client_id: 'id', client_secret: 'secret', ...store, ...more } },
})

/** alice in a LevelDB folder, signed in with a provider of these further keys; by default there is nothing to confirm for an hour. */
export const inLevelDb = async (
  draft: Draft,
  { keys = {}, record = recordOf(Date.now() + 3600e3) }: { readonly keys?: object; readonly record?: object } = {},
): Promise<Backend> => {
  await putRecord({ kind: 'level', path: draft.at('level') }, record)
  return signedInAtGithub({ level_token_db: { path: 'level' } }, keys)
}

/** The settings of one Redis, as the configuration's reader makes them. */
export const redisSettings = (address: string, limitMs = 2000): StoreSettings => {
  const [host = '', port] = address.split(':')
  return {
    kind: 'redis',
    servers: [{ host, port: Number(port) }],
    cluster: undefined,
    password: undefined,
    database: 0,
    connectTimeout: limitMs,
    commandTimeout: limitMs,
    retries: { count: 0, least: 0, most: 0 },
    tls: undefined,
  }
}

/** `secret_key_file`, which a store that replicas share requires. */
export const withSecretKey = (draft: Draft): object => {
  writeFileSync(draft.at('secret-key'), 'k'.repeat(40))
  return { secret_key_file: 'secret-key' }
}

/** alice in Redis. */
export const inRedis = async (draft: Draft, address: string): Promise<Backend> => {
  await putRecord(redisSettings(address), recordOf(Date.now() + 3600e3))
  const { sections } = signedInAtGithub({
    redis_token_db: { redis_options: { addr: address, dialtimeout: '2s', readtimeout: '2s' } },
  })
  return { ...alice, sections: { ...sections, ...withSecretKey(draft) } }
}
