// The URL table of the browser's door. login/ signs people in and hands out docker passwords; it knows no rule, no registry and no token.
import express from 'express'
import type { ErrorRequestHandler, RequestHandler } from 'express'
import type { ProviderSettings, WebSignIn } from '../authn/index.ts'
import { BackendError } from '../lib/errors.ts'
import type { Logger } from '../lib/logger.ts'
import { createAccount } from './account.ts'
import { createCookies } from './cookies.ts'
import { createPageWriter } from './page.ts'
import type { PageWriter } from './page.ts'
import { frontPage, messagePage } from './pages.ts'
import { createSignIn } from './sign-in.ts'
import { createWebProvider } from './strategies.ts'
import type { WebProvider } from './strategies.ts'

export interface LoginParts {
  readonly issuer: string
  /** `''` or a path that begins with `/` and does not end with one; the router is mounted there. */
  readonly prefix: string
  /** The URL of the router from outside, as far as the configuration says it. */
  readonly publicUrl: string | undefined
  /** Whether browsers come by https, as far as the server's own settings say it. */
  readonly secure: boolean
  readonly providers: readonly ProviderSettings[]
  readonly signIn: WebSignIn
  readonly now: () => number
  readonly randomBytes: (size: number) => Buffer
  readonly log: Logger
}

/** Creates the front page, each configured provider's pages and the account page. Whatever else is asked for is not answered here. */
export function createLogin(parts: LoginParts): express.Router {
  const { issuer, prefix, signIn, log } = parts
  const pages = createPageWriter(issuer, prefix)
  const providers = parts.providers.map((settings) => createWebProvider(settings, parts))
  // Behind a proxy the redirect URIs may be all that says that browsers come by https.
  const secure = parts.secure || (providers.length > 0 && providers.every(comesBackByHttps))
  const cookies = createCookies({ ...parts, secure, key: signIn.cookieKey })
  const account = createAccount({ ...parts, providers, cookies, pages })
  const ways = providers.map(({ label, path }) => ({ href: `${prefix}${path}`, text: `Sign in with ${label}` }))

  const router = express.Router({ caseSensitive: true, strict: true })
  router.all('/', async (request, response) => {
    const session = await cookies.session(request)
    const link = session && { href: `${prefix}/account`, text: `Signed in as ${session.account}` }
    pages.send(response, frontPage(issuer, ways, link))
  })
  const body = express.urlencoded({ extended: false, limit: '4kb' })
  const routes: readonly Route[] = [
    ...providers.flatMap((provider): Route[] => {
      const { page, start } = createSignIn(provider, { ...parts, cookies, pages })
      return [
        { path: provider.path, method: 'get', handlers: [page] },
        { path: `${provider.path}/start`, method: 'get', handlers: [start] },
      ]
    }),
    { path: '/account', method: 'get', handlers: [account.page] },
    { path: '/account/replace', method: 'post', handlers: [body, account.replace] },
    { path: '/account/revoke', method: 'post', handlers: [body, account.revoke] },
    { path: '/account/sign-out', method: 'post', handlers: [body, account.signOut] },
  ]
  if (providers.some(({ name }) => name === 'google')) router.post('/google_auth', oldGooglePage(pages, prefix))
  for (const { path, method, handlers } of routes) {
    const route = router.route(path)
    route[method](...handlers)
    route.all(only(method, pages, prefix))
  }
  router.use(answerError(pages, prefix, log))
  return router
}

function comesBackByHttps({ redirectUri }: WebProvider): boolean {
  return redirectUri?.startsWith('https:') === true
}

interface Route {
  readonly path: string
  readonly method: 'get' | 'post'
  readonly handlers: readonly RequestHandler[]
}

function only(method: 'get' | 'post', pages: PageWriter, prefix: string): RequestHandler {
  const text = `This page does not understand that request; it is for ${method.toUpperCase()}.`
  const allow = { Allow: method === 'get' ? 'GET, HEAD' : 'POST' }
  return (_request, response) =>
    pages.send(response, messagePage(405, 'Not like this', [text], frontLink(prefix), allow))
}

// The script of docker_auth's page posted JSON here; Google has switched off what it was made of.
function oldGooglePage(pages: PageWriter, prefix: string): RequestHandler {
  return (_request, response) => {
    const text =
      'Signing in by posting JSON is gone, with the page it belonged to. Open this address in a browser instead.'
    pages.send(response, messagePage(400, 'Not like this any more', [text], frontLink(prefix)))
  }
}

// These errors are pages, which no other door's are, so that they are written here.
function answerError(pages: PageWriter, prefix: string, log: Logger): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    // A browser that has left is told nothing, and its leaving is no failure.
    if (response.destroyed) return
    if (response.headersSent) return next(error)
    const status = statusOf(error)
    if (status < 500) {
      const text = 'The form could not be read. Nothing was changed.'
      return pages.send(response, messagePage(status, 'This did not work', [text], frontLink(prefix)))
    }
    log.error(
      { err: error, method: request.method, path: `${prefix}${request.path}` },
      'a page of the browser sign-in failed',
    )
    const text =
      status === 503
        ? 'Something this server needs for it does not answer at the moment. Please try again in a minute.'
        : 'Something went wrong on this server. Please tell the people who run it; their log says more.'
    const retry = error instanceof BackendError ? { 'Retry-After': String(error.retryAfter ?? 60) } : {}
    pages.send(response, messagePage(status, 'This does not work right now', [text], frontLink(prefix), retry))
  }
}

function statusOf(error: unknown): number {
  if (error instanceof BackendError) return 503
  // What express.urlencoded throws says which client error it is.
  const status = error instanceof Error && 'status' in error ? error.status : undefined
  return typeof status === 'number' && status >= 400 && status < 500 ? status : 500
}

function frontLink(prefix: string): { href: string; text: string } {
  return { href: `${prefix}/`, text: 'Go to the front page' }
}
