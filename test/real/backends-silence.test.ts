// Somebody who takes connections and never says a word, in the place of each back end: an outage within the time limit.
import { afterAll, afterEach, beforeEach, expect, test } from '@jest/globals'
import { type Backend, askToken, expectDegraded, expectOutage, startSilence, startWith } from './backends.ts'
import { inDirectory, inLevelDb, password, recordOf, signedInAtGithub, withSecretKey } from './backends-people.ts'
import { cleanUp } from './children.ts'
import { type Draft, createDraft } from './draft.ts'
import { SLOW, requires } from './requires.ts'

let draft: Draft
beforeEach(async () => {
  draft = await createDraft()
})
afterAll(cleanUp)

requires(SLOW)('somebody who takes connections and never says a word', () => {
  let silence: Awaited<ReturnType<typeof startSilence>>
  beforeEach(async () => {
    silence = await startSilence()
  })
  afterEach(() => silence.stop())

  const limits = { connect: '500ms', bind: '500ms', search: '500ms' }
  const directory =
    (scheme: 'ldap' | 'ldaps', more: object = {}) =>
    (): Backend =>
      inDirectory(
        draft,
        { url: `${scheme}://127.0.0.1:${silence.port}`, baseDn: 'dc=example,dc=org' },
        { timeouts: limits, ...more },
      )
  const mongo = (): Backend => {
    const dial = { addrs: [`127.0.0.1:${silence.port}`], database: 'db', timeout: '500ms' }
    return { account: 'alice', password, sections: { mongo_auth: { dial_info: dial, collection: 'users' } } }
  }
  const redis = (): Backend => {
    const options = { addr: `127.0.0.1:${silence.port}`, dialtimeout: '500ms', readtimeout: '500ms' }
    const { sections, ...alice } = signedInAtGithub({ redis_token_db: { redis_options: options } })
    return { ...alice, sections: { ...sections, ...withSecretKey(draft) } }
  }
  const service = (): Backend => {
    const section = { url: `http://127.0.0.1:${silence.port}/`, timeout: '500ms' }
    return { account: 'alice', password, sections: { ext_auth: section } }
  }

  test.each([
    ['a directory', 'ldap_auth', directory('ldap')],
    ['a directory with TLS', 'ldap_auth', directory('ldaps')],
    ['a directory with StartTLS', 'ldap_auth', directory('ldap', { tls: 'starttls' })],
    ['a MongoDB', 'mongo_auth', mongo],
    ['a Redis', 'github_auth', redis],
    ['a service', 'ext_auth', service],
  ] as const)(
    'in the place of %s is an outage',
    async (_title, name, backend) => {
      const { sections, ...alice } = backend()
      const server = await startWith(draft, sections)
      const answers = await Promise.all(Array.from({ length: 4 }, () => askToken(draft.port, alice)))
      for (const answer of answers) expectOutage(answer)
      await expectDegraded(draft.port, name)
      await server.stop()
    },
    20_000,
  )

  test('in the place of GitHub is an outage where a sign-in is due, and no denial', async () => {
    const keys = { github_api_uri: `http://127.0.0.1:${silence.port}`, http_timeout: '500ms' }
    const { sections, ...alice } = await inLevelDb(draft, { keys, record: recordOf(Date.now() - 1000) })
    const server = await startWith(draft, sections)
    expectOutage(await askToken(draft.port, alice))
    expect((await askToken(draft.port, { ...alice, password: 'wrong' })).status).toBe(401)
    await server.stop()
  })
})
