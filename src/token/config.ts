// The `token` section of the configuration.
import { z } from 'zod'
import { bool, int, nonEmpty, strict, text } from '../lib/schema.ts'
import { SIGNING_ALGORITHMS } from './algorithms.ts'

// docker_auth takes an empty path for an absent one.
const path = text.transform((value) => (value === '' ? undefined : value)).optional()

/** Whose tokens, for how long (whole seconds), signed with what; without a pair of its own the server's key pair signs. */
export const TokenConfig = strict({
  issuer: nonEmpty,
  expiration: int.refine((seconds) => seconds > 0, { error: 'must be at least one second' }),
  certificate: path,
  key: path,
  disable_legacy_key_id: bool.default(false),
  x5c: bool.optional(),
  algorithm: z.enum(SIGNING_ALGORITHMS, { error: `must be one of ${SIGNING_ALGORITHMS.join(', ')}` }).optional(),
})
  .refine(({ certificate, key }) => (certificate === undefined) === (key === undefined), {
    error: 'certificate and key must be given together',
  })
  .transform((token) => ({ ...token, x5c: token.x5c ?? !token.disable_legacy_key_id }))

export type TokenConfig = z.infer<typeof TokenConfig>
