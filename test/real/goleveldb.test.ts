// docker_auth's LevelDB folders work here, and ours work there: what goleveldb and Go's bcrypt make of them.
import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { randomBytes } from 'node:crypto'
import { migrateStores } from '../../src/authn/web/migration.ts'
import type { WebSignIn } from '../../src/authn/web/sign-in.ts'
import { createWebSignIn } from '../../src/authn/web/web-password.ts'
import { openRecordStore } from '../../src/lib/record-stores.ts'
import type { StoreSettings } from '../../src/lib/record-stores.ts'
import { Secret } from '../../src/lib/secret.ts'
import { choice, createFakeProvider, known, tokens } from '../authn/web.ts'
import { authnTools } from '../support/authn-tools.ts'
import { program, requires } from './requires.ts'

interface Login {
  account: string
  password: string
  right?: boolean
  record?: Record<string, unknown>
}

const HOUR = 3600e3
const inAnHour = (): string => new Date(Date.now() + HOUR).toISOString()

requires('go')('a LevelDB folder', () => {
  const root = mkdtempSync(join(tmpdir(), 'goleveldb-'))
  const binary = join(root, 'goleveldb')
  let path = ''
  let number = 0

  const go = (command: string, input: unknown): string =>
    execFileSync(binary, [command, path], { input: JSON.stringify(input), encoding: 'utf8', stdio: 'pipe' })
  const check = (...logins: Login[]): Login[] => JSON.parse(go('check', logins)) as Login[]

  const openStore = async (settings: StoreSettings) => {
    const value = await openRecordStore(settings)
    return { value, release: () => value.close() }
  }

  /** The folder's people, for as long as `work` takes; the provider answers for bob. */
  async function open<T>(work: (web: WebSignIn) => Promise<T>): Promise<T> {
    const provider = createFakeProvider()
    provider.answer = known({ validUntil: Date.now() + HOUR, tokens: tokens('ours') })
    const web = await createWebSignIn(
      { providers: [{ provider, store: choice({ kind: 'level', path }) }], secretKey: undefined },
      authnTools({ openStore }),
    )
    try {
      return await work(web)
    } finally {
      await web.close?.()
    }
  }

  const login = (account: string, password: string) =>
    open((web) => web.authenticate({ account, password: new Secret(password) }))

  const signIn = () =>
    open(async (web) => {
      const signedIn = await web.signedIn('github', tokens('x'))
      return signedIn.outcome === 'stored' ? signedIn.issued.password.reveal() : ''
    })

  async function migrate(undo: boolean): Promise<void> {
    const stores = {
      providers: [{ name: 'github', store: choice({ kind: 'level', path }) }] as const,
      secretKey: undefined,
    }
    for await (const { strange } of migrateStores(stores, undo, { openStore, randomBytes, now: Date.now }))
      expect(strange).toBe(0)
  }

  beforeAll(() => {
    execFileSync(program('go'), ['build', '-o', binary, '.'], {
      cwd: join(import.meta.dirname, 'goleveldb'),
      env: { ...process.env, GOFLAGS: '-mod=mod', GOTOOLCHAIN: 'local', GO111MODULE: 'on' },
    })
  }, 300_000)
  afterAll(() => rmSync(root, { recursive: true, force: true }))
  beforeEach(() => {
    path = join(root, `tokens-${number++}`)
  })

  const alice = { account: 'alice', password: 'from docker_auth' }
  const theirs = {
    ...alice,
    record: { access_token: 'theirs', valid_until: '2999-01-02T03:04:05.123456789+02:00', labels: { teams: ['red'] } },
  }

  test('that docker_auth wrote opens, and its passwords log in', async () => {
    go('write', { logins: [theirs] })
    await expect(login('alice', 'from docker_auth')).resolves.toEqual({
      outcome: 'accepted',
      identity: { account: 'alice', labels: { teams: ['red'] }, labelsArePatterns: false },
    })
    await expect(login('alice', 'wrong')).resolves.toMatchObject({ outcome: 'rejected' })
  })

  test('goes back to docker_auth with the passwords of both, as often as one likes', async () => {
    go('write', { logins: [theirs] })
    const password = await signIn()
    for (let round = 0; round < 3; round++) {
      const [bob, still] = check({ account: 'bob', password }, alice)
      expect(bob).toMatchObject({
        right: true,
        record: {
          token_type: 'Bearer',
          access_token: 'access-ours',
          refresh_token: 'refresh-ours',
          labels: { teams: ['red'] },
        },
      })
      expect(still).toMatchObject({ right: true, record: { access_token: 'theirs' } })
      await expect(login('bob', password)).resolves.toMatchObject({ outcome: 'accepted' })
    }
  })

  test('of many megabytes, in compressed tables, is read on both sides', async () => {
    go('write', { logins: [theirs], more: 60_000 })
    const store = await openRecordStore({ kind: 'level', path })
    let count = 0
    for await (const [key] of store.entries()) if (key.startsWith('t:filler')) count++
    expect(count).toBe(60_000)
    for (let i = 0; i < 60_000; i += 997)
      expect(Buffer.from((await store.get(`t:filler${i}`)) ?? []).toString()).toContain(`token of ${i}"`)
    // More than one of LevelDB's own tables.
    await Promise.all(
      Array.from({ length: 100 }, (_, i) =>
        store.put(`t:ours${i}`, Buffer.from(`{"access_token":"${'x'.repeat(100_000)}"}`)),
      ),
    )
    await store.close()
    expect(check(alice, { account: 'filler59999', password: '' }, { account: 'ours99', password: '' })).toMatchObject([
      { right: true },
      { record: { access_token: 'token of 59999' } },
      { record: { access_token: 'x'.repeat(100_000) } },
    ])
  })

  test('that docker_auth holds open is refused', async () => {
    go('write', { logins: [theirs] })
    const holder = spawn(binary, ['hold', path])
    try {
      await new Promise((resolve) => holder.stdout.once('data', resolve))
      await expect(signIn()).rejects.toThrow('is in use by another process: stop it (docker_auth?)')
    } finally {
      holder.stdin.end()
      await new Promise((resolve) => holder.once('close', resolve))
    }
    await expect(login('alice', 'from docker_auth')).resolves.toMatchObject({ outcome: 'accepted' })
  })

  test('that was migrated is docker_auth’s again once that is undone', async () => {
    go('write', { logins: [theirs, { ...alice, account: 'carol', record: { valid_until: inAnHour() } }] })
    const password = await signIn()
    await migrate(false)
    await expect(login('bob', password)).resolves.toMatchObject({ outcome: 'accepted' })
    await expect(login('alice', 'from docker_auth')).resolves.toMatchObject({ outcome: 'accepted' })
    expect(check({ account: 'bob', password }, alice)).toMatchObject([{ right: false }, { right: false }])
    await migrate(true)
    const all = check({ account: 'bob', password }, alice, { ...alice, account: 'carol' })
    expect(all.map(({ right }) => right)).toEqual([true, true, true])
  })
})
