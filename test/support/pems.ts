// Key pairs for tests, made once per test file.
import { createSelfSigned } from '../../src/token/index.ts'
import type { KeyPairPem, KeyType } from '../../src/token/index.ts'

const made = new Map<string, Promise<KeyPairPem>>()

/** A key and its self-signed certificate; the same one for the same name. */
export function pemPair(name: string, type: KeyType = 'ec'): Promise<KeyPairPem> {
  const known = made.get(name) ?? createSelfSigned({ commonName: name, now: Date.now, days: 30, type })
  made.set(name, known)
  return known
}
