// One flow per configured provider: who is asked where, for what, and to which URL the browser comes back.
import { createOpenId } from '../authn/index.ts'
import type { ProviderName, ProviderSettings } from '../authn/index.ts'
import { createUpstream } from '../lib/upstream.ts'
import type { Flow } from './flow.ts'
import { createOpenidFlow } from './openid.ts'
import { createPassportFlow } from './passport.ts'
import type { PassportParts } from './passport.ts'

/** A provider as this door sees it. */
export interface WebProvider {
  readonly name: ProviderName
  /** What people call it. */
  readonly label: string
  /** Its page below the prefix, which is also where the browser comes back to. */
  readonly path: string
  /** The URL of that page from outside, as far as the configuration says it; never made of what a request says. */
  readonly redirectUri: string | undefined
  /** The registry's host, where the configuration says it. */
  readonly registry: string | undefined
  readonly flow: Flow
}

export interface ProviderParts {
  /** The URL of the pages from outside, where the configuration says it. */
  readonly publicUrl: string | undefined
  readonly now: () => number
  readonly randomBytes: (size: number) => Buffer
}

/** Creates a configured provider. It is asked nothing yet. */
export function createWebProvider(settings: ProviderSettings, parts: ProviderParts): WebProvider {
  const path = `/${settings.name}_auth`
  const label = labelOf(settings)
  const usual = parts.publicUrl === undefined ? undefined : `${parts.publicUrl}${path}`
  const redirectUri = ('redirectUri' in settings ? settings.redirectUri : undefined) ?? usual
  const { now, randomBytes } = parts
  const flow = (): Flow => {
    if (settings.name === 'oidc')
      return createOpenidFlow(settings, { label, openId: createOpenId(label, settings, now), randomBytes })
    const upstream = createUpstream(label, settings.httpTimeoutMs)
    return createPassportFlow({ label, upstream, now, ...dialect(settings, redirectUri) })
  }
  return { name: settings.name, label, path, redirectUri, registry: settings.registryUrl, flow: flow() }
}

function labelOf(settings: ProviderSettings): string {
  if (settings.name === 'oidc') return `OpenID Connect (${new URL(settings.issuer).host})`
  return { github: 'GitHub', google: 'Google', gitlab: 'GitLab' }[settings.name]
}

type PassportSettings = Exclude<ProviderSettings, { readonly name: 'oidc' }>

/** What passport has to know of each provider. A redirect URI that is not configured is left out: the provider then takes the registered one. */
function dialect(
  settings: PassportSettings,
  redirectUri: string | undefined,
): Pick<PassportParts, 'strategy' | 'authorization'> {
  const client = (): { clientID: string; clientSecret: string; scope: string[] } => ({
    clientID: settings.clientId,
    clientSecret: settings.clientSecret.reveal(),
    scope: [...settings.scopes],
  })
  switch (settings.name) {
    case 'github':
      return {
        async strategy(options, verify) {
          const { Strategy } = await import('passport-github2')
          const authorizationURL = `${settings.webUrl}/login/oauth/authorize`
          const tokenURL = `${settings.webUrl}/login/oauth/access_token`
          const own = { authorizationURL, tokenURL, callbackURL: redirectUri ?? '', scopeSeparator: ' ' }
          return new Strategy({ ...options, ...client(), ...own }, verify)
        },
      }
    case 'google':
      return {
        // Google hands out a refresh token only to those who ask for consent and offline access.
        authorization: { accessType: 'offline', prompt: 'select_account consent', hostedDomain: settings.domain },
        async strategy(options, verify) {
          const { Strategy } = await import('passport-google-oauth20')
          const { authorizationUrl: authorizationURL, tokenUrl: tokenURL } = settings
          const own = { authorizationURL, tokenURL, callbackURL: redirectUri }
          return new Strategy({ ...options, ...client(), ...own }, verify)
        },
      }
    case 'gitlab':
      return {
        async strategy(options, verify) {
          const { Strategy } = await import('passport-oauth2')
          const authorizationURL = `${settings.webUrl}/oauth/authorize`
          const tokenURL = `${settings.webUrl}/oauth/token`
          const own = { authorizationURL, tokenURL, callbackURL: redirectUri }
          return new Strategy({ ...options, ...client(), ...own }, verify)
        },
      }
  }
}
