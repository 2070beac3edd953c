// Tells a request that a page of ours made from one that somebody else's page made.
import type { IncomingMessage } from 'node:http'

/**
 * Whether a form came from a page of ours. Browsers know, and say so, where they trust the connection; elsewhere `Origin` is compared
 * with `publicUrl`, or without one with the request's own host. What says nothing about where it comes from is not believed.
 */
export function isOwnForm({ headers }: IncomingMessage, publicUrl: string | undefined): boolean {
  const site = headers['sec-fetch-site']
  if (site !== undefined) return site === 'same-origin'
  const from = headers.origin ?? headers.referer
  if (from === undefined || !URL.canParse(from)) return false
  if (publicUrl !== undefined) return new URL(from).origin === new URL(publicUrl).origin
  return new URL(from).host === headers.host?.toLowerCase()
}

/** Whether another site sent the browser here, as far as the browser says. https://www.w3.org/TR/fetch-metadata/ */
export function isFromElsewhere({ headers }: IncomingMessage): boolean {
  const site = headers['sec-fetch-site']
  return site === 'cross-site' || site === 'same-site'
}
