// The `registry` section of the configuration: Distribution's own keys, as far as this registry goes.
// https://distribution.github.io/distribution/about/configuration/
import { z } from 'zod'
import { bool, duration, nonEmpty, notSupportedYet, strict, text, texts } from '../lib/schema.ts'

const httpUrl = nonEmpty.refine((value) => /^https?:\/\/[\x21-\x7e]+$/i.test(value) && URL.canParse(value), {
  error: 'must be an absolute URL such as https://registry.example.com',
})

const Http = strict({
  addr: nonEmpty,
  host: httpUrl.optional(),
  tls: strict({
    certificate: nonEmpty,
    key: nonEmpty,
    clientcas: notSupportedYet,
    clientauth: notSupportedYet,
    minimumtls: notSupportedYet,
    ciphersuites: notSupportedYet,
    letsencrypt: notSupportedYet,
  }).optional(),
  // Signs what Distribution hides in upload URLs; here they hide nothing.
  secret: text.optional(),
  /** How long a stop waits for requests in flight. */
  draintimeout: duration.refine((ms) => ms >= 0 && ms <= 86_400_000, { error: 'must be between 0 and 24h' }).optional(),
  net: notSupportedYet,
  prefix: notSupportedYet,
  relativeurls: notSupportedYet,
  headers: notSupportedYet,
  debug: notSupportedYet,
  http2: notSupportedYet,
  h2c: notSupportedYet,
})

const Storage = strict({
  filesystem: strict({ rootdirectory: nonEmpty, maxthreads: notSupportedYet }),
  delete: strict({ enabled: bool.default(false) }).default({ enabled: false }),
  inmemory: notSupportedYet,
  s3: notSupportedYet,
  gcs: notSupportedYet,
  azure: notSupportedYet,
  cache: notSupportedYet,
  maintenance: notSupportedYet,
  redirect: notSupportedYet,
  tag: notSupportedYet,
})

const Token = strict({
  realm: httpUrl.optional(),
  // It stands in a header of every challenge.
  service: nonEmpty.regex(/^[\x20-\x7e]+$/, { error: 'must be plain ASCII' }),
  issuer: nonEmpty,
  rootcertbundle: nonEmpty.optional(),
  jwks: nonEmpty.optional(),
  signingalgorithms: texts.optional(),
  autoredirect: bool.default(false),
  autoredirectpath: notSupportedYet,
}).refine(({ rootcertbundle, jwks }) => rootcertbundle !== undefined || jwks !== undefined, {
  error: 'needs rootcertbundle or jwks, to know whose tokens to trust',
})

export const RegistryConfig = strict({
  version: z.literal('0.1', { error: 'must be 0.1' }).optional(),
  http: Http,
  storage: Storage,
  auth: strict({ token: Token, htpasswd: notSupportedYet, silly: notSupportedYet, none: notSupportedYet }),
  log: notSupportedYet,
  middleware: notSupportedYet,
  notifications: notSupportedYet,
  redis: notSupportedYet,
  health: notSupportedYet,
  proxy: notSupportedYet,
  validation: notSupportedYet,
  policy: notSupportedYet,
  catalog: notSupportedYet,
  tags: notSupportedYet,
}).refine(({ http, auth }) => !auth.token.autoredirect || http.host !== undefined, {
  // A realm made from a request's Host would send clients, and their passwords, wherever the request says.
  error: 'needs http.host, from which the realm is made',
  path: ['auth', 'token', 'autoredirect'],
})

export type RegistryConfig = z.infer<typeof RegistryConfig>
