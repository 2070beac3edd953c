// Users in MongoDB, as documents say them: what is accepted, and everything that looks like it and is not.
import { describe, expect, test } from '@jest/globals'
import { hashSync } from '@node-rs/bcrypt'
import { createMongoAuthenticator, mongo } from '../../src/authn/mongo.ts'
import type { UserDocuments } from '../../src/authn/mongo.ts'
import type { Authentication } from '../../src/authn/index.ts'
import { createReport } from '../../src/config-problems.ts'
import type { Findings } from '../../src/config-problems.ts'
import { BackendError } from '../../src/lib/errors.ts'
import { createFileSet } from '../../src/lib/files.ts'
import { Secret } from '../../src/lib/secret.ts'
import { parseYaml } from '../../src/lib/yaml.ts'
import { authnTools } from '../support/authn-tools.ts'
import { createRecorder } from '../support/recorder.ts'
import type { Recorder } from '../support/recorder.ts'
import { authenticatorConformance } from './conformance.ts'

const PASSWORD = hashSync('secret', 4)

/** A collection in memory; `find` finds what has this very username, as the server does for a string behind $eq. */
const holding = (...documents: readonly object[]): UserDocuments => ({
  find: (account) =>
    Promise.resolve(documents.filter((document) => 'username' in document && document.username === account)),
  check: () => Promise.resolve(),
  close: () => Promise.resolve(),
})

/** A collection that answers with these documents whoever is asked for. */
const answering = (...documents: readonly unknown[]): UserDocuments => ({
  ...holding(),
  find: () => Promise.resolve(documents),
})

const down: UserDocuments = { ...holding(), find: () => Promise.reject(new BackendError('no server')) }

authenticatorConformance('mongo_auth', { labelsArePatterns: true }, () => {
  const known = { account: 'alice', password: 'secret', labels: { team: ['red', 'blue/*'] } }
  const documents = holding({ username: 'alice', password: PASSWORD, labels: known.labels })
  return Promise.resolve({
    authenticator: createMongoAuthenticator(documents, authnTools()),
    known,
    broken: createMongoAuthenticator(down, authnTools()),
  })
})

async function asked(
  documents: UserDocuments,
  account = 'alice',
  password = 'secret',
): Promise<Recorder & { readonly answer: Authentication }> {
  const recorder = createRecorder()
  const authenticator = createMongoAuthenticator(documents, authnTools({ log: recorder.log }))
  return { ...recorder, answer: await authenticator.authenticate({ account, password: new Secret(password) }) }
}

describe('a document', () => {
  test.each([
    ['without a password admits any', { username: 'alice' }, 'accepted'],
    ['without labels has none', { username: 'alice', password: PASSWORD }, 'accepted'],
    ['with null for labels has none', { username: 'alice', password: PASSWORD, labels: null }, 'accepted'],
    ['may hold more than we read', { _id: 7, username: 'alice', password: PASSWORD, more: { a: 1 } }, 'accepted'],
    ['whose password is no bcrypt hash admits nobody', { username: 'alice', password: 'secret' }, 'rejected'],
    ['whose password is empty admits nobody', { username: 'alice', password: '' }, 'rejected'],
  ])('%s', async (_, document, outcome) => {
    const { answer, lines } = await asked(holding(document))
    expect(answer.outcome).toBe(outcome)
    if (answer.outcome === 'accepted') expect(answer.identity.labels).toEqual({})
    if (answer.outcome === 'rejected') expect(answer.reason).toBe('wrong-password')
    expect(lines).toEqual([])
  })

  test.each([
    ['a number for a password', { password: 0 }],
    ['true for a password', { password: true }],
    ['an object for a password', { password: { $ne: '' } }],
    ['a list of hashes for a password', { password: [PASSWORD] }],
    ['null for a password, which is not "none"', { password: null }],
    ['bytes for a password', { password: Buffer.from(PASSWORD) }],
    ['a list for labels', { password: PASSWORD, labels: ['team'] }],
    ['text for labels', { password: PASSWORD, labels: 'team' }],
    ['text for the values of a label', { password: PASSWORD, labels: { team: 'red' } }],
    ['a number among the values of a label', { password: PASSWORD, labels: { team: ['red', 7] } }],
    ['null among the values of a label', { password: PASSWORD, labels: { team: [null] } }],
    ['a label named __proto__', { password: PASSWORD, labels: JSON.parse('{"__proto__":["x"]}') as object }],
  ])('with %s is refused, and the log says whose it is and nothing it holds', async (_, rest) => {
    for (const password of ['secret', '', 'true', '0']) {
      const { answer, lines } = await asked(holding({ username: 'alice', ...rest }), 'alice', password)
      expect(answer).toEqual({ outcome: 'rejected', reason: 'refused' })
      expect(lines).toHaveLength(1)
      expect(lines[0]).toMatchObject({ level: 'warn', fields: { account: 'alice' } })
      expect(lines[0]?.message).toContain('does not fit')
      expect(JSON.stringify(lines)).not.toContain(PASSWORD)
    }
  })

  test.each([
    ['a list of names', ['alice', 'bob']],
    ['an object', { name: 'alice' }],
    ['nothing', undefined],
    ['a number', 7],
  ])('whose username is %s is refused', async (_, username) => {
    const { answer } = await asked(answering({ username }))
    expect(answer).toEqual({ outcome: 'rejected', reason: 'refused' })
  })

  test.each([undefined, null, 'alice', []])('%j instead of a document admits nobody', async (document) => {
    const { answer } = await asked(answering(document))
    expect(answer.outcome).not.toBe('accepted')
  })

  test.each(['ALICE', 'alice ', 'alicé', '\ufffd'])(
    'of %j, which a collation or an encoding finds for another name, is no match',
    async (username) => {
      for (const account of ['alice', '\ud800']) {
        const { answer } = await asked(answering({ username }), account)
        expect(answer).toEqual({ outcome: 'no-match' })
      }
    },
  )

  test('with null for the values of a label has that label without a value, as for docker_auth', async () => {
    const { answer } = await asked(holding({ username: 'alice', labels: { team: null, site: ['north'] } }))
    expect(answer).toMatchObject({ outcome: 'accepted', identity: { labels: { team: [], site: ['north'] } } })
  })

  test('that stands twice is refused, because nobody can say which one counts', async () => {
    const { answer, lines } = await asked(holding({ username: 'alice' }, { username: 'alice', password: PASSWORD }))
    expect(answer).toEqual({ outcome: 'rejected', reason: 'refused' })
    expect(lines).toEqual([
      { level: 'warn', fields: { account: 'alice' }, message: 'mongo_auth: two documents have this username' },
    ])
  })

  test('with an empty username is the anonymous user', async () => {
    const { answer } = await asked(holding({ username: '' }), '', '')
    expect(answer).toMatchObject({ outcome: 'accepted', identity: { account: '' } })
  })
})

