// In a real browser: signing in with GitHub, GitLab and Google, and the password this yields, from its first use to its end.
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { Browser } from 'playwright-core'
import { type FakeGithub, startFakeGithub } from '../support/providers/github.ts'
import { type FakeGitlab, startFakeGitlab } from '../support/providers/gitlab.ts'
import { CLIENT } from '../support/providers/oauth.ts'
import { type NamedGoogle, startNamedGoogle } from './browser-google.ts'
import { lifeOfPassword } from './browser-password.ts'
import { type WebSite, startWebSite } from './browser-site.ts'
import { cleanUp } from './children.ts'
import { startBrowser } from './chromium.ts'
import { SLOW, requires } from './requires.ts'

requires(
  SLOW,
  'chromium',
  'docker',
  'openssl',
)('in a browser', () => {
  let github: FakeGithub
  let gitlab: FakeGitlab
  let google: NamedGoogle
  let site: WebSite
  let browser: Browser

  beforeAll(async () => {
    github = await startFakeGithub({ 'octo-alice': { organizations: ['acme'], teams: [] } })
    github.oauth.person = 'octo-alice'
    gitlab = await startFakeGitlab({ 'alice.of_gitlab': { state: 'active', groups: ['acme', 'acme/platform'] } })
    gitlab.oauth.person = 'alice.of_gitlab'
    google = await startNamedGoogle({ email: 'alice@example.com', email_verified: true, hd: 'example.com' })
    const client = { client_id: CLIENT.clientId, client_secret: CLIENT.clientSecret }
    const passwordsIn = (path: string) => ({ ...client, level_token_db: { path, token_hash_cost: 4 } })
    site = await startWebSite({
      env: google.env,
      sections: () => ({
        github_auth: {
          ...passwordsIn('github'),
          organization: 'acme',
          github_web_uri: github.url,
          github_api_uri: `${github.url}/api/v3`,
        },
        gitlab_auth: {
          ...passwordsIn('gitlab'),
          organization: 'acme',
          gitlab_web_uri: gitlab.url,
          gitlab_api_uri: `${gitlab.url}/api/v4`,
        },
        google_auth: { ...passwordsIn('google'), domain: 'example.com' },
      }),
    })
    browser = await startBrowser(...google.browserArguments)
  })

  afterAll(async () => {
    await cleanUp()
    await Promise.all([github, gitlab, google].map((provider) => provider.close()))
  })

  test.each([
    ['GitHub', 'octo-alice', () => github.url],
    ['GitLab', 'alice.of_gitlab', () => gitlab.url],
    ['Google', 'alice@example.com', () => 'https://accounts.google.com'],
  ])('%s: the copied command logs in, until the password is replaced or revoked', async (provider, account, place) => {
    await lifeOfPassword({ browser, site, provider, account, providerHost: new URL(place()).host })
  })

  test('no line of the log holds a secret', async () => {
    await site.server.stop()
    expect(site.server.child.output()).toContain('browser sign-in')
    expect(site.server.child.output()).not.toContain('canary')
  })
})
