// Connection strings of Go's drivers, read as those drivers read them; what is said about one never repeats its password.
import { describe, expect, test } from '@jest/globals'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import fc from 'fast-check'
import { strict } from '../../src/lib/schema.ts'
import { readSql, sqlKeys } from '../../src/lib/sql-config.ts'
import type { SqlSettings } from '../../src/lib/sql-settings.ts'
import { useFolder } from '../support/folder.ts'
import { readSection } from '../support/reading.ts'
import type { ReadSection } from '../support/reading.ts'

const Config = strict(sqlKeys)
const folder = useFolder()

const read = (type: string, dsn: string): Promise<ReadSection<SqlSettings>> =>
  readSection(JSON.stringify({ database_type: type, conn_string: dsn }), Config, readSql)

/** The settings without what most of them have in common, the password in the open. */
async function settingsOf(type: string, dsn: string): Promise<unknown> {
  const { settings, problems } = await read(type, dsn)
  if (settings === undefined || settings.kind === 'sqlite') return settings ?? problems
  const { address, user, password, database, tls, connectTimeout, options } = settings
  return { address, user, password: password?.reveal(), database, tls, connectTimeout, options }
}

describe('MySQL', () => {
  const usual = {
    address: { host: 'db', port: 3306 },
    user: 'u',
    password: 'p',
    database: 'd',
    tls: undefined,
    connectTimeout: undefined,
    options: '',
  }

  test.each([
    ['u:p@tcp(db:3306)/d', {}],
    ['u:p@tcp(db)/d', {}],
    ['u:p@tcp(db:3307)/d', { address: { host: 'db', port: 3307 } }],
    ['u:p@tcp([::1]:3307)/d', { address: { host: '::1', port: 3307 } }],
    ['u:p@tcp([::1])/d', { address: { host: '::1', port: 3306 } }],
    ['u:p@/d', { address: { host: '127.0.0.1', port: 3306 } }],
    ['u:p@tcp/d', { address: { host: '127.0.0.1', port: 3306 } }],
    ['u:p@unix(/run/my sql.sock)/d', { address: { path: '/run/my sql.sock', port: 0 } }],
    ['u@tcp(db)/d', { password: undefined }],
    ['u:@tcp(db)/d', { password: '' }],
    ['u:p:q@r/s(t)?x=%41@tcp(db)/d', { password: 'p:q@r/s(t)?x=%41' }],
    ['u:p@tcp(db)/d%20e', { database: 'd e' }],
    ['u:p@tcp(db)/d?tls=true', { tls: { verify: 'name' } }],
    ['u:p@tcp(db)/d?tls=skip-verify', { tls: { verify: 'nothing' } }],
    ['u:p@tcp(db)/d?tls=preferred', { tls: { verify: 'nothing' } }],
    ['u:p@tcp(db)/d?tls=false&charset=utf8&parseTime=true', {}],
    ['u:p@tcp(db)/d?timeout=1.5s', { connectTimeout: 1500 }],
  ])('%s', async (dsn, changes) => {
    expect(await settingsOf('mysql', dsn)).toEqual({ ...usual, ...changes })
  })

  test.each([
    ['mysql://u:canary@db/d', 'must say tcp(host:port)'],
    ['u:canary@tcp(db:3306)', 'must look like'],
    ['u:canary@tcp(db:3306)/', 'must name the database'],
    ['u:canary@udp(db:3306)/d', 'must say tcp(host:port)'],
    ['u:canary@tcp(db:x)/d', 'must have host:port'],
    ['u:canary@tcp(db:99999)/d', 'must have host:port'],
    ['u:canary@tcp(db)/d?tls=custom', 'must have tls=true'],
    ['u:canary@tcp(192.0.2.1)/d?tls=true', 'needs the name of the server'],
    ['u:canary', 'must look like'],
  ])('%s is refused', async (dsn, why) => {
    const { settings, problems } = await read('mysql', dsn)
    expect(settings).toBeUndefined()
    expect(problems).toHaveLength(1)
    expect(problems[0]).toContain(`conn_string: ${why}`)
    expect(problems[0]).not.toContain('canary')
  })

  test('any password comes through', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme' }), async (password) => {
        expect(await settingsOf('mysql', `u:${password}@tcp(db)/d`)).toEqual({ ...usual, password })
      }),
    )
  })
})

