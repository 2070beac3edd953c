// Listen addresses as Go writes them.

/** Where a server listens: a TCP port (on every interface when there is no host), or a unix socket. */
export type Address =
  | { readonly kind: 'tcp'; readonly host: string | undefined; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string }

/** Parses `:5001`, `127.0.0.1:5001`, `localhost:5001` or `[::1]:5001`; undefined when it is none. */
export function parseTcpAddress(text: string): Address | undefined {
  const [matched, bracketed, plain, digits] =
    /^(?:\[([0-9a-fA-F:.]+(?:%[\w.-]+)?)\]|([^\s:[\]]*)):(\d{1,5})$/.exec(text) ?? []
  const port = Number(digits)
  if (matched === undefined || port > 65_535) return undefined
  return { kind: 'tcp', host: bracketed ?? (plain === '' ? undefined : plain), port }
}

/** The address as it is written in a configuration and in messages. */
export function formatAddress(address: Address): string {
  if (address.kind === 'unix') return address.path
  const host = address.host ?? ''
  return `${host.includes(':') ? `[${host}]` : host}:${address.port}`
}

/** The address as a client on this machine would write it. */
export function clientHost(address: Address): string {
  if (address.kind === 'unix') return address.path
  const { host, port } = address
  return `${host === undefined || host === '127.0.0.1' || host === '0.0.0.0' ? 'localhost' : host}:${port}`
}
