// Users and rules in MariaDB, on a real server, with columns that do not tell cases or blanks apart.
import { readFile } from 'node:fs/promises'
import { afterAll, afterEach, describe, expect, test } from '@jest/globals'
import { hashSync } from '@node-rs/bcrypt'
import { cleanUp } from './children.ts'
import { mariadbRequirement, startMariadb } from './mariadb.ts'
import { requires, SLOW } from './requires.ts'
import { ask, closeOpened, openUsers, sqlSuite } from './sql-suite.ts'

// As docker_auth's own program makes them when it starts.
const TABLES = `
CREATE TABLE IF NOT EXISTS \`xorm_user\` (\`id\` BIGINT(20) PRIMARY KEY AUTO_INCREMENT NOT NULL, \`username\` VARCHAR(128) NOT NULL,
  \`password_hash\` VARCHAR(128) NOT NULL, \`labels\` JSON NULL) DEFAULT CHARSET utf8mb4;
CREATE TABLE IF NOT EXISTS \`xorm_acl_entry\` (\`acl_entry\` TEXT NULL, \`seq\` BIGINT(20) NULL) DEFAULT CHARSET utf8mb4;`

requires(...mariadbRequirement, SLOW)('MariaDB', () => {
  // Only a program that writes values into its statements minds what a backslash means.
  sqlSuite(
    'MariaDB',
    () => startMariadb('sql-mode=NO_BACKSLASH_ESCAPES'),
    TABLES.replace('`labels` JSON', '`labels` TEXT'),
  )
})

requires(...mariadbRequirement, SLOW)('MariaDB and its collations', () => {
  afterEach(closeOpened)
  afterAll(cleanUp)

  describe.each([
    ['utf8mb4', 'utf8mb4_general_ci'],
    ['utf8mb3', 'utf8mb3_unicode_ci'],
    ['latin1', 'latin1_swedish_ci'],
  ])('in %s', (charset, collation) => {
    test('another spelling of an account, which the column finds, is not it', async () => {
      const hash = hashSync('secret', 4)
      const server = await startMariadb(`character-set-server=${charset}`, `collation-server=${collation}`)
      await server.script(`ALTER DATABASE registry CHARACTER SET ${charset} COLLATE ${collation}`)
      await server.script(
        (await readFile('examples/sql/mysql.sql', 'utf8')).replace(/CHARACTER SET \w+ COLLATE \w+ /, ''),
      )
      const add = (name: string): Promise<void> =>
        server.script(`INSERT INTO xorm_user (username, password_hash) VALUES ('${name}', '${hash}')`)
      await add('bob')
      const users = await openUsers(server, server.connection())
      for (const account of ['Bob', 'BOB', 'bob ', 'bob  ', 'böb', '🐳', 'bob\u200b'])
        expect(await ask(users, account)).toEqual({ outcome: 'no-match' })
      expect(await ask(users, 'bob')).toMatchObject({ outcome: 'accepted', identity: { account: 'bob' } })
      // Newer, and found as well; it is another account.
      await add('Bob')
      expect(await ask(users, 'bob')).toMatchObject({ outcome: 'accepted', identity: { account: 'bob' } })
      expect(await ask(users, 'Bob')).toMatchObject({ outcome: 'accepted', identity: { account: 'Bob' } })
    })
  })
})
