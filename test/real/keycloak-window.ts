// Keycloak as the OpenID provider of an installation, and its sign-in form.
import type { Page } from 'playwright-core'
import { type WebSite, startWebSite } from './browser-site.ts'
import { type Keycloak, type KeycloakUser, keycloakUsers } from './keycloak.ts'

/** Starts the program with this Keycloak; groups are labels, and the e-mail address is the account. */
export const startKeycloakSite = ({ issuer, clientId, clientSecret }: Keycloak): Promise<WebSite> =>
  startWebSite({
    sections: (url) => ({
      oidc_auth: {
        issuer,
        client_id: clientId,
        client_secret: clientSecret,
        redirect_url: `${url}/oidc_auth`,
        labels_claims: ['groups'],
        level_token_db: { path: 'passwords', token_hash_cost: 4 },
      },
    }),
  })

/** Fills in Keycloak's form. */
export const signInAtKeycloak = async (page: Page, user: KeycloakUser): Promise<void> => {
  await page.fill('#username', user)
  await page.fill('#password', keycloakUsers[user].password)
  await page.click('#kc-login')
}
