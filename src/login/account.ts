// What a signed-in person can do about their password: see when it expires, replace it, revoke it; and sign out.
import type { Request, RequestHandler, Response } from 'express'
import { z } from 'zod'
import type { WebSignIn } from '../authn/index.ts'
import type { Logger } from '../lib/logger.ts'
import { sameText } from './cookies.ts'
import type { Cookies, Session } from './cookies.ts'
import { isOwnForm } from './origin.ts'
import type { PageWriter } from './page.ts'
import { accountPage, messagePage, passwordPage } from './pages.ts'
import type { Link } from './pages.ts'
import type { WebProvider } from './strategies.ts'

export interface AccountParts {
  readonly prefix: string
  readonly publicUrl: string | undefined
  readonly providers: readonly WebProvider[]
  readonly cookies: Cookies
  readonly pages: PageWriter
  readonly signIn: WebSignIn
  readonly log: Logger
}

/** The account page, and its forms, whose bodies have been parsed. */
export interface Account {
  readonly page: RequestHandler
  readonly replace: RequestHandler
  readonly revoke: RequestHandler
  readonly signOut: RequestHandler
}

const Form = z.object({ csrf: z.string() })

/** Creates the handlers. A form counts only from a page of ours, with the token of the session it was made for. */
export function createAccount(parts: AccountParts): Account {
  const { cookies, pages, signIn, log } = parts
  const front = { href: `${parts.prefix}/`, text: 'Go to the front page' }
  const account = { href: `${parts.prefix}/account`, text: 'See, replace or revoke your password' }

  const form =
    (act: (signedIn: SignedIn, response: Response) => Promise<void>): RequestHandler =>
    async (request, response) => {
      const signedIn = await signedInOf(request)
      if (signedIn !== undefined && isMeant(request, signedIn.session)) return act(signedIn, response)
      log.info({ outcome: 'refused', reason: 'a form that is not of this session' }, 'browser password')
      pages.send(response, foreignPage(account))
    }

  async function signedInOf(request: Request): Promise<SignedIn | undefined> {
    const session = await cookies.session(request)
    const provider = parts.providers.find(({ name }) => name === session?.provider)
    return session && provider && { session, provider }
  }

  function isMeant(request: Request, session: Session): boolean {
    const sent = Form.safeParse(request.body).data?.csrf
    return isOwnForm(request, parts.publicUrl) && sent !== undefined && sameText(sent, session.csrf)
  }

  const note = (outcome: string, { provider, account }: Session): void =>
    log.info({ provider, account, outcome }, 'browser password')

  return {
    async page(request, response) {
      const signedIn = await signedInOf(request)
      if (signedIn === undefined) return pages.redirect(response, 303, front.href)
      const { session, provider } = signedIn
      const stored = await signIn.stored(session.provider, session.account)
      pages.send(response, accountPage(session, provider, stored, parts.prefix))
    },
    replace: form(async ({ session, provider }, response) => {
      const issued = await signIn.replace(session.provider, session.account)
      if (issued === undefined) return pages.redirect(response, 303, account.href)
      note('replaced', session)
      pages.send(response, passwordPage(issued, provider.registry, account))
    }),
    revoke: form(async ({ session }, response) => {
      await signIn.revoke(session.provider, session.account)
      note('revoked', session)
      cookies.signOut(response)
      const text = 'The password does not work any more. To get another one, sign in again.'
      pages.send(response, messagePage(200, 'Your password is revoked', [text], front))
    }),
    signOut: form((_signedIn, response) => {
      cookies.signOut(response)
      pages.redirect(response, 303, front.href)
      return Promise.resolve()
    }),
  }
}

interface SignedIn {
  readonly session: Session
  readonly provider: WebProvider
}

function foreignPage(account: Link): ReturnType<typeof messagePage> {
  const text = 'You are signed out, or this form is not from the page it belongs to. Nothing was changed.'
  return messagePage(403, 'This did not work', [text], { ...account, text: 'Go to your password' })
}
