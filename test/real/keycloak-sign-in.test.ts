// In a real browser: signing in by the form of Keycloak, the OpenID provider that is found in the field.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { Browser } from 'playwright-core'
import { lifeOfPassword } from './browser-password.ts'
import type { WebSite } from './browser-site.ts'
import { goToProvider, openWindow, photograph, reach, shownPassword } from './browser-window.ts'
import { cleanUp } from './children.ts'
import { startBrowser } from './chromium.ts'
import { signInAtKeycloak, startKeycloakSite } from './keycloak-window.ts'
import { type Keycloak, keycloakRequirement, keycloakUsers, startKeycloak } from './keycloak.ts'
import { requires } from './requires.ts'

requires(
  ...keycloakRequirement,
  'chromium',
  'docker',
)('with Keycloak', () => {
  let keycloak: Keycloak
  let site: WebSite
  let browser: Browser

  beforeAll(async () => {
    keycloak = await startKeycloak()
    site = await startKeycloakSite(keycloak)
    browser = await startBrowser()
  }, 180_000)

  afterAll(cleanUp)

  test('the copied command logs in, until the password is replaced or revoked', async () => {
    await lifeOfPassword({
      browser,
      site,
      provider: /OpenID Connect/,
      account: keycloakUsers.alice.email,
      providerHost: new URL(keycloak.issuer).host,
      signIn: (page) => signInAtKeycloak(page, 'alice'),
    })
  })

  test('somebody in groups may do what these may, somebody in none what everybody may', async () => {
    for (const [user, actions] of [
      ['alice', ['push']],
      ['bob', []],
    ] as const) {
      const { page, close } = await openWindow(browser, site.url)
      await goToProvider(page, site.url, /OpenID Connect/)
      await signInAtKeycloak(page, user)
      const password = await shownPassword(page)
      const { email } = keycloakUsers[user]
      expect(await site.granted(email, password, 'ops/tool', 'push')).toEqual(actions)
      expect(await site.granted(email, password, 'any/thing', 'pull')).toEqual(['pull'])
      await close()
    }
  })

  test('somebody whose e-mail address is not verified is told so, and nothing is stored', async () => {
    const { page, complaints, close } = await openWindow(browser, site.url)
    await goToProvider(page, site.url, /OpenID Connect/)
    await signInAtKeycloak(page, 'mallory')
    await reach(page, 'You may not sign in here')
    expect(await page.getByText(`has not verified the e-mail address ${keycloakUsers.mallory.email}`).count()).toBe(1)
    expect(await photograph(page, 'refused')).toEqual([])
    // Keycloak remembers her, and asks all the same.
    await page.getByRole('link', { name: 'Sign in with another account' }).click()
    await page.waitForSelector('#password')
    await page.goto(`${site.url}/account`)
    expect(page.url()).toBe(`${site.url}/`)
    expect(complaints).toEqual([])
    await close()

    await site.server.stop()
    const folder = join(site.folder, 'passwords')
    const stored = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'latin1'))
    // A record's key is the account.
    expect(stored.join('')).toContain(keycloakUsers.bob.email)
    expect(stored.join('')).not.toContain(keycloakUsers.mallory.email)
  })

  test('no line of the log holds the client secret or a token', () => {
    const log = site.server.child.output()
    expect(log).toContain('browser sign-in')
    expect(log).not.toContain(keycloak.clientSecret)
    expect(log).not.toContain('eyJ')
  })
})
