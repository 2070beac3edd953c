// The pages of a browser sign-in as people have them: on a desk and on a phone, by day and by night, and without JavaScript.
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import type { Browser, Page } from 'playwright-core'
import { type FakeGithub, startFakeGithub } from '../support/providers/github.ts'
import { CLIENT } from '../support/providers/oauth.ts'
import { type WebSite, paste, startWebSite } from './browser-site.ts'
import { goToProvider, openWindow, photograph, reach, shownCommand, shownPassword } from './browser-window.ts'
import { cleanUp } from './children.ts'
import { startBrowser } from './chromium.ts'
import { SLOW, requires } from './requires.ts'

// As long as GitHub's names can be.
const account = 'a-name-that-is-as-long-as-github-allows'
const registry = 'registry.with-a-rather-long-name.europe.example.com'

requires(
  SLOW,
  'chromium',
  'docker',
)('the pages of a browser sign-in', () => {
  let github: FakeGithub
  let site: WebSite
  let browser: Browser

  beforeAll(async () => {
    github = await startFakeGithub({ [account]: { organizations: ['acme'], teams: [] } })
    const client = { client_id: CLIENT.clientId, client_secret: CLIENT.clientSecret }
    const passwordsIn = (path: string) => ({ ...client, level_token_db: { path, token_hash_cost: 4 } })
    site = await startWebSite({
      prefix: '/docker/auth',
      sections: (url) => ({
        github_auth: {
          ...passwordsIn('github'),
          registry_url: registry,
          github_web_uri: github.url,
          github_api_uri: `${github.url}/api/v3`,
        },
        gitlab_auth: passwordsIn('gitlab'),
        google_auth: passwordsIn('google'),
        oidc_auth: {
          ...passwordsIn('oidc'),
          issuer: 'https://keycloak.with-a-rather-long-name.example.com/realms/acme',
          redirect_url: `${url}/oidc_auth`,
        },
      }),
    })
    browser = await startBrowser()
  })

  beforeEach(() => {
    github.oauth.person = account
  })

  afterAll(async () => {
    await cleanUp()
    await github.close()
  })

  const signIn = async (page: Page): Promise<void> => {
    await goToProvider(page, site.url, 'GitHub')
    await reach(page, `Signed in as ${account}`)
  }

  /** The docker command as it is shown, with the registry that is there in place of the one that is configured. */
  const commandOn = async (page: Page): Promise<string> => (await shownCommand(page)).replace(registry, site.registry)

  test('fit a desk and a phone, and are photographed for a person to look at', async () => {
    const { page, complaints, close } = await openWindow(browser, site.url)
    const tooWide: Record<string, readonly string[]> = {}
    const look = async (name: string): Promise<void> => {
      tooWide[name] = await photograph(page, name)
    }
    await page.goto(`${site.url}/`)
    await look('front')
    await page.goto(`${site.url}/oidc_auth`)
    await look('provider')
    github.oauth.person = undefined
    await goToProvider(page, site.url, 'GitHub')
    await reach(page, 'You are not signed in')
    await look('declined')
    await page.goto(`${site.url}/github_auth?code=of-somebody-else&state=neither`)
    await reach(page, 'This sign-in cannot be finished')
    await look('unknown')
    github.oauth.person = account
    await signIn(page)
    await look('result')
    await page.goto(`${site.url}/account`)
    await look('account')
    await page.goto(`${site.url}/`)
    await look('front-signed-in')
    expect(Object.values(tooWide).flat()).toEqual([])
    expect(Object.keys(tooWide)).toHaveLength(7)
    expect(complaints).toEqual([])
    await close()
  })

  test('need no JavaScript', async () => {
    const { page, hosts, complaints, close } = await openWindow(browser, site.url, { javaScriptEnabled: false })
    const press = (name: string): Promise<void> => page.getByRole('button', { name, exact: true }).click()
    await signIn(page)
    expect(await page.getByRole('button', { name: 'Copy' }).count()).toBe(0)
    const first = await commandOn(page)
    expect(await paste(first)).toMatchObject({ status: 0 })
    await page.getByRole('link', { name: 'See, replace or revoke your password' }).click()
    await press('Replace it')
    await reach(page, `Signed in as ${account}`)
    const second = await commandOn(page)
    expect((await paste(first)).stderr).toMatch(/unauthorized/i)
    expect(await paste(second)).toMatchObject({ status: 0 })

    await page.goto(`${site.url}/account`)
    await press('Sign out')
    await reach(page, 'Test issuer')
    expect(await page.getByText('Signed in as').count()).toBe(0)
    expect(await paste(second)).toMatchObject({ status: 0 })

    await signIn(page)
    await page.goto(`${site.url}/account`)
    await press('Revoke it')
    await reach(page, 'Your password is revoked')
    expect((await paste(second)).stderr).toMatch(/unauthorized/i)
    expect([...hosts].sort()).toEqual([site.url, github.url].map((url) => new URL(url).host).sort())
    expect(complaints).toEqual([])
    await close()
  })

  test('copy without the clipboard of secure contexts, too', async () => {
    const { page, complaints, close } = await openWindow(browser, site.url)
    await page.addInitScript(() => Object.defineProperty(navigator, 'clipboard', { value: undefined }))
    await signIn(page)
    await page.getByRole('button', { name: 'Copy' }).last().click()
    await page.getByText('Copied.').waitFor()
    const elsewhere = await page.context().newPage()
    await elsewhere.goto(`${site.url}/`)
    expect(await elsewhere.evaluate(() => navigator.clipboard.readText())).toBe(await shownPassword(page))
    expect(complaints).toEqual([])
    await close()
  })

  test('do nothing that a form on another page asks for', async () => {
    const { page, close } = await openWindow(browser, site.url)
    await signIn(page)
    const command = await commandOn(page)
    await page.goto(`${site.url}/account`)
    const csrf = await page.locator('input[name=csrf]').first().inputValue()
    // Another port is another origin, but the same site: the cookie comes along.
    github.override('/elsewhere', () => ({
      text: `<form method="post" action="${site.url}/account/revoke"><input name="csrf" value="${csrf}"><button>Win a prize</button></form>`,
    }))
    await page.goto(`${github.url.replace('127.0.0.1', 'localhost')}/elsewhere`)
    await page.getByRole('button', { name: 'Win a prize' }).click()
    await reach(page, 'This did not work')
    expect(await paste(command)).toMatchObject({ status: 0 })
    await close()
  })
})
