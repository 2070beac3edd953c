// Two replicas behind one address that share a Redis: a sign-in begins at one and ends at the other.
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { type Server, createServer, request as ask } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { type FakeGithub, startFakeGithub } from '../support/providers/github.ts'
import { CLIENT } from '../support/providers/oauth.ts'
import { type WebSite, paste, startWebSite } from './browser-site.ts'
import { copyCommand, goToProvider, openWindow, shownPassword } from './browser-window.ts'
import { cleanUp, scratchFolder } from './children.ts'
import { startBrowser } from './chromium.ts'
import { startRedis } from './redis.ts'
import { SLOW, requires } from './requires.ts'

requires(
  SLOW,
  'chromium',
  'docker',
  'redis-server',
  'redis-cli',
)('two replicas on one Redis', () => {
  let github: FakeGithub
  let balancer: Server
  let url: string
  let one: WebSite
  let other: WebSite

  beforeAll(async () => {
    github = await startFakeGithub({ 'octo-alice': { organizations: [], teams: [] } })
    github.oauth.person = 'octo-alice'
    const redis = await startRedis({ password: 'of redis' })
    const key = join(scratchFolder(), 'secret')
    writeFileSync(key, 'the same forty random characters, or more', { mode: 0o600 })
    balancer = createServer((incoming, response) => {
      // The other one gets whatever comes back from the provider, and what is done on the account page.
      const { port } = new URL(/[?&]code=|^\/account/.test(incoming.url ?? '') ? other.own : one.own)
      const { url: path, method, headers } = incoming
      const onward = ask({ host: '127.0.0.1', port, path, method, headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers)
        answer.pipe(response)
      })
      onward.on('error', () => response.destroy())
      incoming.pipe(onward)
    }).listen(0, '127.0.0.1')
    await once(balancer, 'listening')
    url = `http://localhost:${(balancer.address() as AddressInfo).port}`
    const replica = (): Promise<WebSite> =>
      startWebSite({
        publicUrl: url,
        sections: () => ({
          secret_key_file: key,
          github_auth: {
            client_id: CLIENT.clientId,
            client_secret: CLIENT.clientSecret,
            github_web_uri: github.url,
            github_api_uri: `${github.url}/api/v3`,
            redis_token_db: { redis_options: { addr: redis.addresses[0], password: 'of redis' }, token_hash_cost: 4 },
          },
        }),
      })
    one = await replica()
    other = await replica()
  })

  afterAll(async () => {
    await cleanUp()
    balancer.close()
    await github.close()
  })

  const signedInAt = ({ server }: WebSite): number =>
    server.lines().filter(({ msg, outcome }) => msg === 'browser sign-in' && outcome === 'signed-in').length

  test('a sign-in that began at one ends at the other, and docker logs in at the first', async () => {
    const { page } = await openWindow(await startBrowser(), url)
    await goToProvider(page, url, 'GitHub')
    const command = await copyCommand(page)
    expect([one, other].map(signedInAt)).toEqual([0, 1])
    // The command names the registry of the one that answered; tokens for either are issued by the first.
    expect(await paste(command.replace(other.registry, one.registry))).toMatchObject({ status: 0 })
    const password = await shownPassword(page)
    const known = () =>
      Promise.all([one, other].map((site) => site.granted('octo-alice', password, 'any/thing', 'pull')))
    expect(await known()).toEqual([['pull'], ['pull']])

    await page.getByRole('link', { name: 'See, replace or revoke your password' }).click()
    await page.getByRole('button', { name: 'Revoke it' }).click()
    await page.getByRole('heading', { name: 'Your password is revoked' }).waitFor()
    expect(await known()).toEqual([401, 401])
  })
})
