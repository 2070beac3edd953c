// Google, by the names the program and the browser know it by: TLS in front of the Google of test/support.
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { request as ask } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type FakeGoogle, type GooglePerson, startFakeGoogle } from '../support/providers/google.ts'
import { makeCertificate } from './certificate.ts'

const issuer = 'https://accounts.google.com'
const endpoints = {
  issuer,
  authorization_endpoint: `${issuer}/o/oauth2/v2/auth`,
  token_endpoint: 'https://oauth2.googleapis.com/token',
  userinfo_endpoint: 'https://openidconnect.googleapis.com/v1/userinfo',
  jwks_uri: 'https://www.googleapis.com/oauth2/v3/certs',
  id_token_signing_alg_values_supported: ['RS256'],
  token_endpoint_auth_methods_supported: ['client_secret_post', 'client_secret_basic'],
}
const hosts = [...new Set(Object.values(endpoints).flat())]
  .filter((text) => URL.canParse(text))
  .map((url) => new URL(url).host)

export interface NamedGoogle {
  readonly google: FakeGoogle
  /** What leads the program there. */
  readonly env: Readonly<Record<string, string>>
  /** What leads Chromium there. */
  readonly browserArguments: readonly string[]
  close(): Promise<void>
}

/** Starts it; the person signs in as soon as the browser comes. */
export const startNamedGoogle = async (person: GooglePerson): Promise<NamedGoogle> => {
  const files = await makeCertificate(hosts.map((host) => `DNS:${host}`))
  // Claims of one's own win, so that the ID token is by the issuer of this name.
  const google = await startFakeGoogle({ 'a-subject': { ...person, ...{ iss: issuer } } })
  google.oauth.person = 'a-subject'
  google.override('/.well-known/openid-configuration', () => ({ json: endpoints }))
  const front = createServer(
    { cert: readFileSync(files.certificate), key: readFileSync(files.key) },
    (incoming, response) => {
      const { method, headers } = incoming
      const onward = ask(`${google.url}${incoming.url ?? '/'}`, { method, headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers)
        answer.pipe(response)
      })
      onward.on('error', () => response.destroy())
      incoming.pipe(onward)
    },
  ).listen(0, '127.0.0.1')
  await once(front, 'listening')
  const { port } = front.address() as AddressInfo
  return {
    google,
    env: {
      NODE_OPTIONS: `--import=${pathToFileURL(join(import.meta.dirname, 'map-hosts.mjs')).href}`,
      NODE_EXTRA_CA_CERTS: files.certificate,
      MAP_HOSTS: JSON.stringify(Object.fromEntries(hosts.map((host) => [host, port]))),
    },
    browserArguments: [
      `--host-resolver-rules=${hosts.map((host) => `MAP ${host}:443 127.0.0.1:${port}`).join(', ')}`,
      '--ignore-certificate-errors',
    ],
    close: async () => {
      front.close()
      front.closeAllConnections()
      await google.close()
    },
  }
}
