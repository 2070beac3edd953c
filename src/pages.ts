// What the token server answers besides tokens: its front page, its health, and Not found.
import express from 'express'
import type { Express, Router } from 'express'
import { ApiError } from './lib/errors.ts'
import type { Logger } from './lib/logger.ts'
import { writeError } from './middleware.ts'

/** Creates the pages under `prefix`; health is answered at the root as well, where probes that bypass the proxy look for it. */
export function createPages(parts: {
  readonly issuer: string
  readonly prefix: string
  /** The browser sign-in, where there is one; it has a front page of its own. */
  readonly login: Router | undefined
  /** Why this server must not get requests now, or undefined when it may. */
  readonly unready: () => Promise<string | undefined>
  /** The back ends that do not answer: others may still let people in, so this server goes on getting requests. */
  readonly degraded: () => Promise<readonly string[]>
  readonly log: Logger
}): Express {
  const health = express.Router()
  health.all('/healthz', (_request, response) => void response.type('text/plain').send('ok\n'))
  health.all('/readyz', async (_request, response) => {
    const reason = await parts.unready()
    if (reason !== undefined) throw new ApiError(503, { text: reason })
    const names = await parts.degraded()
    response.type('text/plain').send(names.length === 0 ? 'ok\n' : `ok\ndegraded: ${names.join(', ')}\n`)
  })

  const app = express()
  app.disable('x-powered-by').disable('etag').enable('case sensitive routing').set('env', 'production')
  app.set('strict routing', true)
  app.use(health)
  app.use(parts.prefix === '' ? '/' : parts.prefix, health)
  if (parts.login !== undefined) app.use(parts.prefix === '' ? '/' : parts.prefix, parts.login)
  app.all(`${parts.prefix}/`, (_request, response) => {
    response.setHeader('Content-Security-Policy', "default-src 'none'; frame-ancestors 'none'")
    response.setHeader('X-Content-Type-Options', 'nosniff')
    response.type('html').send(frontPage(parts.issuer))
  })
  app.use(() => {
    throw new ApiError(404, { text: 'Not found' })
  })
  const answerError: express.ErrorRequestHandler = (error, request, response, _next) =>
    writeError(request, response, error, 'token', parts.log)
  app.use(answerError)
  return app
}

function frontPage(issuer: string): string {
  const name = issuer.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${name}</title></head>
<body><h1>${name}</h1><p>This server issues tokens for a container registry.</p></body>
</html>
`
}
