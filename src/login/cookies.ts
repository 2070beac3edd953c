// The two cookies of this door: a sign-in that is under way, and who is signed in. Both are sealed; the server keeps neither.
import { timingSafeEqual } from 'node:crypto'
import { parseCookie } from 'cookie'
import type { CookieOptions, Request, Response } from 'express'
import { z } from 'zod'
import { createSealer } from './seal.ts'
import type { Kind } from './seal.ts'

const Provider = z.enum(['google', 'github', 'oidc', 'gitlab'])

const Attempt = z.object({ provider: Provider, state: z.string(), verifier: z.string() })
/** A sign-in that is under way at a provider; `verifier` is its PKCE code verifier. */
export type Attempt = z.infer<typeof Attempt>

const Session = z.object({ provider: Provider, account: z.string(), csrf: z.string() })
/** Who is signed in; `csrf` must come back with every form. */
export type Session = z.infer<typeof Session>

const ATTEMPT: Kind<Attempt> = { name: 'sign-in', schema: Attempt, lifetimeMs: 10 * 60_000 }
const SESSION: Kind<Session> = { name: 'session', schema: Session, lifetimeMs: 8 * 3_600_000 }

// Every tab has a sign-in of its own; beyond this many the oldest are forgotten, a few at a time: headers have limits, too.
const MAX_ATTEMPTS = 5

export interface Cookies {
  /** Remembers a sign-in that begins. */
  begin(request: Request, response: Response, attempt: Attempt): Promise<void>
  /** The sign-in this state belongs to, once: its cookie is gone with this answer. */
  take(request: Request, response: Response, state: string): Promise<Attempt | undefined>
  session(request: Request): Promise<Session | undefined>
  signIn(response: Response, session: Session): Promise<void>
  signOut(response: Response): void
}

/** Creates the cookies of the pages under `prefix`, which is part of their names; `secure` when browsers reach them by https. */
export function createCookies(parts: {
  readonly key: Uint8Array
  readonly prefix: string
  readonly secure: boolean
  readonly now: () => number
}): Cookies {
  const { prefix, secure } = parts
  const sealer = createSealer(parts.key, parts.now)
  // A browser lets no other host of the domain set a cookie of such a name, if its path is this one.
  const options: CookieOptions = { httpOnly: true, sameSite: 'lax', secure, path: '/' }
  const base = `${secure ? '__Host-' : ''}registry-auth${prefix.replaceAll('/', '.')}`
  const sessionName = `${base}-session`
  const attemptPrefix = `${base}-sign-in-`
  const attemptName = (state: string): string => `${attemptPrefix}${state.slice(0, 12)}`

  return {
    async begin(request, response, attempt) {
      const known = Object.keys(cookiesOf(request)).filter(
        (name) => name.startsWith(attemptPrefix) && /^[\w-]+$/.test(name.slice(attemptPrefix.length)),
      )
      for (const name of known.slice(0, -(MAX_ATTEMPTS - 1)).slice(0, MAX_ATTEMPTS)) response.clearCookie(name, options)
      const sealed = await sealer.seal(ATTEMPT, attempt)
      response.cookie(attemptName(attempt.state), sealed, { ...options, maxAge: ATTEMPT.lifetimeMs })
    },
    async take(request, response, state) {
      if (!/^[\w-]{43}$/.test(state)) return undefined
      const name = attemptName(state)
      const sealed = cookiesOf(request)[name]
      if (sealed === undefined) return undefined
      response.clearCookie(name, options)
      const attempt = await sealer.unseal(ATTEMPT, sealed)
      return attempt !== undefined && sameText(attempt.state, state) ? attempt : undefined
    },
    async session(request) {
      const sealed = cookiesOf(request)[sessionName]
      return sealed === undefined ? undefined : sealer.unseal(SESSION, sealed)
    },
    async signIn(response, session) {
      response.cookie(sessionName, await sealer.seal(SESSION, session), options)
    },
    signOut(response) {
      response.clearCookie(sessionName, options)
    },
  }
}

function cookiesOf(request: Request): Readonly<Record<string, string | undefined>> {
  return parseCookie(request.headers.cookie ?? '')
}

/** Compares without telling by its duration where two texts differ. */
export function sameText(one: string, other: string): boolean {
  const [left, right] = [Buffer.from(one), Buffer.from(other)]
  return left.length === right.length && timingSafeEqual(left, right)
}