test('the document is read every time: a password that was changed or a user who was removed counts at once', async () => {
  let found: readonly object[] = [{ username: 'alice', password: PASSWORD }]
  const documents: UserDocuments = { ...holding(), find: () => Promise.resolve(found) }
  const authenticator = createMongoAuthenticator(documents, authnTools())
  const ask = async (): Promise<string> =>
    (await authenticator.authenticate({ account: 'alice', password: new Secret('secret') })).outcome
  expect(await ask()).toBe('accepted')
  found = [{ username: 'alice', password: hashSync('other', 4) }]
  expect(await ask()).toBe('rejected')
  found = []
  expect(await ask()).toBe('no-match')
})

describe('the section', () => {
  const readPlan = async (yaml: string): Promise<Findings & { readonly key: string | undefined }> => {
    const findings: Findings = { problems: [], warnings: [] }
    const document = parseYaml(yaml, 'f')
    const report = createReport('f', document, findings, [])
    const plan = await mongo.read(document.value, { files: createFileSet(), report })
    return { ...findings, key: plan?.key }
  }

  test('says at start that a document without a password admits any', async () => {
    const { warnings, problems } = await readPlan('{dial_info: {addrs: [localhost], database: d}, collection: users}')
    expect(problems).toEqual([])
    expect(warnings.map(({ message }) => message)).toEqual([
      'a user whose document has no password is let in with any password',
    ])
  })

  test('without dial_info is a mistake that is named, not a crash', async () => {
    const { problems, key } = await readPlan('{collection: users}')
    expect(problems.map(({ message }) => message)).toEqual([
      'dial_info is needed to know where the database is (or uri, a connection string)',
    ])
    expect(key).toBeUndefined()
  })

  test('has a key that changes with the password and shows none', async () => {
    const yaml = (password: string): string =>
      `{dial_info: {addrs: [localhost], database: d, username: u, password: ${password}}, collection: users}`
    const [one, same, other] = [await readPlan(yaml('a')), await readPlan(yaml('a')), await readPlan(yaml('b'))]
    expect(one.key).toBe(same.key)
    expect(one.key).not.toBe(other.key)
  })

  test('opens while its server is down', async () => {
    const document = parseYaml('{dial_info: {addrs: ["127.0.0.1:9"], database: d}, collection: users}', 'f')
    const report = createReport('f', document, { problems: [], warnings: [] }, [])
    const plan = await mongo.read(document.value, { files: createFileSet(), report })
    const authenticator = await plan!.open(authnTools())
    expect(authenticator.name).toBe('mongo_auth')
    await authenticator.close?.()
  })
})
