// What is kept of a sign-in, as docker_auth writes it: a JSON object with a few members more, which docker_auth passes over.
import { z } from 'zod'
import { Secret } from '../../lib/secret.ts'
import type { Labels } from '../../protocol/identity.ts'
import { PROVIDER_NAMES } from './provider.ts'
import type { ProviderName, UpstreamTokens } from './provider.ts'

/** Times are in ms since the epoch. docker_auth's own records say neither whose they are nor when they end. */
export interface SignInRecord {
  readonly provider: ProviderName | undefined
  readonly passwordHash: string
  readonly tokens: UpstreamTokens
  readonly labels: Labels
  /** When the provider is to be asked again. */
  readonly validUntil: number
  /** When the password ends. */
  readonly expiresAt: number | undefined
}

// Go writes nanoseconds and an offset; Date takes both.
const time = z
  .string()
  .transform((text) => Date.parse(text))
  .pipe(z.number())

const list = z
  .array(z.string())
  .nullable()
  .transform((values) => values ?? [])

const RecordJson = z.object({
  access_token: z.string().default(''),
  refresh_token: z.string().optional(),
  valid_until: time,
  docker_password: z.string().default(''),
  labels: z.record(z.string(), list).nullish(),
  provider: z.enum(PROVIDER_NAMES).optional(),
  access_token_expires: time.optional(),
  docker_password_expires: time.optional(),
})

/** The record as JSON; the ID token is left out, because no revalidation asks for it. */
export function formatRecord({ provider, passwordHash, tokens, labels, validUntil, expiresAt }: SignInRecord): Buffer {
  const json = {
    token_type: 'Bearer',
    access_token: tokens.accessToken.reveal(),
    refresh_token: tokens.refreshToken?.reveal(),
    valid_until: formatTime(validUntil),
    docker_password: passwordHash,
    labels,
    provider,
    access_token_expires: formatTime(tokens.expiresAt),
    docker_password_expires: formatTime(expiresAt),
  }
  return Buffer.from(JSON.stringify(json))
}

// The last second that Go can read. Some providers give tokens hundreds of millions of years.
const LATEST = Date.UTC(9999, 11, 31, 23, 59, 59)

function formatTime(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : new Date(Math.min(ms, LATEST)).toISOString()
}

/** The record in this JSON, or undefined when it is none. */
export function parseRecord(bytes: Uint8Array): SignInRecord | undefined {
  const parsed = RecordJson.safeParse(parseJson(bytes))
  if (!parsed.success) return undefined
  const json = parsed.data
  return {
    provider: json.provider,
    passwordHash: json.docker_password,
    tokens: {
      accessToken: new Secret(json.access_token),
      refreshToken: json.refresh_token ? new Secret(json.refresh_token) : undefined,
      expiresAt: json.access_token_expires,
    },
    labels: json.labels ?? {},
    validUntil: json.valid_until,
    expiresAt: json.docker_password_expires,
  }
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    return undefined
  }
}
