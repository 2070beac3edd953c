// check shows a terminal the lines that are wrong, and anything else that reads along only where they stand.
import { Writable } from 'node:stream'
import { beforeEach, expect, test } from '@jest/globals'
import { check } from '../../src/cli/check.ts'
import { loadConfig } from '../../src/config.ts'
import { configText, writePairs } from '../support/config.ts'
import { useFolder } from '../support/folder.ts'

const folder = useFolder()
beforeEach(() => writePairs(folder))

/** What is written of this configuration. */
async function written(text: string, isTTY: boolean): Promise<string[]> {
  let output = ''
  const out = new Writable({
    write(chunk: Buffer, _encoding, done) {
      output += chunk.toString()
      done()
    },
  })
  await check(await folder.write('config.yml', text), loadConfig, Object.assign(out, { isTTY }))
  return output.replaceAll(`${folder.path()}/`, '').split('\n').slice(0, -1)
}

const PROBLEM = 'config.yml:4:16: acl[0].match.acount: unknown key "acount"; did you mean "account"?'

test('a problem stands above its line on a terminal', async () => {
  const text = configText(folder, { acl: '[{match: {acount: alice}, actions: [pull]}]' })
  await expect(written(text, true)).resolves.toEqual([
    PROBLEM,
    '    4 | acl: [{match: {acount: alice}, actions: [pull]}]',
    '      |                ^',
  ])
  await expect(written(text, false)).resolves.toEqual([PROBLEM])
})

test('so does a warning, without the password that it is about', async () => {
  const text = configText(folder, { users: '{bob: {password: plain}}' })
  await expect(written(text, true)).resolves.toEqual([
    'warning: config.yml:3:15: users.bob.password: is not a bcrypt hash: nobody can log in with it',
    '    3 | users: {bob: {password: •••}}',
    '      |               ^',
    'config.yml: ok',
  ])
})
