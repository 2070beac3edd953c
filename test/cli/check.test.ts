// check says everything that is wrong with a configuration, a line each, and its status says whether it can be served.
import { beforeEach, expect, test } from '@jest/globals'
import { Writable } from 'node:stream'
import { check } from '../../src/cli/check.ts'
import { version } from '../../src/cli/version.ts'
import { loadConfig } from '../../src/config.ts'
import { configText, writePairs } from '../support/config.ts'
import { useFolder } from '../support/folder.ts'

const folder = useFolder()
beforeEach(() => writePairs(folder))

/** The status and the lines of a check, with the folder's path left out. */
async function checked(file: string): Promise<{ status: number; lines: string[] }> {
  let text = ''
  const out = new Writable({
    write(chunk: Buffer, _encoding, done) {
      text += chunk.toString()
      done()
    },
  })
  const status = await check(file, loadConfig, out)
  return { status, lines: text.replaceAll(`${folder.path()}/`, '').split('\n').slice(0, -1) }
}

const checkedText = async (text: string): Promise<{ status: number; lines: string[] }> =>
  checked(await folder.write('config.yml', text))

test('a good configuration is ok', async () => {
  await expect(checkedText(configText(folder))).resolves.toEqual({ status: 0, lines: ['config.yml: ok'] })
})

test('warnings are said, and it is still ok', async () => {
  const text = configText(folder, { users: '{bob: {password: plain}}' })
  await expect(checkedText(text)).resolves.toEqual({
    status: 0,
    lines: [
      'warning: config.yml:3:15: users.bob.password: is not a bcrypt hash: nobody can log in with it',
      'config.yml: ok',
    ],
  })
})

test('every problem is a line, and the status is 1', async () => {
  const text = configText(folder, { server: '{adr: ":1"}', xorm_auth: '{database_type: oracle, conn_string: x}' })
  await expect(checkedText(text)).resolves.toEqual({
    status: 1,
    lines: [
      'config.yml:1:1: server.addr: is required',
      'config.yml:1:10: server.adr: unknown key "adr"; did you mean "addr"?',
      expect.stringMatching(/^config.yml:5:13: xorm_auth.database_type: must be /),
    ],
  })
})

test('a file that does not exist is a problem like any other', async () => {
  await expect(checked(folder.path('nix.yml'))).resolves.toEqual({ status: 1, lines: ['nix.yml: does not exist'] })
})

test('what nobody foresaw is no problem of the configuration', async () => {
  const bug = new TypeError('bug')
  await expect(check('x', () => Promise.reject(bug), new Writable())).rejects.toBe(bug)
})

test('version is that of the package', async () => {
  await expect(version()).resolves.toMatch(/^\d+\.\d+\.\d+$/)
})
