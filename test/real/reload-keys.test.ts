// The token key, its certificate, the registry's bundle and the TLS certificate, all replaced while the program serves.
import { readFileSync } from 'node:fs'
import { X509Certificate } from 'node:crypto'
import { type TLSSocket, connect } from 'node:tls'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { adminToken, ask, bearer, eventually } from './asking.ts'
import { cleanUp, startChild, waitUntil } from './children.ts'
import { type Draft, createDraft, replace, startDraft, writeKeyPair } from './draft.ts'
import { type Server, mainFile } from './server.ts'

afterAll(cleanUp)

describe('the key that signs tokens', () => {
  let draft: Draft
  let server: Server

  /** How the embedded registry answers who brings this token. */
  const statusWith = async (token: string): Promise<number> =>
    (await ask({ port: draft.registryPort, path: '/v2/', headers: bearer(token) })).status

  const count = (msg: string): number => server.lines().filter((line) => line['msg'] === msg).length

  /** Does something to the files and waits for the one reload, or refusal, that follows from it. */
  const answers = async (msg: string, change: () => unknown): Promise<void> => {
    const before = count(msg)
    await change()
    await eventually(msg, () => count(msg) > before)
  }
  const reloaded = (change: () => unknown): Promise<void> => answers('reloaded', change)
  const refused = (change: () => unknown): Promise<void> =>
    answers('reload refused; the previous configuration goes on serving', change)

  const lastReasons = (): unknown => server.lines().findLast(({ level }) => level === 'error')?.['reasons']

  beforeAll(async () => {
    draft = await createDraft()
    server = await startDraft(draft)
  })

  test('and the bundle swap together: no token of a whole rotation is ever refused', async () => {
    const seen = { refusals: 0, tokens: 0, done: false }
    const client = async (): Promise<void> => {
      while (!seen.done) {
        const status = await statusWith(await adminToken(draft.port, 'repository:a:pull'))
        seen.tokens++
        // Asked before the swap and shown after it, a token is one of the old key: only the next one must be good.
        if (status !== 200 && (await statusWith(await adminToken(draft.port, 'repository:a:pull'))) !== 200)
          seen.refusals++
      }
    }
    const old = await adminToken(draft.port, 'repository:a:pull')
    const clients = [client(), client()]
    await reloaded(() => writeKeyPair(draft.at('token')))
    await reloaded(() => writeKeyPair(draft.at('token')))
    seen.done = true
    await Promise.all(clients)
    expect(seen).toMatchObject({ refusals: 0 })
    expect(await statusWith(old)).toBe(401)
  })

  test('is rotated without refusing a single token when the bundle learns the new certificate first', async () => {
    const older = await adminToken(draft.port, 'repository:a:pull')
    const oldCertificate = readFileSync(draft.at('token.crt'), 'utf8')
    const newCertificate = await writeKeyPair(draft.at('next'))
    const { registry } = draft.config
    const auth = { token: { issuer: 'Test issuer', service: 'Test registry', rootcertbundle: 'bundle.crt' } }
    replace(draft.at('bundle.crt'), oldCertificate + newCertificate)
    await reloaded(() => replace(draft.at('config.yml'), { ...draft.config, registry: { ...registry, auth } }))
    expect(await statusWith(older)).toBe(200)

    const token = { ...draft.config.token, certificate: 'next.crt', key: 'next.key' }
    await reloaded(() => replace(draft.at('config.yml'), { ...draft.config, token, registry: { ...registry, auth } }))
    expect(await statusWith(older)).toBe(200)
    const newer = await adminToken(draft.port, 'repository:a:pull')
    expect(await statusWith(newer)).toBe(200)

    await reloaded(() => replace(draft.at('bundle.crt'), newCertificate))
    expect([await statusWith(older), await statusWith(newer)]).toEqual([401, 200])
  })

  test('stays when the new bundle would refuse the tokens it signs', async () => {
    const stranger = await writeKeyPair(draft.at('stranger'))
    const good = readFileSync(draft.at('bundle.crt'), 'utf8')
    await refused(() => replace(draft.at('bundle.crt'), stranger))
    expect(lastReasons()).toEqual([
      expect.stringMatching(/config\.yml:\d+:\d+: .*would refuse this server's own tokens/),
    ])
    expect(await statusWith(await adminToken(draft.port, 'repository:a:pull'))).toBe(200)
    await reloaded(() => replace(draft.at('bundle.crt'), good))
  })

  test.each([
    [
      'is not the one of its certificate',
      () => replace(draft.at('next.key'), readFileSync(draft.at('token.key'), 'utf8')),
    ],
    ['is cut short', () => replace(draft.at('next.key'), readFileSync(draft.at('token.key'), 'utf8').slice(0, 100))],
    ['is empty', () => replace(draft.at('next.key'), '')],
  ])('stays when the new one %s', async (_what, spoil) => {
    const good = readFileSync(draft.at('next.key'), 'utf8')
    await refused(spoil)
    expect(lastReasons()).toHaveLength(1)
    expect(await statusWith(await adminToken(draft.port, 'repository:a:pull'))).toBe(200)
    await reloaded(() => replace(draft.at('next.key'), good))
  })
})

describe('the certificate that clients see', () => {
  test('is the renewed one on new connections, while an old connection goes on', async () => {
    const draft = await createDraft()
    const first = await writeKeyPair(draft.at('tls'))
    const server = { ...draft.config.server, certificate: 'tls.crt', key: 'tls.key' }
    replace(draft.at('config.yml'), { ...draft.config, registry: undefined, server })
    const child = startChild(process.execPath, [mainFile, 'config.yml'], { cwd: draft.folder })
    await waitUntil(child, () => Promise.resolve(child.stdout().includes('"ready"')))

    const kept = await open(draft.port)
    expect(fingerprint(kept)).toBe(new X509Certificate(first).fingerprint256)
    const second = await writeKeyPair(draft.at('tls'))
    await eventually('new connections see the new certificate', async () => {
      const socket = await open(draft.port)
      const seen = fingerprint(socket)
      socket.destroy()
      return seen === new X509Certificate(second).fingerprint256
    })
    expect(await healthOver(kept)).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
    kept.destroy()
  })
})

const open = (port: number): Promise<TLSSocket> =>
  new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false }, () => resolve(socket))
    socket.once('error', reject)
  })

const fingerprint = (socket: TLSSocket): string | undefined => socket.getPeerX509Certificate()?.fingerprint256

const healthOver = (socket: TLSSocket): Promise<string> =>
  new Promise((resolve, reject) => {
    socket.once('data', (data: Buffer) => resolve(data.toString()))
    socket.once('close', () => reject(new Error('the connection was closed')))
    socket.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n')
  })