describe('PostgreSQL', () => {
  const usual = {
    address: { host: 'db', port: 5432 },
    user: 'u',
    password: 'p',
    database: 'd',
    tls: { verify: 'nothing' },
    connectTimeout: undefined,
    options: '',
  }

  test.each([
    ['postgres://u:p@db/d', {}],
    ['postgresql://u:p@db:5433/d?sslmode=disable', { address: { host: 'db', port: 5433 }, tls: undefined }],
    ['postgres://u:p%40%2F%3A@db/d%20e', { password: 'p@/:', database: 'd e' }],
    ['postgres://u@db', { password: undefined, database: 'u' }],
    ['postgres://u:p@[::1]:5433/d', { address: { host: '::1', port: 5433 } }],
    ['postgres://u:p@/d?host=/run/pg', { address: { path: '/run/pg', port: 5432 }, tls: undefined }],
    ['postgres://db/d?user=u&password=p', {}],
    ['postgres://u:p@db/d?sslmode=verify-ca', { tls: { verify: 'authority' } }],
    ['postgres://u:p@db/d?sslmode=verify-full', { tls: { verify: 'name' } }],
    ['postgres://u:p@db/d?connect_timeout=3', { connectTimeout: 3000 }],
    ['postgres://u:p@db/d?search_path=a,b', { options: '-c search_path=a,b' }],
    ['postgres://u:p@db/d?search_path=%22a%20b%22', { options: '-c search_path="a\\ b"' }],
    ['host=db user=u password=p dbname=d', {}],
    ["  host = db  user='u' password = 'p' dbname=d ", {}],
    ["host=db user=u password='it''s' dbname=d", undefined],
    ["host=db user=u password='it\\'s \\\\ a' dbname=d", { password: "it's \\ a" }],
    ['host=db user=u password=a\\ b\\=c dbname=d', { password: 'a b=c' }],
    ["host=db user=u password='' dbname=d", { password: undefined }],
    ['user=u password=p dbname=d', { address: { host: 'localhost', port: 5432 } }],
    ['host=/run/pg port=5433 user=u password=p dbname=d', { address: { path: '/run/pg', port: 5433 }, tls: undefined }],
  ])('%s', async (dsn, changes) => {
    const settings = await settingsOf('postgres', dsn)
    if (changes === undefined) expect(settings).toEqual([expect.stringContaining('must be a URL')])
    else expect(settings).toEqual({ ...usual, ...changes })
  })

  test.each([
    ['postgres://u:canary%@db/d', 'percent-encoded'],
    ['postgres://u:can/ary@db/d', 'percent-encoded'],
    ['postgres://:canary@db/d', 'must name the user'],
    ['host=db password=canary', 'must name the user'],
    ['postgres://u:canary@a,b/d', 'one host'],
    ['postgres://u:canary@db/d?sslmode=prefer', 'must have sslmode='],
    ['postgres://u:canary@db/d?port=0', 'a port that is none'],
    ['postgres://u:canary@db/d?sslrootcert=/nowhere/ca.crt', 'does not exist'],
    ['db canary', 'must be a URL'],
    ["host=db user=u password='canary", 'must be a URL'],
  ])('%s is refused', async (dsn, why) => {
    const { settings, problems } = await read('postgres', dsn)
    expect(settings).toBeUndefined()
    expect(problems).toHaveLength(1)
    expect(problems[0]).toContain(why)
    expect(problems[0]).not.toContain('canary')
  })

  test('an authority that is named is asked, and a certificate of ours needs its key', async () => {
    const file = await folder.write('ca.crt', 'PEM')
    const dsn = `postgres://u:p@db/d?sslrootcert=${file}`
    expect(await settingsOf('postgres', dsn)).toEqual({ ...usual, tls: { verify: 'authority', authorities: 'PEM' } })
    const { problems } = await read('postgres', `postgres://u:p@db/d?sslcert=${file}`)
    expect(problems).toEqual(['conn_string: must have both sslcert and sslkey, or neither'])
    const { settings } = await read('postgres', `postgres://u:p@db/d?sslcert=${file}&sslkey=${file}`)
    expect(settings).toMatchObject({ tls: { verify: 'nothing', client: { certificate: 'PEM' } } })
    expect(JSON.stringify(settings)).toContain('[secret]')
  })

  test('any password comes through, in both forms', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme', minLength: 1 }), async (password) => {
        const url = `postgres://u:${encodeURIComponent(password)}@db/d`
        expect(await settingsOf('postgres', url)).toEqual({ ...usual, password })
        const pairs = `host=db user=u password='${password.replace(/[\\']/g, '\\$&')}' dbname=d`
        expect(await settingsOf('postgres', pairs)).toEqual({ ...usual, password })
      }),
    )
  })
})

