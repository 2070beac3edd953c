// A token taken apart, and nothing in it believed yet. https://www.rfc-editor.org/rfc/rfc7515#section-7.1
import { z } from 'zod'
import { parseJsonObject } from './json.ts'
import { PublicJwk } from './jwk.ts'

const MAX_TOKEN_CHARACTERS = 64 * 1024
const MAX_CHAIN_CERTIFICATES = 10

const chain = z.array(z.string()).min(1).max(MAX_CHAIN_CERTIFICATES)

/** A key inside a header, with its own chain perhaps; a private or symmetric one is none. */
const EmbeddedKey = PublicJwk.extend({ x5c: chain.optional(), d: z.never().optional(), k: z.never().optional() })

export type EmbeddedKey = z.infer<typeof EmbeddedKey>

// jku and x5u are not read: keys come from the bundle. An extension marked critical is one we would have to know.
const TokenHeader = z.object({
  alg: z.string(),
  typ: z.string().optional(),
  kid: z.string().optional(),
  x5c: chain.optional(),
  jwk: EmbeddedKey.optional(),
  crit: z.never().optional(),
})

export type TokenHeader = z.infer<typeof TokenHeader>

/** The header of a token in compact form, or `{ problem }`: three parts in strict base64url, and header members of the right types. */
export function parseHeader(token: string): TokenHeader | { readonly problem: string } {
  if (token.length > MAX_TOKEN_CHARACTERS) return { problem: `longer than ${MAX_TOKEN_CHARACTERS} characters` }
  // Not split('.'): a token of dots would become an array of as many parts.
  const first = token.indexOf('.')
  const last = token.lastIndexOf('.')
  if (first === last || token.indexOf('.', first + 1) !== last) return { problem: 'not three parts' }
  const parts = [token.slice(0, first), token.slice(first + 1, last), token.slice(last + 1)].map(decodeBase64url)
  const [header, payload, signature] = parts
  if (header === undefined || payload === undefined || signature === undefined) return { problem: 'not base64url' }
  const json = parseJsonObject(header)
  if (json === undefined) return { problem: 'the header is not a JSON object' }
  const parsed = TokenHeader.safeParse(json)
  if (parsed.success) return parsed.data
  return { problem: `the header's ${parsed.error.issues[0]?.path.join('.') ?? ''} cannot be used` }
}

// Buffer skips what it does not know; writing the bytes again shows padding, foreign characters and stray trailing bits.
function decodeBase64url(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url')
  return bytes.toString('base64url') === text ? bytes : undefined
}
