// What the sections of all web providers have in common: who we are to the provider, and where docker passwords are kept.
import type { z } from 'zod'
import { duration, nonEmpty, text } from '../../lib/schema.ts'
import { Secret } from '../../lib/secret.ts'
import type { Report } from '../../lib/report.ts'
import type { Reading } from '../../lib/section.ts'
import type { YamlPath } from '../../lib/yaml.ts'
import { readTokenDb, tokenDbKeys } from './token-db.ts'
import type { StoreChoice } from './token-db.ts'

/** What reading a web provider's section may use besides files: the URL people reach this server at, where it is configured. */
export interface WebReading extends Reading {
  readonly publicUrl: string | undefined
}

/** The keys that every web provider's section has. */
export const clientKeys = {
  client_id: nonEmpty,
  client_secret: text.optional(),
  client_secret_file: text.optional(),
  http_timeout: duration.optional(),
  registry_url: text.optional(),
  ...tokenDbKeys,
}
type ClientConfig = z.infer<z.ZodObject<typeof clientKeys>>

/** This server as the provider's client. */
export interface ClientSettings {
  readonly clientId: string
  readonly clientSecret: Secret
  /** The time limit of every request to the provider. */
  readonly httpTimeoutMs: number
  /** The registry as `docker login` takes it, for the result page. */
  readonly registryUrl: string | undefined
  readonly store: StoreChoice
}

const HTTP_TIMEOUT_MS = 10_000
const LONGEST_TIMER_MS = 2 ** 31 - 1

/** Reads the files these keys name; undefined when something is wrong, which the report was told. */
export async function readClient(config: ClientConfig, reading: Reading): Promise<ClientSettings | undefined> {
  const clientSecret = await readClientSecret(config, reading)
  const store = await readTokenDb(config, reading)
  if (clientSecret === undefined || store === undefined) return undefined
  return {
    clientId: config.client_id,
    clientSecret,
    httpTimeoutMs: Math.min(LONGEST_TIMER_MS, Math.ceil(positive(config.http_timeout) ?? HTTP_TIMEOUT_MS)),
    registryUrl: config.registry_url?.replace(/^https?:\/\//i, '').replace(/\/+$/, '') || undefined,
    store,
  }
}

async function readClientSecret(config: ClientConfig, { files, report }: Reading): Promise<Secret | undefined> {
  const file = config.client_secret_file || undefined
  const key = file === undefined ? 'client_secret' : 'client_secret_file'
  const value = file === undefined ? (config.client_secret ?? '') : await report.guard([key], files.readText(file))
  if (value === undefined) return undefined
  const secret = file === undefined ? value : value.trim()
  if (secret !== '') return new Secret(secret)
  report.problem([key], file === undefined ? 'client_secret or client_secret_file is required' : `${file} is empty`)
  return undefined
}

const HOUR_MS = 3_600_000

/** `revalidate_after` in ms. Like `http_timeout`, zero is the default here, as in docker_auth. */
export function revalidateAfterMs(config: { readonly revalidate_after?: number | undefined }): number {
  return positive(config.revalidate_after) ?? HOUR_MS
}

function positive(ms: number | undefined): number | undefined {
  return ms !== undefined && ms > 0 ? ms : undefined
}

/** The URL of a service, without a query; `''` counts as absent. */
export const serviceUrl = text.refine(
  (url) => url === '' || (URL.canParse(url) && /^https?:\/\/[^\s/?#@]+(?:\/[^\s?#]*)?$/i.test(url)),
  { error: 'must be a URL such as https://git.example.com' },
)

/** A service's URL without a slash at its end; says so where tokens would travel in clear. */
export function readServiceUrl(
  configured: string | undefined,
  otherwise: string,
  path: YamlPath,
  report: Report,
): string {
  const url = (configured || otherwise).replace(/\/+$/, '')
  warnOfPlainHttp(url, path, report)
  return url
}

/** Warns where a provider is told to send people back to something else than the page of this server with that path. */
export function warnOfOtherCallback(url: string | undefined, key: string, path: string, report: Report): void {
  if (url?.endsWith(path) === false) {
    report.warning([key], `does not end with ${path}, where this server expects people to come back`)
  }
}

/** Warns where tokens would travel in clear over a network. */
export function warnOfPlainHttp(url: string, path: YamlPath, report: Report): void {
  const { protocol, hostname } = new URL(url)
  if (protocol === 'http:' && !/^(?:localhost|127\.[\d.]+|\[::1\])$/.test(hostname)) {
    report.warning(path, 'is not https: tokens and the client secret travel in clear')
  }
}
