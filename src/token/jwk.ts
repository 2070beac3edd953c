// Public keys as JSON. https://www.rfc-editor.org/rfc/rfc7517
import type { KeyObject } from 'node:crypto'
import { createPublicKey } from 'node:crypto'
import { z } from 'zod'

/** The public members of a key. */
export const PublicJwk = z.object({
  kty: z.string(),
  kid: z.string().exactOptional(),
  crv: z.string().exactOptional(),
  x: z.string().exactOptional(),
  y: z.string().exactOptional(),
  n: z.string().exactOptional(),
  e: z.string().exactOptional(),
})

export type PublicJwk = z.infer<typeof PublicJwk>

/** A JWKS file; sets may hold keys of kinds that are not known here. */
export const KeySet = z.object({ keys: z.array(z.unknown()) })

/** The key, or undefined when it is none. Not jose's importJWK, which binds a key to one algorithm: a key set need not say which. */
export function importPublicJwk(jwk: PublicJwk): KeyObject | undefined {
  try {
    return createPublicKey({ key: jwk, format: 'jwk' })
  } catch {
    return undefined
  }
}
