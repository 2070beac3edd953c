// An example of a module for plugin_authn: accounts with the digests of their long random passwords, for machines.
import { createHash, timingSafeEqual } from 'node:crypto'

const digestOf = (/** @type {string} */ password) => createHash('sha256').update(password).digest()

// "correct horse battery staple": make one with  printf %s "$PASSWORD" | sha256sum
const machines = new Map([
  [
    'builder',
    {
      digest: Buffer.from('c4bbcb1fbec99d65bf59d85c8cb62ee2db963f0fe106f483d9afa73bd4e39a8a', 'hex'),
      labels: { team: ['ci'] },
    },
  ],
])

/** @type {import('../../src/authn/module.ts').AuthenticatorModule} */
export const authenticator = {
  authenticate({ account, password }) {
    const machine = machines.get(account)
    if (machine === undefined) return { outcome: 'no-match' }
    if (!timingSafeEqual(digestOf(password), machine.digest)) return { outcome: 'rejected', reason: 'wrong-password' }
    return { outcome: 'accepted', labels: machine.labels }
  },
}
