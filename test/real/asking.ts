// Requests for tokens and to the registry, and what a test wants to know of the answers.
import { type Agent, type OutgoingHttpHeaders, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { admin, service } from './draft.ts'

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

export interface Question {
  readonly port: number
  readonly path: string
  readonly method?: string
  readonly headers?: OutgoingHttpHeaders
  readonly body?: string | Uint8Array
  readonly agent?: Agent
}

/** One request over HTTP; rejects when the connection breaks. */
export const ask = ({ port, path, method = 'GET', headers = {}, body, agent }: Question): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const hasNoLength = body === undefined || 'Transfer-Encoding' in headers
    const length = hasNoLength ? {} : { 'Content-Length': Buffer.byteLength(body) }
    const sent = request(
      { host: '127.0.0.1', port, path, method, headers: { ...length, ...headers }, agent: agent ?? false },
      (response) => {
        const chunks: Buffer[] = []
        response
          .on('data', (chunk: Buffer) => chunks.push(chunk))
          .on('error', reject)
          .on('end', () => {
            resolve({
              status: response.statusCode ?? 0,
              headers: response.headers,
              body: Buffer.concat(chunks).toString(),
            })
          })
      },
    )
    sent.on('error', reject).end(body)
  })

export const basic = (account: string, password: string): OutgoingHttpHeaders => ({
  Authorization: `Basic ${Buffer.from(`${account}:${password}`).toString('base64')}`,
})

export const bearer = (token: string): OutgoingHttpHeaders => ({ Authorization: `Bearer ${token}` })

/** The admin's name and password, as a header. */
export const asAdmin = basic(admin.account, admin.password)

/** The path that asks for these scopes. */
export const tokenPath = (...scopes: string[]): string =>
  `/auth?${new URLSearchParams([['service', service], ...scopes.map((scope) => ['scope', scope])]).toString()}`

/** A token for the admin; throws with the answer when there is none. */
export const adminToken = async (port: number, ...scopes: string[]): Promise<string> => {
  const { status, body } = await ask({ port, path: tokenPath(...scopes), headers: asAdmin })
  if (status !== 200) throw new Error(`${status} ${body}`)
  return (JSON.parse(body) as { token: string }).token
}

export interface Access {
  readonly type: string
  readonly name: string
  readonly actions: readonly string[]
}

/** What a token endpoint's answer grants. */
export const accessOf = (body: string): readonly Access[] => {
  const { token } = JSON.parse(body) as { token: string }
  const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { access: Access[] }
  return claims.access
}

/** Asks again and again until the probe says yes; throws what it is waiting for after half a minute. */
export const eventually = async (what: string, probe: () => boolean | Promise<boolean>): Promise<void> => {
  const deadline = Date.now() + 30_000
  while (!(await probe())) {
    if (Date.now() > deadline) throw new Error(`still waiting for this: ${what}`)
    await sleep(25)
  }
}
