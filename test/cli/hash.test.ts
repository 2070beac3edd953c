// A password becomes a hash without ever being seen: not on the screen, not among the arguments.
import { describe, expect, test } from '@jest/globals'
import { verify } from '@node-rs/bcrypt'
import { PassThrough, Readable, Writable } from 'node:stream'
import { hashPassword } from '../../src/cli/hash.ts'

/** What the prompt shows. */
function screen(): { out: Writable; shown: () => string } {
  let text = ''
  const out = new Writable({
    write(chunk: Buffer, _encoding, done) {
      text += chunk.toString()
      done()
    },
  })
  return { out, shown: () => text }
}

/** The hash of what a pipe holds. */
const piped = (...chunks: (string | Buffer)[]): Promise<string> =>
  hashPassword(Readable.from(chunks.map((chunk) => Buffer.from(chunk))), screen().out)

/** The hash of what is typed at a terminal, and what the terminal shows meanwhile. */
async function typed(keys: string): Promise<{ hash: string; shown: string }> {
  const { out, shown } = screen()
  const terminal = Object.assign(new PassThrough(), { isTTY: true })
  const hashing = hashPassword(terminal, out)
  terminal.write(keys)
  return { hash: await hashing, shown: shown() }
}

describe('from a pipe', () => {
  test.each([
    ['secret', 'secret'],
    ['secret\n', 'secret'],
    ['secret\r\n', 'secret'],
    ['secret\nsecond line\n', 'secret'],
    [' with spaces \n', ' with spaces '],
    ['pässwörd 😀\n', 'pässwörd 😀'],
    ['a'.repeat(72), 'a'.repeat(72)],
  ])('%j is the password %j', async (text, password) => {
    const hash = await piped(text)
    expect(hash).toMatch(/^\$2b\$10\$.{53}$/)
    await expect(verify(password, hash)).resolves.toBe(true)
  })

  test('in pieces that cut a character in two', async () => {
    const bytes = Buffer.from('pä\n')
    await expect(verify('pä', await piped(bytes.subarray(0, 2), bytes.subarray(2)))).resolves.toBe(true)
  })

  test('the same password twice is two hashes', async () => {
    expect(await piped('secret')).not.toBe(await piped('secret'))
  })

  test.each([
    ['', 'the password is empty'],
    ['\n', 'the password is empty'],
    ['\nsecond line', 'the password is empty'],
    ['a'.repeat(73), 'the password is 73 bytes long; bcrypt takes 72 at the most'],
    ['é'.repeat(37), 'the password is 74 bytes long; bcrypt takes 72 at the most'],
  ])('%j is refused', async (text, expected) => {
    await expect(piped(text)).rejects.toThrow(expected)
  })
})

describe('at a terminal', () => {
  test('a prompt is all that is shown', async () => {
    const { hash, shown } = await typed('secret\r')
    expect(shown).toBe('Password: \n')
    await expect(verify('secret', hash)).resolves.toBe(true)
  })

  test('a mistyped character may be taken back', async () => {
    await expect(verify('secret', (await typed('secrex\u007ft\r')).hash)).resolves.toBe(true)
  })

  test.each([
    ['\u0003', 'interrupted'],
    ['\u0004', 'no password was given'],
    ['\r', 'the password is empty'],
  ])('%j ends it', async (keys, expected) => {
    await expect(typed(keys)).rejects.toThrow(expected)
  })
})
