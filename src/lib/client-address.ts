// Which address a request really came from, when proxies stand in between.
import type { IncomingMessage } from 'node:http'
import { parseIp } from './ip.ts'

/** The client's address in text, `''` where there is none (a unix socket), or undefined when what a proxy said is no address. */
export type ClientAddress = (request: IncomingMessage) => string | undefined

/** Who may speak for whom: docker_auth's header and position, or our trusted proxies. */
export interface ClientAddressOptions {
  readonly realIpHeader: string | undefined
  readonly realIpPos: number
  /** Whether an address is a proxy of ours; with it the right-most address that is none counts, whatever `realIpPos` says. */
  readonly isTrusted: ((ip: string) => boolean) | undefined
}

/** Reads client addresses by these options. */
export function createClientAddress(options: ClientAddressOptions): ClientAddress {
  const { realIpHeader, realIpPos, isTrusted } = options
  if (isTrusted !== undefined) return (request) => behindTrusted(request, realIpHeader ?? 'x-forwarded-for', isTrusted)
  if (realIpHeader === undefined) return peerAddress
  return (request) => {
    const elements = headerElements(request, realIpHeader)
    const index = realIpPos < 0 ? Math.max(0, elements.length + realIpPos) : realIpPos
    return parseAddress(elements[index] ?? '')
  }
}

function behindTrusted(
  request: IncomingMessage,
  header: string,
  isTrusted: (ip: string) => boolean,
): string | undefined {
  let client = peerAddress(request)
  // A peer on a unix socket has no address; whoever may open the socket is as near as a trusted proxy.
  if (client !== '' && !isTrusted(client)) return client
  for (const element of headerElements(request, header).reverse()) {
    const address = parseAddress(element)
    if (address === undefined) return undefined
    client = address
    if (!isTrusted(address)) break
  }
  return client
}

function headerElements(request: IncomingMessage, name: string): string[] {
  const value = request.headers[name.toLowerCase()]
  if (value === undefined) return []
  return (typeof value === 'string' ? value : value.join(',')).split(',').map((element) => element.trim())
}

function peerAddress(request: IncomingMessage): string {
  return parseIp(request.socket.remoteAddress ?? '') ?? ''
}

// `ip`, `ip:port`, `[v6]:port`, `[v6]` and bare v6.
function parseAddress(text: string): string | undefined {
  const bracketed = /^\[([^\]]*)\](?::\d+)?$/.exec(text)?.[1]
  const withPort = /^([^:]+):\d+$/.exec(text)?.[1]
  return parseIp(bracketed ?? withPort ?? text)
}
