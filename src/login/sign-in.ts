// One sign-in: the page it begins on, the way to the provider, and the way back with a code.
import type { Request, RequestHandler, Response } from 'express'
import type { WebSignIn } from '../authn/index.ts'
import { createGate } from '../lib/gate.ts'
import type { Logger } from '../lib/logger.ts'
import type { Cookies } from './cookies.ts'
import { printable } from './flow.ts'
import { isFromElsewhere } from './origin.ts'
import type { Page, PageWriter } from './page.ts'
import { declinedPage, passwordPage, refusedPage, startPage, unknownPage, unusablePage } from './pages.ts'
import type { WebProvider } from './strategies.ts'

export interface SignInParts {
  readonly prefix: string
  readonly cookies: Cookies
  readonly pages: PageWriter
  readonly signIn: WebSignIn
  readonly randomBytes: (size: number) => Buffer
  readonly log: Logger
}

/** The two requests of a sign-in with one provider. */
export interface SignIn {
  /** Its page, and what the provider sends the browser back to. */
  readonly page: RequestHandler
  readonly start: RequestHandler
}

// What one provider is asked at once, and how many wait for that: each callback costs it a request.
const EXCHANGES = { concurrency: 20, queue: 100, busy: 'too many sign-ins at once' }

// What a token endpoint says of a code that is too old, used up, or not for us: nobody's mistake but the browser's.
const STALE_CODES = ['invalid_grant', 'bad_verification_code']

/** Creates the sign-in with one provider. Nothing is asked of it, or stored, before the browser has shown the cookie of its `state`. */
export function createSignIn(provider: WebProvider, parts: SignInParts): SignIn {
  const { cookies, pages, log } = parts
  const { name, label, flow } = provider
  const gate = createGate(EXCHANGES)
  const page = `${parts.prefix}${provider.path}`
  // The cookie must be set by the host the provider sends the browser back to, which may know this page by another path.
  const begin = `${provider.redirectUri ?? page}/start`
  const again = { href: page, text: 'Sign in again' }
  // A provider that remembers the person would lead back to the same refusal at once.
  const anew = { href: `${begin}?anew`, text: 'Sign in with another account' }
  const account = { href: `${parts.prefix}/account`, text: 'See, replace or revoke your password' }
  const note = (outcome: string, fields: object = {}): void =>
    log.info({ provider: name, outcome, ...fields }, 'browser sign-in')
  const refuse = (reason: string, shown: Page): Page => {
    note('refused', { reason })
    return shown
  }

  /** What somebody sees who comes back from the provider. */
  async function comeBack(request: Request, response: Response, callback: URLSearchParams): Promise<Page> {
    const attempt = isWellFormed(callback)
      ? await cookies.take(request, response, callback.get('state') ?? '')
      : undefined
    if (attempt?.provider !== name) {
      // Somebody who reloads the page of a sign-in that succeeded has a password already.
      const next = (await cookies.session(request)) === undefined ? again : account
      return refuse('no sign-in of this browser belongs to it', unknownPage(next))
    }
    const told = callback.get('error')
    if (told !== null) {
      const shown = declinedPage(label, told, callback.get('error_description'), again)
      return refuse(`${label} said ${printable(told)}`, shown)
    }
    const left = leaving(response)
    const exchange = await gate.run(() => flow.finish(callback, attempt.verifier), left)
    if (exchange.outcome === 'refused') return refuseExchange(exchange.code)
    const answer = await parts.signIn.signedIn(name, exchange.tokens, left)
    if (answer.outcome === 'refused') return refuse(answer.reason, refusedPage(answer.reason, anew))
    const { issued } = answer
    note('signed-in', { account: issued.account })
    const csrf = parts.randomBytes(16).toString('base64url')
    await cookies.signIn(response, { provider: name, account: issued.account, csrf })
    return passwordPage(issued, provider.registry, account)
  }

  function refuseExchange(code: string): Page {
    if (STALE_CODES.includes(code)) return refuse(`${label} said ${code}`, unknownPage(again))
    log.error({ provider: name, outcome: 'failed', reason: code }, `${label} refuses this server's requests`)
    return unusablePage(label, again)
  }

  return {
    async start(request, response) {
      // A sign-in replaces the password, so it begins with a click on a page of ours, not with somebody else's link.
      if (isFromElsewhere(request)) return pages.redirect(response, 303, page)
      const state = parts.randomBytes(32).toString('base64url')
      const { location, verifier } = await flow.begin(state, paramsOf(request).has('anew'))
      await cookies.begin(request, response, { provider: name, state, verifier })
      pages.redirect(response, 302, location)
    },

    async page(request, response) {
      const callback = paramsOf(request)
      const isBack = request.method !== 'HEAD' && (callback.has('code') || callback.has('error'))
      pages.send(response, isBack ? await comeBack(request, response, callback) : startPage(provider, begin))
    },
  }
}

/** Aborts when the browser goes away before it was answered. */
function leaving(response: Response): AbortSignal {
  const controller = new AbortController()
  response.once('close', () => controller.abort())
  return controller.signal
}

function paramsOf(request: Request): URLSearchParams {
  const [, query = ''] = /\?([^]*)$/.exec(request.url) ?? []
  return new URLSearchParams(query)
}

/** Each parameter once, and either a code or an error. */
function isWellFormed(callback: URLSearchParams): boolean {
  const names = [...callback.keys()]
  return new Set(names).size === names.length && callback.has('error') !== Boolean(callback.get('code'))
}
