// Keycloak as the OpenID provider of an installation, and its sign-in form.
import type { Page } from 'playwright-core'
import { type WebSite, startWebSite } from './browser-site.ts'
import { type Keycloak, type KeycloakUser, keycloakUsers } from './keycloak.ts'

/** What a replica shares with others. */
export interface Shared {
  /** The address of the Redis with the passwords. */
  readonly redis: string
  readonly secretKeyFile: string
  /** Where browsers find the pages: those of one replica. */
  readonly publicUrl?: string
}

/** Starts the program with this Keycloak; groups are labels, and the e-mail address is the account. Passwords are in a folder unless they are shared. */
export const startKeycloakSite = (keycloak: Keycloak, shared?: Shared): Promise<WebSite> => {
  const passwords = shared
    ? { redis_token_db: { redis_options: { addr: shared.redis }, token_hash_cost: 4 } }
    : { level_token_db: { path: 'passwords', token_hash_cost: 4 } }
  return startWebSite({
    ...(shared?.publicUrl !== undefined && { publicUrl: shared.publicUrl }),
    sections: (url) => ({
      ...(shared && { secret_key_file: shared.secretKeyFile }),
      oidc_auth: {
        issuer: keycloak.issuer,
        client_id: keycloak.clientId,
        client_secret: keycloak.clientSecret,
        redirect_url: `${url}/oidc_auth`,
        labels_claims: ['groups'],
        ...passwords,
      },
    }),
  })
}

/** Fills in Keycloak's form. */
export const signInAtKeycloak = async (page: Page, user: KeycloakUser): Promise<void> => {
  await page.fill('#username', user)
  await page.fill('#password', keycloakUsers[user].password)
  await page.click('#kc-login')
}
