// Seals small values so that a browser can keep them for us and neither read nor change them.
import { EncryptJWT, jwtDecrypt } from 'jose'
import type { z } from 'zod'

/** A kind of sealed value: one kind is never taken for another. `lifetimeMs` is how long a seal holds. */
export interface Kind<Value> {
  readonly name: string
  readonly schema: z.ZodType<Value>
  readonly lifetimeMs: number
}

export interface Sealer {
  seal<Value extends object>(kind: Kind<Value>, value: Value): Promise<string>
  /** The value, or undefined when this is no seal of ours, is of another kind or too old. */
  unseal<Value>(kind: Kind<Value>, sealed: string): Promise<Value | undefined>
}

/** Creates the sealer of a 32-byte key (JWE, direct A256GCM): every replica with the key opens what another sealed. */
export function createSealer(key: Uint8Array, now: () => number): Sealer {
  return {
    seal: (kind, value) =>
      new EncryptJWT({ value })
        .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
        .setAudience(kind.name)
        .setExpirationTime(Math.floor((now() + kind.lifetimeMs) / 1000))
        .encrypt(key),
    async unseal(kind, sealed) {
      const opened = await jwtDecrypt(sealed, key, {
        audience: kind.name,
        requiredClaims: ['exp'],
        currentDate: new Date(now()),
        keyManagementAlgorithms: ['dir'],
        contentEncryptionAlgorithms: ['A256GCM'],
      }).catch(() => undefined)
      return opened && kind.schema.safeParse(opened.payload['value']).data
    },
  }
}
