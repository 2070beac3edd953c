// What Keycloak's admin changes about a person reaches that person's docker password at the next revalidation.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { Browser } from 'playwright-core'
import { type WebSite, paste } from './browser-site.ts'
import { goToProvider, openWindow, shownCommand, shownPassword } from './browser-window.ts'
import { cleanUp, endChild, scratchFolder } from './children.ts'
import { startBrowser } from './chromium.ts'
import { signInAtKeycloak, startKeycloakSite } from './keycloak-window.ts'
import { type Keycloak, type KeycloakUser, keycloakRequirement, keycloakUsers, startKeycloak } from './keycloak.ts'
import { startRedis } from './redis.ts'
import { requires } from './requires.ts'

interface Password {
  readonly command: string
  /** Whether the password may push to `ops/`, or the status of its refusal; asks the replica where it was made, or another. */
  readonly mayPush: (replica?: WebSite) => Promise<boolean | number>
}

requires(
  ...keycloakRequirement,
  'chromium',
  'docker',
)('a docker password', () => {
  let keycloak: Keycloak
  let site: WebSite
  let browser: Browser

  beforeAll(async () => {
    keycloak = await startKeycloak()
    // Less than the margin before a token's end at which it is refreshed: every login is a revalidation.
    await keycloak.admin('PUT', '', { accessTokenLifespan: 25 })
    site = await startKeycloakSite(keycloak)
    browser = await startBrowser()
  }, 180_000)

  afterAll(cleanUp)

  const passwordOf = async (user: KeycloakUser, at = site): Promise<Password> => {
    const { page, close } = await openWindow(browser, at.url)
    await goToProvider(page, at.url, /OpenID Connect/)
    await signInAtKeycloak(page, user)
    const [command, password] = [await shownCommand(page), await shownPassword(page)]
    await close()
    return {
      command,
      mayPush: async (replica = at) => {
        const granted = await replica.granted(keycloakUsers[user].email, password, 'ops/tool', 'push')
        return typeof granted === 'number' ? granted : granted.includes('push')
      },
    }
  }

  test('loses and gains the labels of the groups that its owner leaves and joins, each time with a new refresh token', async () => {
    const { command, mayPush } = await passwordOf('alice')
    expect(await mayPush()).toBe(true)
    for (let round = 0; round < 3; round++) {
      await keycloak.leaveGroup('alice', 'ops')
      expect(await mayPush()).toBe(false)
      await keycloak.joinGroup('alice', 'ops')
      expect(await mayPush()).toBe(true)
    }
    expect(await paste(command)).toMatchObject({ status: 0 })
  })

  test('survives many logins at once, although a refresh token is good for one use', async () => {
    const { mayPush } = await passwordOf('alice')
    expect(new Set(await Promise.all(Array.from({ length: 12 }, () => mayPush())))).toEqual(new Set([true]))
    expect(await mayPush()).toBe(true)
  })

  test('is refused when the account is disabled', async () => {
    const { command, mayPush } = await passwordOf('bob')
    expect(await paste(command)).toMatchObject({ status: 0 })
    await keycloak.setEnabled('bob', false)
    expect((await paste(command)).stderr).toMatch(/unauthorized/i)
    expect(await mayPush()).toBe(401)
    await keycloak.setEnabled('bob', true)
  })

  test('is refused when the session at Keycloak was ended', async () => {
    const { mayPush } = await passwordOf('bob')
    expect(await mayPush()).toBe(false)
    await keycloak.logOut('bob')
    expect(await mayPush()).toBe(401)
  })

  requires('redis-server', 'redis-cli')('that replicas share', () => {
    test('survives many logins at all of them at once', async () => {
      const { addresses } = await startRedis()
      const secretKeyFile = join(scratchFolder(), 'secret')
      writeFileSync(secretKeyFile, 'the same forty random characters, or more', { mode: 0o600 })
      const shared = { redis: addresses[0]!, secretKeyFile }
      const one = await startKeycloakSite(keycloak, shared)
      const other = await startKeycloakSite(keycloak, { ...shared, publicUrl: one.url })
      const { mayPush } = await passwordOf('alice', one)
      for (let round = 0; round < 4; round++) {
        const logins = [one, other, one, other].map(mayPush)
        expect(await Promise.all(logins)).toEqual(logins.map(() => true))
      }
    })
  })

  test('is an outage, not a refusal, while Keycloak is down', async () => {
    const { mayPush } = await passwordOf('alice')
    await endChild(keycloak.child, 'SIGKILL')
    expect(await mayPush()).toBe(500)
  })
})
