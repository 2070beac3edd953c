// Words of a shell: whatever an account is called, a real shell reads it as one word.
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { execFileSync } from 'node:child_process'
import { loginCommands, quote } from '../../src/login/commands.ts'
import { Secret } from '../../src/lib/secret.ts'

test.each([
  ['bob', 'bob'],
  ['bob@example.com', 'bob@example.com'],
  ['registry.example.com:5000', 'registry.example.com:5000'],
  ['', `''`],
  ['two words', `'two words'`],
  [`o'neil`, `'o'\\''neil'`],
  ['$HOME', `'$HOME'`],
  ['~', `'~'`],
  ['=x', `'=x'`],
])('%j is written %s', (word, written) => {
  expect(quote(word)).toBe(written)
})

test('a shell reads back every word', () => {
  const word = fc.stringMatching(/^[ab'"\\$`!*?[\](){}<>|&;#~=% \t\n-]{0,12}$/)
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 50 }), (words) => {
      const read = execFileSync('sh', ['-c', `printf '%s\\0' ${words.map(quote).join(' ')}`], { encoding: 'utf8' })
      expect(read.split('\0').slice(0, -1)).toEqual(words)
    }),
    { numRuns: 20 },
  )
})

test('the three tools are given the password by standard input', () => {
  expect(loginCommands('a b', new Secret('pw'), 'r.example').map(({ command }) => command)).toEqual([
    `echo pw | docker login -u 'a b' --password-stdin r.example`,
    `echo pw | podman login -u 'a b' --password-stdin r.example`,
    `echo pw | nerdctl login -u 'a b' --password-stdin r.example`,
  ])
})
