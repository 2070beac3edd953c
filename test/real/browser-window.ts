// A browser window of one person: what its pages asked for, what broke the content security policy, and how they look.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'

export interface Window {
  readonly page: Page
  /** `host:port` of everything that was asked for. */
  readonly hosts: ReadonlySet<string>
  /** What was asked of the host of the pages besides pages, and everything the browser complained of but HTTP errors. */
  readonly complaints: readonly string[]
  readonly close: () => Promise<void>
}

/** Opens a window without cookies that may use the clipboard of the pages at `url`. */
export const openWindow = async (
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<Window> => {
  const context = await browser.newContext(options)
  const { host, origin } = new URL(url)
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin })
  const page = await context.newPage()
  const hosts = new Set<string>()
  const complaints: string[] = []
  page.on('request', (request) => {
    const asked = new URL(request.url()).host
    hosts.add(asked)
    if (asked === host && request.resourceType() !== 'document') complaints.push(request.url())
  })
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    // Pages that say no have a status that says so too.
    if (page.url().startsWith(origin) && !message.text().startsWith('Failed to load resource')) {
      complaints.push(message.text())
    }
  })
  return { page, hosts, complaints, close: () => context.close() }
}

/** Goes from the front page to where `provider` takes over. */
export const goToProvider = async (page: Page, url: string, provider: string | RegExp): Promise<void> => {
  await page.goto(`${url}/`)
  await page.getByRole('link', { name: provider }).click()
  await page.getByRole('link', { name: /^Continue to / }).click()
}

/** The docker command of the result page, by its copy button and the clipboard. */
export const copyCommand = async (page: Page): Promise<string> => {
  await page.bringToFront()
  await page.getByRole('button', { name: 'Copy' }).first().click()
  await page.getByText('Copied.').waitFor()
  return page.evaluate(() => navigator.clipboard.readText())
}

const text = (page: Page, selector: string): Promise<string> => page.locator(selector).innerText()

/** The docker command of the result page, as it is shown. */
export const shownCommand = (page: Page): Promise<string> => text(page, 'code#docker-command')

// A provider's form may have a field of this name.
export const shownPassword = (page: Page): Promise<string> => text(page, 'code#password')

/** Waits until the page of this heading is there; a click alone does not wait for where it leads. */
export const reach = (page: Page, heading: string): Promise<void> =>
  page.getByRole('heading', { name: heading, exact: true, level: 1 }).waitFor()

const folder = join(import.meta.dirname, '..', '..', 'test-results', 'screenshots')
const sizes = { desktop: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } }

/** Writes pictures of the page at each size, light and dark, for a person to look at; answers the sizes at which it is too wide. */
export const photograph = async (page: Page, name: string): Promise<string[]> => {
  mkdirSync(folder, { recursive: true })
  const tooWide: string[] = []
  for (const [size, viewport] of Object.entries(sizes)) {
    await page.setViewportSize(viewport)
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      await page.screenshot({ path: join(folder, `${name}-${size}-${colorScheme}.png`), fullPage: true })
    }
    if (await page.evaluate(() => document.documentElement.scrollWidth > innerWidth)) tooWide.push(size)
  }
  return tooWide
}
