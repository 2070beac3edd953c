// registry-auth hash: a password in, its bcrypt hash out. The password is never an argument: those are visible to everybody.
import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import type { Readable } from 'node:stream'
import { hash } from '@node-rs/bcrypt'
import { ConfigError } from '../lib/errors.ts'
import { Secret } from '../lib/secret.ts'

const COST = 10
// Bcrypt looks no further.
const MAX_BYTES = 72

/** Reads one password, unseen at a terminal's prompt or as the first line of a pipe, and answers its hash. Throws ConfigError for one that cannot be used. */
export async function hashPassword(input: Readable & { isTTY?: boolean }, prompt: Writable): Promise<string> {
  const password = input.isTTY === true ? await ask(input, prompt) : await firstLine(input)
  const bytes = Buffer.byteLength(password.reveal())
  if (bytes === 0) throw new ConfigError('the password is empty')
  if (bytes > MAX_BYTES)
    throw new ConfigError(`the password is ${bytes} bytes long; bcrypt takes ${MAX_BYTES} at the most`)
  return hash(password.reveal(), COST)
}

async function ask(input: Readable, prompt: Writable): Promise<Secret> {
  prompt.write('Password: ')
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() })
  const terminal = createInterface({ input, output: silent, terminal: true })
  try {
    return await new Promise<Secret>((resolve, reject) => {
      terminal.once('line', (line) => resolve(new Secret(line)))
      terminal.once('SIGINT', () => reject(new ConfigError('interrupted')))
      terminal.once('close', () => reject(new ConfigError('no password was given')))
    })
  } finally {
    terminal.close()
    prompt.write('\n')
  }
}

async function firstLine(input: Readable): Promise<Secret> {
  let text = ''
  for await (const chunk of input.setEncoding('utf8')) text += String(chunk)
  return new Secret(text.replace(/\r?\n[^]*$/, ''))
}
