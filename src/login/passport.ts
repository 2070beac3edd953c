// Runs passport's OAuth 2.0 strategies: each run has a strategy of its own, so that nothing of one sign-in meets another.
import type { Strategy, StrategyOptions, VerifyCallback } from 'passport-oauth2'
import { z } from 'zod'
import type { UpstreamTokens } from '../authn/index.ts'
import { BackendError } from '../lib/errors.ts'
import { parseJson } from '../lib/json.ts'
import { Secret } from '../lib/secret.ts'
import type { Upstream } from '../lib/upstream.ts'
import { printable } from './flow.ts'
import type { Exchange, Flow } from './flow.ts'

/** The options every run is made with. */
export type RunOptions = Pick<StrategyOptions, 'store' | 'pkce' | 'skipUserProfile'>

/** What passport calls with what the token endpoint answered. It counts the parameters. */
export type Verify = (
  accessToken: string,
  refreshToken: string,
  results: { readonly id_token?: unknown; readonly expires_in?: unknown },
  profile: unknown,
  done: VerifyCallback,
) => void

export interface PassportParts {
  /** How the provider is called in errors. */
  readonly label: string
  /** Makes the provider's strategy of these options and its own. */
  readonly strategy: (options: RunOptions, verify: Verify) => Promise<Strategy>
  /** What the strategy adds to the authorization URL when asked to. */
  readonly authorization?: object
  readonly upstream: Upstream
  readonly now: () => number
}

/** How a run ends. */
type End = { readonly location: string; readonly verifier: string } | { readonly tokens: UpstreamTokens }

const nonEmpty = z.string().min(1)
const Granted = z.object({
  accessToken: nonEmpty,
  refreshToken: nonEmpty.optional().catch(undefined),
  idToken: nonEmpty.optional().catch(undefined),
  expiresIn: z.coerce.number().positive().optional().catch(undefined),
})

/** Creates the flow of a passport strategy; passport writes and reads the messages, `upstream` carries them. */
export function createPassportFlow(parts: PassportParts): Flow {
  return {
    async begin(state) {
      const end = await run(parts, { query: {}, state })
      if ('tokens' in end) throw new Error('a sign-in that has not begun cannot have tokens')
      return end
    },
    async finish(callback, verifier) {
      try {
        const end = await run(parts, { query: { code: callback.get('code') }, verifier })
        if ('location' in end) throw new Error('a callback without a code')
        return { outcome: 'tokens', tokens: end.tokens }
      } catch (error) {
        return refusal(parts.label, error)
      }
    },
  }
}

/** What passport sees of a request, and what the cookie holds in place of its session. */
interface Run {
  readonly query: object
  readonly state?: string
  readonly verifier?: string
}

// The strategy gets to see no more of a request than its code: nothing it does can depend on the Host header.
interface Runnable {
  authenticate(request: { readonly query: object }, options?: object): void
}

async function run(parts: PassportParts, { query, state, verifier }: Run): Promise<End> {
  let made = ''
  let tokens: UpstreamTokens | undefined
  const options: RunOptions = { pkce: true, skipUserProfile: true }
  // Added this way because the types know only stores without PKCE. passport counts the parameters.
  Object.assign(options, {
    store: {
      store(_request: object, fresh: string, _state: unknown, _meta: unknown, done: Done): void {
        made = fresh
        done(null, state)
      },
      verify(_request: object, _state: unknown, done: Done): void {
        done(null, verifier)
      },
    },
  })
  const strategy = await parts.strategy(options, (accessToken, refreshToken, results, _profile, done) => {
    tokens = readTokens({ accessToken, refreshToken, idToken: results.id_token, expiresIn: results.expires_in }, parts)
    done(null, tokens ?? false)
  })
  return new Promise((resolve, reject) => {
    carry(strategy, parts.upstream, reject)
    const fail = (): void => reject(new BackendError(`${parts.label} answered the token request without a token`))
    Object.assign(strategy, {
      redirect: (location: string) => resolve({ location, verifier: made }),
      success: () => (tokens === undefined ? fail() : resolve({ tokens })),
      fail,
      error: reject,
    })
    const runnable: Runnable = strategy
    runnable.authenticate({ query }, parts.authorization)
  })
}

type Done = (error: null, value: string | undefined) => void

function readTokens(answer: object, { now }: PassportParts): UpstreamTokens | undefined {
  const granted = Granted.safeParse(answer).data
  if (granted === undefined) return undefined
  const secret = (text: string | undefined): Secret | undefined => (text === undefined ? undefined : new Secret(text))
  return {
    accessToken: new Secret(granted.accessToken),
    refreshToken: secret(granted.refreshToken),
    idToken: secret(granted.idToken),
    expiresAt: granted.expiresIn === undefined ? undefined : now() + granted.expiresIn * 1000,
  }
}

type Answered = (error: unknown, body?: string, response?: object) => void

// passport-oauth2's own client, node-oauth, has neither a time limit nor a size limit.
function carry(strategy: Strategy, upstream: Upstream, reject: (error: unknown) => void): void {
  const oauth2: unknown = Reflect.get(strategy, '_oauth2')
  if (typeof oauth2 !== 'object' || oauth2 === null || !('_request' in oauth2))
    throw new Error('passport-oauth2 no longer has the client this expects')
  Object.assign(oauth2, {
    _request(
      method: string,
      url: string,
      headers: Record<string, string>,
      body: string,
      _token: null,
      answered: Answered,
    ) {
      upstream
        .send(url, { method, headers: { ...headers, Accept: 'application/json' }, body })
        .then(({ status, text }) => {
          // GitHub answers 200 to what it refuses.
          const told = status === 200 && OAuthError.safeParse(parseJson(text)).success ? 400 : status
          if (told === 200) answered(null, text, {})
          else answered({ statusCode: told, data: text })
        }, answered)
        .catch(reject)
    },
  })
}

const OAuthError = z.object({ error: z.string() })
const TokenError = z.object({ name: z.literal('TokenError'), code: z.string() })
const InternalOAuthError = z.object({ name: z.literal('InternalOAuthError'), oauthError: z.unknown() })

// Neither the provider's words nor passport's errors go on from here: they may hold what was sent.
function refusal(label: string, error: unknown): Exchange {
  const told = TokenError.safeParse(error).data
  if (told !== undefined) return { outcome: 'refused', code: printable(told.code) }
  const cause = InternalOAuthError.safeParse(error).data?.oauthError ?? error
  if (cause instanceof BackendError) throw cause
  const status = z.object({ statusCode: z.number() }).safeParse(cause).data?.statusCode
  throw new BackendError(
    `${label} answered the token request with ${status === undefined ? 'something else' : `HTTP ${status}`}`,
  )
}
