// registry-auth check says of every example, alone in a folder, each thing it needs, a line each; with those it is served.
import { copyFileSync, cpSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from '@jest/globals'
import { type Result, cleanUp, run, scratchFolder, succeeds } from './children.ts'
import { mainFile } from './server.ts'

const examples = join(import.meta.dirname, '..', '..', 'examples')
const plain = ['token.certificate: token.crt does not exist', 'token.key: token.key does not exist']

/** What each lacks when it stands alone, without the place. */
const lacks: Readonly<Record<string, readonly string[]>> = {
  'ldap_auth.yml': [...plain, 'ldap_auth.bind_password_file: ldap_password.txt does not exist'],
  'ldap_ad.yml': plain,
  'ext_auth.yml': [...plain, 'ext_auth.command: FOLDER/ext_auth/check.sh does not exist'],
  'xorm_auth.yml': [
    ...plain,
    'xorm_auth.conn_string_file: sql_connection.txt does not exist',
    'acl_sql.conn_string_file: sql_connection.txt does not exist',
  ],
  'github_auth.yml': plain,
  'google_auth.yml': plain,
  'gitlab_auth.yml': plain,
  'oidc_auth.yml': plain,
  'plugin.yml': [
    ...plain,
    'plugin_authn.module: ./plugins/accounts.mjs does not exist',
    'plugin_authz.module: ./plugins/rules.mjs does not exist',
  ],
}

afterAll(cleanUp)

const check = (folder: string, name: string): Promise<Result> =>
  run(process.execPath, [mainFile, 'check', name], { cwd: folder })

describe('an example', () => {
  test.each(Object.entries(lacks))('%s says what it needs', async (name, expected) => {
    const folder = scratchFolder()
    copyFileSync(join(examples, name), join(folder, name))
    const { status, stdout, stderr } = await check(folder, name)
    const lines = stdout.trimEnd().split('\n')
    for (const line of lines) expect(line).toMatch(new RegExp(`^${name.replace('.', '\\.')}:\\d+:\\d+: `))
    expect(lines.map((line) => line.replace(/^[^ ]+ /, '').replaceAll(folder, 'FOLDER')).sort()).toEqual(
      [...expected].sort(),
    )
    expect({ status, stderr }).toEqual({ status: 1, stderr: '' })
  })

  test('is ok with those', async () => {
    const folder = scratchFolder()
    cpSync(examples, folder, { recursive: true })
    await succeeds(process.execPath, [mainFile, 'keygen', folder])
    for (const name of Object.keys(lacks)) {
      const { status, stdout } = await check(folder, name)
      expect({ status, stdout }).toEqual({ status: 0, stdout: `${name}: ok\n` })
    }
  })
})
