// Any OpenID Connect provider: the claim that names the account, and claims that become labels.
import { z } from 'zod'
import { nonEmpty, strict, text, texts } from '../../lib/schema.ts'
import type { Labels } from '../../protocol/identity.ts'
import { clientKeys, readClient, serviceUrl, warnOfOtherCallback, warnOfPlainHttp } from './client.ts'
import type { ClientSettings, WebReading } from './client.ts'
import { createOpenId } from './openid.ts'
import type { Claims } from './openid.ts'
import type { Provider } from './provider.ts'
import { expiryOf } from './rotation.ts'

const requiredUrl = serviceUrl.min(1, { error: 'must not be empty' })

export const OidcConfig = strict({
  issuer: requiredUrl,
  redirect_url: requiredUrl,
  user_claim: text.optional(),
  labels_claims: texts.optional(),
  label_claims: texts.optional(), // the same key in docker_auth's documentation; its code has the other
  scopes: z.array(nonEmpty, { error: 'must be a list' }).optional(),
  ...clientKeys,
})
export type OidcConfig = z.infer<typeof OidcConfig>

/** What the `oidc_auth` section means. */
export interface OidcSettings extends ClientSettings {
  readonly name: 'oidc'
  readonly issuer: string
  readonly redirectUri: string
  /** A claim's path, such as `email` or `realm_access.roles`. */
  readonly userClaim: string
  /** Paths of the claims that become labels of the same names. */
  readonly labelsClaims: readonly string[]
  /** What a sign-in asks for. */
  readonly scopes: readonly string[]
}

/** Reads the `oidc_auth` section; undefined when something is wrong, which the report was told. */
export async function readOidc(config: OidcConfig, reading: WebReading): Promise<OidcSettings | undefined> {
  const { report } = reading
  const client = await readClient(config, reading)
  const scopes = config.scopes ?? ['openid', 'email']
  if (!scopes.includes('openid')) report.problem(['scopes'], 'must contain openid, or there is no ID token')
  warnOfOtherCallback(config.redirect_url, 'redirect_url', '/oidc_auth', report)
  warnOfPlainHttp(config.issuer, ['issuer'], report)
  return (
    client && {
      name: 'oidc',
      ...client,
      issuer: config.issuer,
      redirectUri: config.redirect_url,
      userClaim: config.user_claim || 'email',
      labelsClaims: config.labels_claims ?? config.label_claims ?? [],
      scopes,
    }
  )
}

/** Asks an OpenID provider. A claim that is missing makes no label. */
export function createOidcProvider(settings: OidcSettings, now: () => number): Provider {
  const { userClaim, labelsClaims } = settings
  const openId = createOpenId('The OpenID provider', settings, now)
  return {
    name: 'oidc',
    async profile(given, occasion) {
      const answer = await openId.identify(given, occasion)
      if (answer.outcome !== 'known') return answer
      const { claims, tokens } = answer
      const account = firstClaim(claims, userClaim)
      if (typeof account !== 'string' || account === '') {
        return {
          outcome: 'refused',
          reason: `The OpenID provider does not say who you are: the claim ${userClaim} is missing.`,
        }
      }
      if (
        userClaim === 'email' &&
        !claims.some((said) => said['email'] === account && said['email_verified'] === true)
      ) {
        return { outcome: 'refused', reason: `The OpenID provider has not verified the e-mail address ${account}.` }
      }
      const labels = labelsOf(claims, labelsClaims)
      return { outcome: 'known', profile: { account, labels, tokens, validUntil: expiryOf(tokens, now) } }
    },
  }
}

function labelsOf(claims: readonly Claims[], paths: readonly string[]): Labels {
  const labels = paths.map((path): [string, string[]] => [path, stringsOf(firstClaim(claims, path))])
  return Object.fromEntries(labels.filter(([, values]) => values.length > 0))
}

function stringsOf(value: unknown): string[] {
  const values: unknown[] = Array.isArray(value) ? value : [value]
  return values.filter((item) => typeof item === 'string')
}

function firstClaim(claims: readonly Claims[], path: string): unknown {
  for (const said of claims) {
    const found = claimAt(said, path)
    if (found !== undefined) return found
  }
  return undefined
}

/** The value at a path such as `resource_access.registry.roles`. Names may contain dots themselves: the longest name that is there wins. */
export function claimAt(value: unknown, path: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined
  const members = new Map<string, unknown>(Object.entries(value))
  if (members.has(path)) return members.get(path)
  for (let dot = path.lastIndexOf('.'); dot > 0; dot = path.lastIndexOf('.', dot - 1)) {
    const found = claimAt(members.get(path.slice(0, dot)), path.slice(dot + 1))
    if (found !== undefined) return found
  }
  return undefined
}