describe('SQLite', () => {
  const uriOf = (path: string): string => `${pathToFileURL(resolve(path)).href}?mode=ro`

  test.each([
    ['users.db', 'users.db', ''],
    ['/data/a b%20c.db', '/data/a b%20c.db', ''],
    ['file:users.db', 'users.db', ''],
    ['file:/data/a%20b.db?mode=rwc&cache=shared&_busy_timeout=5000', '/data/a b.db', ''],
    ['file:///data/users.db', '/data/users.db', ''],
    ['users.db?_fk=1', 'users.db', ''],
    ['file:users.db?immutable=1', 'users.db', '&immutable=1'],
    ['http://db/users', 'http:/db/users', ''],
  ])('%s', async (dsn, path, more) => {
    const { settings, warnings } = await read('sqlite3', dsn)
    expect(settings).toEqual({ kind: 'sqlite', path: resolve(path), uri: uriOf(path) + more, timeout: 10_000 })
    expect(warnings).toEqual([])
  })

  test.each([':memory:', 'file::memory:?cache=shared', 'file:x?mode=memory', '?mode=ro', 'file:%', 'a\0b'])(
    '%j is refused',
    async (dsn) => {
      const { settings, problems } = await read('sqlite3', dsn)
      expect(settings).toBeUndefined()
      expect(problems).toHaveLength(1)
    },
  )
})

describe('a parameter nobody knows is warned about, and nothing else:', () => {
  test.each([
    ['mysql', 'u:p@tcp(db)/d?tsl=true'],
    ['postgres', 'postgres://u:p@db/d?tsl=true'],
    ['postgres', 'host=db user=u tsl=true'],
    ['sqlite', 'users.db?tsl=true'],
  ])('%s %s', async (type, dsn) => {
    const { settings, warnings } = await read(type, dsn)
    expect(settings).toBeDefined()
    expect(warnings).toEqual(['conn_string: has a parameter without effect: "tsl"'])
  })
})

describe('the section', () => {
  test.each([
    ['mariadb', 'u@/d', 'mysql'],
    ['postgresql', 'user=u', 'postgres'],
    ['sqlite', 'u.db', 'sqlite'],
  ])('knows %s, too', async (type, dsn, kind) => {
    expect((await read(type, dsn)).settings).toMatchObject({ kind })
  })

  test('takes the connection string from a file, without the line’s end', async () => {
    const file = await folder.write('dsn', 'u:p@tcp(db)/d\n')
    const yaml = `{database_type: mysql, conn_string_file: '${file}', timeout: 2s}`
    const { settings } = await readSection(yaml, Config, readSql)
    expect(settings).toMatchObject({ database: 'd', timeout: 2000 })
  })

  test.each([
    ['{database_type: mysql}', 'conn_string or conn_string_file is needed'],
    ['{database_type: mysql, conn_string: u@/d, conn_string_file: x}', 'only one of the two'],
    ['{database_type: mysql, conn_string_file: /nowhere/dsn}', 'does not exist'],
    ['{database_type: oracle, conn_string: x}', 'must be mysql, postgres or sqlite3'],
    ['{database_type: mysql, conn_string: [canary]}', 'must be a single value'],
    ['{database_type: mysql, conn_string: u@/d, timeout: 0}', 'must be between'],
    ['{database_type: mysql, conn_string: u@/d, timeout: 2h}', 'must be between'],
    ['{conn_string: u@/d}', 'database_type'],
  ])('%s is refused', async (yaml, why) => {
    const { settings, problems } = await readSection(yaml, Config, readSql)
    expect(settings).toBeUndefined()
    expect(problems.join()).toContain(why)
    expect(problems.join()).not.toContain('canary')
  })

  test('prints no password', async () => {
    for (const dsn of ['u:canary@tcp(db)/d', 'u:canary@unix(/s)/d'])
      expect(JSON.stringify(await read('mysql', dsn))).not.toContain('canary')
    expect(JSON.stringify(await read('postgres', 'postgres://u:canary@db/d'))).not.toContain('canary')
  })
})
