// Users in a MongoDB collection, in docker_auth's form: {username, password: bcrypt hash, labels: {name: [value]}}.
import { z } from 'zod'
import { createMongoCollection } from '../lib/mongo.ts'
import type { MongoCollection } from '../lib/mongo.ts'
import { mongoKeys, readMongo } from '../lib/mongo-config.ts'
import { strict } from '../lib/schema.ts'
import { defineSection } from '../lib/section.ts'
import type { Authenticator } from './authenticator.ts'
import { createVerifyHash } from './tools.ts'
import type { AuthnTools } from './tools.ts'
import { UserLabels, problemsOf } from './user-record.ts'

/** `mongo_auth`: `dial_info` or `uri`, and `collection`. */
export const MongoAuthConfig = strict(mongoKeys)
export type MongoAuthConfig = z.infer<typeof MongoAuthConfig>

// Whoever wrote the document was not bound to a schema: what does not fit admits nobody. A null is no labels, but not "no password".
const User = z.object({
  username: z.string(),
  password: z.string().optional(),
  labels: UserLabels.nullish(),
})

export const mongo = defineSection({
  section: 'mongo_auth',
  schema: MongoAuthConfig,
  read(config, reading) {
    reading.report.warning([], 'a user whose document has no password is let in with any password')
    return readMongo(config, reading)
  },
  async open(settings, tools: AuthnTools) {
    return createMongoAuthenticator(createUserDocuments(await createMongoCollection(settings)), tools)
  },
})

const FIELDS = { projection: { _id: 0, username: 1, password: 1, labels: 1 } } as const

/** The documents of users. */
export interface UserDocuments extends Pick<MongoCollection<object>, 'check' | 'close'> {
  /** Those of this account: none, one, or, where no index keeps names apart, a second one. Throws BackendError. */
  find(account: string, signal?: AbortSignal): Promise<readonly unknown[]>
}

/** Finds users in a collection. */
export function createUserDocuments(users: MongoCollection<object>): UserDocuments {
  return {
    // The account stands behind $eq as a string, whatever it says, so it is never an operator.
    find: (account, signal) =>
      users.run(
        (collection) =>
          collection
            .find({ username: { $eq: account } }, { ...FIELDS, limit: 2, maxTimeMS: users.maxTimeMS })
            .toArray(),
        signal,
      ),
    check: (signal) => users.check(signal),
    close: () => users.close(),
  }
}

/** Knows the users of these documents. */
export function createMongoAuthenticator(documents: UserDocuments, tools: AuthnTools): Authenticator {
  const verify = createVerifyHash('mongo_auth', tools)
  return {
    name: 'mongo_auth',
    async authenticate(credentials, signal) {
      const { account } = credentials
      const refused = (why: string): { outcome: 'rejected'; reason: 'refused' } => {
        tools.log.warn({ account }, `mongo_auth: ${why}`)
        return { outcome: 'rejected', reason: 'refused' }
      }
      const [found, second] = await documents.find(account, signal)
      if (found === undefined) return { outcome: 'no-match' }
      if (second !== undefined) return refused('two documents have this username')
      const user = User.safeParse(found)
      if (!user.success) return refused(`the document of this user does not fit: ${problemsOf(user.error)}`)
      const { username, password, labels } = user.data
      // A collation may find others, and BSON has no lone surrogates.
      if (username !== account) return { outcome: 'no-match' }
      if (password !== undefined && !(await verify(credentials, password, signal)))
        return { outcome: 'rejected', reason: 'wrong-password' }
      return { outcome: 'accepted', identity: { account, labels: labels ?? {}, labelsArePatterns: true } }
    },
    check: (signal) => documents.check(signal),
    close: () => documents.close(),
  }
}
