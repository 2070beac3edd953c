// Google: an account's verified e-mail address, and the Workspace domain it belongs to.
import { z } from 'zod'
import { strict, text } from '../../lib/schema.ts'
import { clientKeys, readClient } from './client.ts'
import type { ClientSettings, WebReading } from './client.ts'
import { createOpenId } from './openid.ts'
import type { Claims } from './openid.ts'
import type { Provider } from './provider.ts'
import { expiryOf } from './rotation.ts'

export const GoogleConfig = strict({ domain: text.optional(), ...clientKeys })
export type GoogleConfig = z.infer<typeof GoogleConfig>

/** What the `google_auth` section means. The URLs are Google's; tests put others in their place. */
export interface GoogleSettings extends ClientSettings {
  readonly name: 'google'
  readonly domain: string | undefined
  readonly issuer: string
  readonly authorizationUrl: string
  readonly tokenUrl: string
  /** What a sign-in asks for. */
  readonly scopes: readonly string[]
}

/** Reads the `google_auth` section; undefined when something is wrong, which the report was told. */
export async function readGoogle(config: GoogleConfig, reading: WebReading): Promise<GoogleSettings | undefined> {
  const client = await readClient(config, reading)
  if (reading.publicUrl === undefined) {
    reading.report.problem([], 'needs server.public_url: Google sends people back to a registered URL only')
    return undefined
  }
  return (
    client && {
      name: 'google',
      ...client,
      domain: config.domain?.toLowerCase() || undefined,
      issuer: 'https://accounts.google.com',
      authorizationUrl: 'https://accounts.google.com/o/oauth2/v2/auth',
      tokenUrl: 'https://oauth2.googleapis.com/token',
      scopes: ['openid', 'email'],
    }
  )
}

/** Asks Google. There are no labels. */
export function createGoogleProvider(settings: GoogleSettings, now: () => number): Provider {
  const google = createOpenId('Google', settings, now)
  return {
    name: 'google',
    async profile(given, occasion) {
      const answer = await google.identify(given, occasion)
      if (answer.outcome !== 'known') return answer
      const { claims, tokens } = answer
      const about = claims.find(({ email }) => email !== undefined)
      const email = about?.['email']
      if (typeof email !== 'string' || email === '') {
        return { outcome: 'refused', reason: 'Google did not say an e-mail address.' }
      }
      if (about?.['email_verified'] !== true) {
        return { outcome: 'refused', reason: `Google has not verified the e-mail address ${email}.` }
      }
      if (settings.domain !== undefined && !belongsTo(settings.domain, email, about)) {
        return { outcome: 'refused', reason: `${email} is not an account of the domain ${settings.domain}.` }
      }
      return { outcome: 'known', profile: { account: email, labels: {}, tokens, validUntil: expiryOf(tokens, now) } }
    },
  }
}

// The address alone would let in a private account that once was made with such an address; `hd` is only there for the domain's own.
// https://developers.google.com/identity/openid-connect/openid-connect#an-id-tokens-payload
function belongsTo(domain: string, email: string, { hd }: Claims): boolean {
  return typeof hd === 'string' && hd.toLowerCase() === domain && email.toLowerCase().endsWith(`@${domain}`)
}
