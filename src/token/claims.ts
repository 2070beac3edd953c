// What a token says, decoded and checked. https://www.rfc-editor.org/rfc/rfc7519#section-4.1
import { z } from 'zod'
import type { ResourceActions } from '../protocol/scope.ts'
import type { Verification } from './grant.ts'
import { parseJsonObject } from './json.ts'
import { quote } from './quote.ts'

// Distribution's, for clocks that differ.
const LEEWAY_SECONDS = 60

// Distribution decodes these into integers, and Go takes no fraction or exponent for one even where the value is whole.
const FRACTIONAL_TIME = /"(?:exp|nbf|iat)"\s*:\s*-?\d+[.eE]/

const time = z.int().nullish()

const Entry = z.object({
  type: z.string(),
  class: z.string().exactOptional(),
  name: z.string(),
  actions: z.array(z.string()),
})

const Claims = z.object({
  iss: z.string().nullish(),
  sub: z.string().nullish(),
  aud: z.union([z.string(), z.array(z.string())]).nullish(),
  exp: time,
  nbf: time,
  iat: time,
  access: z.array(Entry).nullish(),
})

export type Claims = z.infer<typeof Claims>

/** What the registry expects of every token. */
export interface Expectation {
  readonly issuer: string
  readonly service: string
}

/** The claims of a payload whose signature is known to be good, or `{ problem }`. */
export function parseClaims(payload: Uint8Array): Claims | { readonly problem: string } {
  const json = parseJsonObject(payload)
  if (json === undefined) return { problem: 'not a JSON object' }
  if (FRACTIONAL_TIME.test(Buffer.from(payload).toString())) return { problem: 'a time is not an integer' }
  const parsed = Claims.safeParse(json)
  return parsed.success
    ? parsed.data
    : { problem: `${parsed.error.issues[0]?.path.join('.') ?? ''} has the wrong type` }
}

/** Issuer, audience and times, in this order, at a time in milliseconds; the first that fails is told with both values. */
export function checkClaims(claims: Claims, { issuer, service }: Expectation, at: number): Verification {
  const { exp, nbf } = claims
  if (claims.iss !== issuer) return refused('issuer', quote(claims.iss), quote(issuer))
  if (![claims.aud].flat().includes(service)) return refused('audience', quote(claims.aud), quote(service))
  if (exp === undefined || exp === null) return refused('exp', 'none', 'a time')
  if (at > (exp + LEEWAY_SECONDS) * 1000) return refused('exp', exp, `a time from ${Math.floor(at / 1000)} on`)
  if (nbf !== undefined && nbf !== null && at < (nbf - LEEWAY_SECONDS) * 1000) {
    return refused('nbf', nbf, `a time up to ${Math.floor(at / 1000)}`)
  }
  return {
    outcome: 'valid',
    grant: { account: claims.sub ?? '', access: (claims.access ?? []).map(toResourceActions) },
  }
}

function refused(claim: string, said: string | number, expected: string): Verification {
  return { outcome: 'invalid', check: `${claim}: token says ${said}, registry expects ${expected}`, malformed: false }
}

function toResourceActions(entry: z.infer<typeof Entry>): ResourceActions {
  return { ...entry, actions: [...new Set(entry.actions)].sort() }
}
