// Users known to an external program or service of the admin's own.
import { z } from 'zod'
import { BackendError } from '../lib/errors.ts'
import { externalShape, openExternal, readExternal } from '../lib/external.ts'
import type { ExternalSettings } from '../lib/external.ts'
import { formatJsonLine, parseJson } from '../lib/json.ts'
import type { Ended } from '../lib/program.ts'
import { mapOf, strict, texts } from '../lib/schema.ts'
import { defineSection } from '../lib/section.ts'
import type { Credentials, Labels } from '../protocol/identity.ts'
import type { Authentication, Authenticator } from './authenticator.ts'
import { CredentialCacheConfig } from './credential-cache.ts'
import { remembered } from './remembered.ts'
import type { AuthnTools } from './tools.ts'

/**
 * `ext_auth`: `command` with `args`, run once for each login (`format: plain` is docker_auth's `<account> <password>`, `json` one
 * object on a line) or talked to in JSON while it stays (`mode: persistent`); or a `url` that is asked in JSON.
 */
export const ExtAuthConfig = strict({
  ...externalShape,
  format: z.enum(['plain', 'json'], { error: 'must be plain or json' }).optional(),
  credential_cache: CredentialCacheConfig.optional(),
})
export type ExtAuthConfig = z.infer<typeof ExtAuthConfig>

/** What `ext_auth` says, checked. */
export interface ExtAuthSettings {
  readonly external: ExternalSettings
  readonly format: 'plain' | 'json'
  /** Undefined remembers nothing: the passwords of a program may be one-time codes. */
  readonly cache: CredentialCacheConfig | undefined
}

export const extAuth = defineSection({
  section: 'ext_auth',
  schema: ExtAuthConfig,
  async read(config, { report }): Promise<ExtAuthSettings | undefined> {
    const external = await readExternal(config, report)
    if (external === undefined) return undefined
    if (external.kind === 'url' && config.format !== undefined) {
      report.problem(['format'], 'is for a command: a url is always asked in JSON')
    }
    if (external.kind === 'persistent' && config.format === 'plain') {
      report.problem(['format'], 'must be json with mode: persistent')
    }
    return { external, format: config.format ?? 'plain', cache: config.credential_cache }
  },
  open: createExtAuthenticator,
})

/** Asks the program or service about every account, the anonymous one included. */
export function createExtAuthenticator(
  { external: settings, format, cache }: ExtAuthSettings,
  tools: AuthnTools,
): Authenticator {
  const external = openExternal(settings, tools.log)

  async function ask(credentials: Credentials, signal?: AbortSignal): Promise<Authentication> {
    const { account } = credentials
    const password = credentials.password.reveal()
    if (external.kind === 'ask') return readAnswer(account, await external.ask({ account, password }, signal))
    const question = format === 'json' ? formatJsonLine({ account, password }) : formatPlain(account, password)
    if (question === undefined) return REFUSED
    return readEnding(account, await external.run(question, signal))
  }

  return {
    name: 'ext_auth',
    authenticate: remembered('ext_auth', ask, cache, tools),
    check: (signal) => external.check(signal),
    close: () => external.close(),
  }
}

const REFUSED: Authentication = { outcome: 'rejected', reason: 'refused' }
const WRONG_PASSWORD: Authentication = { outcome: 'rejected', reason: 'wrong-password' }
const NO_MATCH: Authentication = { outcome: 'no-match' }

// A blank in the account would be read as its end ("a b" with "c" is "a" with "b c"), a line break or NUL as the end of everything.
function formatPlain(account: string, password: string): string | undefined {
  if (/[\s\p{Cc}]/u.test(account) || /[\n\r\0]/.test(password)) return undefined
  return `${account} ${password}`
}

// A value that is null counts as missing, as it does for docker_auth.
const LabelsOrNull = mapOf(
  texts.nullable().transform((values) => values ?? []),
  'must be a map of label names and lists of values',
).nullish()
const Output = z.object({ labels: LabelsOrNull }).nullable()
const Answer = z.object({
  result: z.enum(['allow', 'deny', 'wrong_password', 'no_match', 'error']),
  labels: LabelsOrNull,
})

/** docker_auth's exit status and output. */
function readEnding(account: string, { status, output }: Ended): Authentication {
  if (status === 1) return REFUSED
  if (status === 2) return NO_MATCH
  if (status !== 0) throw new BackendError(`the program of ext_auth ended with status ${status}`)
  const parsed = output.trim() === '' ? null : Output.safeParse(parseJson(output)).data
  if (parsed === undefined)
    throw new BackendError('the program of ext_auth wrote something that is no JSON with labels')
  return accepted(account, parsed?.labels)
}

/** Our own answers in JSON. */
function readAnswer(account: string, value: unknown): Authentication {
  const { data } = Answer.safeParse(value)
  if (data === undefined) throw new BackendError('the answer to ext_auth has no result that is known, or bad labels')
  switch (data.result) {
    case 'allow':
      return accepted(account, data.labels)
    case 'deny':
      return REFUSED
    case 'wrong_password':
      return WRONG_PASSWORD
    case 'no_match':
      return NO_MATCH
    case 'error':
      throw new BackendError('the answer to ext_auth is an error')
  }
}

function accepted(account: string, labels: Labels | null | undefined): Authentication {
  return { outcome: 'accepted', identity: { account, labels: labels ?? {}, labelsArePatterns: true } }
}
