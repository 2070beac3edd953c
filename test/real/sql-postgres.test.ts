// Users and rules in PostgreSQL, on a real server, with and without TLS.
import { readFile } from 'node:fs/promises'
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { BackendError } from '../../src/lib/errors.ts'
import { type CertificateFiles, makeCertificate } from './certificate.ts'
import { cleanUp } from './children.ts'
import { postgresRequirement, startPostgres } from './postgres.ts'
import { SLOW, requires } from './requires.ts'
import { ask, closeOpened, openUsers, sqlSuite } from './sql-suite.ts'
import type { SqlServer } from './sql-server.ts'

// As docker_auth's own program makes them when it starts.
const TABLES = `
CREATE TABLE IF NOT EXISTS "xorm_user" ("id" BIGSERIAL PRIMARY KEY NOT NULL, "username" VARCHAR(128) NOT NULL,
  "password_hash" VARCHAR(128) NOT NULL, "labels" JSON NULL);
CREATE TABLE IF NOT EXISTS "xorm_acl_entry" ("acl_entry" TEXT NULL, "seq" BIGINT NULL);`

requires(SLOW, ...postgresRequirement)('PostgreSQL', () => {
  sqlSuite('PostgreSQL', () => startPostgres(), TABLES)
})

requires(...postgresRequirement, 'openssl')('PostgreSQL with TLS', () => {
  let server: SqlServer
  let own: CertificateFiles
  let others: CertificateFiles
  let elsewhere: CertificateFiles
  beforeAll(async () => {
    own = await makeCertificate(['IP:127.0.0.1'])
    others = await makeCertificate()
    server = await startPostgres(own)
    await server.script(await readFile('examples/sql/postgres.sql', 'utf8'))
  })
  afterEach(closeOpened)
  afterAll(cleanUp)

  const answer = async (query: string, on = server): Promise<unknown> => {
    const users = await openUsers(on, on.connection({ query }))
    const found = await ask(users, 'nobody').catch((error: unknown) => error)
    return found
  }

  test.each([
    ['require', 'sslmode=require'],
    ['nothing, which means require', ''],
    ['verify-full and the authority', 'sslmode=verify-full&sslrootcert=OWN'],
    ['verify-ca and the authority', 'sslmode=verify-ca&sslrootcert=OWN'],
    ['disable, where the server allows it', 'sslmode=disable'],
  ])('answers with %s', async (_, query) => {
    expect(await answer(query.replace('OWN', own.certificate))).toEqual({ outcome: 'no-match' })
  })

  test.each([
    ['verify-full and nobody to ask', 'sslmode=verify-full'],
    ['verify-ca and another authority', 'sslmode=verify-ca&sslrootcert=OTHERS'],
    ['require and another authority, which is then asked', 'sslmode=require&sslrootcert=OTHERS'],
  ])('is an outage with %s', async (_, query) => {
    expect(await answer(query.replace('OTHERS', others.certificate))).toBeInstanceOf(BackendError)
  })

  describe('under another name', () => {
    test('is an outage with verify-full, and answers with verify-ca', async () => {
      elsewhere = await makeCertificate(['DNS:localhost', 'IP:127.0.0.2'])
      const other = await startPostgres(elsewhere)
      await other.script(await readFile('examples/sql/postgres.sql', 'utf8'))
      const trusting = `sslrootcert=${elsewhere.certificate}`
      expect(await answer(`sslmode=verify-full&${trusting}`, other)).toBeInstanceOf(BackendError)
      expect(await answer(`sslmode=verify-ca&${trusting}`, other)).toEqual({ outcome: 'no-match' })
    })
  })

  test('is looked for in the schema of the connection string', async () => {
    await server.script('CREATE SCHEMA "other schema"; ALTER TABLE xorm_user SET SCHEMA "other schema"')
    expect(await answer('sslmode=disable')).toBeInstanceOf(BackendError)
    expect(await answer(`sslmode=disable&search_path=${encodeURIComponent('"other schema"')}`)).toEqual({
      outcome: 'no-match',
    })
  })
})
