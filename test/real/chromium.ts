// Debian's Chromium without a window, driven by playwright-core.
import { join } from 'node:path'
import { type Browser, chromium } from 'playwright-core'
import { scratchFolder, startChild, waitUntil } from './children.ts'

const quiet = [
  ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
]

const debuggingUrl = /^DevTools listening on (\S+)$/m

/**
 * Starts a browser with a profile of its own; it ends with `cleanUp`. Further arguments are Chromium's, for example
 * `--host-resolver-rules=MAP sign-in.example 127.0.0.1`. The account that runs the tests may be root, hence no sandbox:
 * for pages of our own only.
 */
export const startBrowser = async (...args: readonly string[]): Promise<Browser> => {
  const home = scratchFolder()
  // Started here and not by playwright, so that it is a child that `cleanUp` knows.
  const child = startChild(
    'chromium',
    [...quiet, `--user-data-dir=${join(home, 'profile')}`, '--remote-debugging-port=0', ...args, 'about:blank'],
    { cwd: home, env: { HOME: home, XDG_CONFIG_HOME: undefined, XDG_CACHE_HOME: undefined } },
  )
  await waitUntil(child, () => Promise.resolve(debuggingUrl.test(child.stderr())))
  return chromium.connectOverCDP(debuggingUrl.exec(child.stderr())![1]!)
}
