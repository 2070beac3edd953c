// The life of a docker password, as a person with a browser and a shell sees it.
import { expect } from '@jest/globals'
import type { Browser, Page } from 'playwright-core'
import { type WebSite, paste } from './browser-site.ts'
import { copyCommand, goToProvider, openWindow, reach, shownCommand } from './browser-window.ts'

export interface Life {
  readonly browser: Browser
  readonly site: WebSite
  /** As the front page calls it. */
  readonly provider: string | RegExp
  readonly account: string
  /** The one host besides our own that a sign-in may ask. */
  readonly providerHost: string
  /** What the person does at the provider. */
  readonly signIn?: (page: Page) => Promise<void>
}

/** Signs in, logs in with the copied command, replaces the password, revokes it; expects at each step what was promised. */
export const lifeOfPassword = async (life: Life): Promise<void> => {
  const { browser, site, account } = life
  const { page, hosts, complaints, close } = await openWindow(browser, site.url)

  await goToProvider(page, site.url, life.provider)
  await life.signIn?.(page)
  await reach(page, `Signed in as ${account}`)
  const first = await copyCommand(page)
  expect(first).toBe(await shownCommand(page))
  const answer = await paste(first)
  expect(answer.stdout + answer.stderr).toContain('Login Succeeded')
  expect(answer.status).toBe(0)

  const promised = await page.locator('time').getAttribute('datetime')
  await page.getByRole('link', { name: 'See, replace or revoke your password' }).click()
  await reach(page, 'Your password')
  const shown = page.locator('time').first()
  expect(await shown.getAttribute('datetime')).toBe(promised)
  expect(Date.parse(promised ?? '')).toBeGreaterThan(Date.now())

  await page.getByRole('button', { name: 'Replace it' }).click()
  const second = await copyCommand(page)
  expect(second).not.toBe(first)
  expect(await refused(first)).toBe(true)
  expect(await paste(second)).toMatchObject({ status: 0 })

  await page.goto(`${site.url}/`)
  await page.getByRole('link', { name: `Signed in as ${account}` }).click()
  await page.getByRole('button', { name: 'Revoke it' }).click()
  await reach(page, 'Your password is revoked')
  expect(await refused(second)).toBe(true)
  await page.goto(`${site.url}/account`)
  expect(page.url()).toBe(`${site.url}/`)

  expect([...hosts].sort()).toEqual([new URL(site.url).host, life.providerHost].sort())
  expect(complaints).toEqual([])
  await close()
}

const refused = async (command: string): Promise<boolean> => {
  const { status, stderr } = await paste(command)
  return status !== 0 && /unauthorized/i.test(stderr)
}
