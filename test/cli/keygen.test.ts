// keygen makes a key and its certificate, and never touches what is there.
import { expect, test } from '@jest/globals'
import { X509Certificate, createPrivateKey } from 'node:crypto'
import { readFile, readdir, stat } from 'node:fs/promises'
import { generateKey } from '../../src/cli/keygen.ts'
import { readSigningKey } from '../../src/token/index.ts'
import { useFolder } from '../support/folder.ts'

const folder = useFolder()
const NOW = Date.UTC(2030, 0, 2)
const generate = (type: 'ec' | 'rsa' | 'ed25519' = 'ec'): Promise<string[]> =>
  generateKey(folder.path(), type, () => NOW)

test.each([
  ['ec', 'ES256'],
  ['rsa', 'RS256'],
  ['ed25519', 'EdDSA'],
] as const)('%s: a pair that signs with %s, the key for this user only', async (type, algorithm) => {
  const files = await generate(type)
  expect(files).toEqual([folder.path('token.key'), folder.path('token.crt')])
  const [key = '', certificate = ''] = await Promise.all(files.map((file) => readFile(file, 'utf8')))
  expect(readSigningKey(certificate, key).algorithm).toBe(algorithm)
  expect(new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key))).toBe(true)
  expect((await stat(folder.path('token.key'))).mode & 0o7777).toBe(0o600)
})

test('the certificate is good for ten years, back-dated by a day', async () => {
  await generate()
  const { validFrom, validTo } = new X509Certificate(await readFile(folder.path('token.crt')))
  expect([Date.parse(validFrom), Date.parse(validTo)]).toEqual([NOW - 86_400_000, NOW + 3650 * 86_400_000])
})

test.each(['token.key', 'token.crt'])('where %s exists, nothing is written', async (name) => {
  await folder.write(name, 'mine')
  await expect(generate()).rejects.toThrow(`${folder.path(name)} exists already; keygen never overwrites`)
  await expect(readFile(folder.path(name), 'utf8')).resolves.toBe('mine')
  expect(await readdir(folder.path())).toEqual([name])
})

test('a folder that is missing is made', async () => {
  await expect(generateKey(folder.path('new/keys'), 'ec', () => NOW)).resolves.toEqual([
    folder.path('new/keys/token.key'),
    folder.path('new/keys/token.crt'),
  ])
})
