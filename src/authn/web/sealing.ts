// Seals records for their store: without the key nobody can read one, change one, or put one under another name.
import { createCipheriv, createDecipheriv } from 'node:crypto'

/** Authenticated encryption (AES-256-GCM) of what stands under a name. */
export interface Seal {
  readonly seal: (name: string, content: Uint8Array) => Uint8Array
  /** The content, or undefined when it was not sealed with this key under this name. */
  readonly unseal: (name: string, sealed: Uint8Array) => Uint8Array | undefined
}

const ALGORITHM = 'aes-256-gcm'
// The first byte of what is sealed, so that another form can follow this one.
const VERSION = Uint8Array.of(2)
const NONCE = 12
const TAG = 16
const OVERHEAD = VERSION.length + NONCE + TAG

/** Creates the seal of this key (32 bytes). */
export function createSeal(key: Uint8Array, randomBytes: (size: number) => Buffer): Seal {
  return {
    seal(name, content) {
      const nonce = randomBytes(NONCE)
      const cipher = createCipheriv(ALGORITHM, key, nonce, { authTagLength: TAG }).setAAD(Buffer.from(name))
      return Buffer.concat([VERSION, nonce, cipher.update(content), cipher.final(), cipher.getAuthTag()])
    },
    unseal(name, sealed) {
      if (sealed.length < OVERHEAD || sealed[0] !== VERSION[0]) return undefined
      const nonce = sealed.subarray(VERSION.length, VERSION.length + NONCE)
      const decipher = createDecipheriv(ALGORITHM, key, nonce, { authTagLength: TAG })
      decipher.setAAD(Buffer.from(name)).setAuthTag(sealed.subarray(-TAG))
      try {
        return Buffer.concat([decipher.update(sealed.subarray(VERSION.length + NONCE, -TAG)), decipher.final()])
      } catch {
        return undefined
      }
    },
  }
}
