// The users of the configuration: docker_auth's section, key for key.
import { describe, expect, test } from '@jest/globals'
import { hash } from '@node-rs/bcrypt'
import { UsersConfig, createUsersAuthenticator, users } from '../../src/authn/users.ts'
import { BackendError } from '../../src/lib/errors.ts'
import { Secret } from '../../src/lib/secret.ts'
import { parseYaml } from '../../src/lib/yaml.ts'
import { authnTools } from '../support/authn-tools.ts'
import { createFileSet } from '../../src/lib/files.ts'
import { createReport } from '../../src/config-problems.ts'
import { authenticatorConformance } from './conformance.ts'

const tools = authnTools()

authenticatorConformance('users', { labelsArePatterns: true }, async () => {
  const known = { account: 'alice', password: 'secret', labels: { team: ['red', 'blue/*'] } }
  const users = { alice: { password: await hash('secret', 4), labels: known.labels } }
  const overloaded = {
    verify: () => Promise.reject(new BackendError('busy', { retryAfter: 1 })),
    pretend: () => Promise.resolve(),
    expect: () => undefined,
  }
  return {
    authenticator: createUsersAuthenticator(users, tools),
    known,
    broken: createUsersAuthenticator(users, authnTools({ passwords: overloaded })),
  }
})

describe('the section', () => {
  test.each([
    ['bob: {}', 'bob', 'anything', 'accepted'],
    ['bob: {}', 'bob', '', 'accepted'],
    ['bob:', 'bob', 'anything', 'no-match'],
    ['"": {}', '', '', 'accepted'],
    ['bob: {password: plain}', 'bob', 'plain', 'rejected'],
    ['bob: {password: ""}', 'bob', '', 'rejected'],
    ['24: {}', '24', 'x', 'accepted'],
    ['no: {}', 'no', 'x', 'accepted'],
  ])('%s: "%s" with "%s" is %s', async (yaml, account, password, outcome) => {
    const users = UsersConfig.parse(parseYaml(yaml, 'f').value)
    const answer = await createUsersAuthenticator(users, tools).authenticate({
      account,
      password: new Secret(password),
    })
    expect(answer.outcome).toBe(outcome)
  })

  test('gives no labels where it names none', async () => {
    const authenticator = createUsersAuthenticator({ bob: {} }, tools)
    const answer = await authenticator.authenticate({ account: 'bob', password: new Secret('') })
    expect(answer).toMatchObject({ identity: { labels: {} } })
  })
})

describe('a password', () => {
  test('that was right a moment ago is not compared again, until its hash changes', async () => {
    let comparisons = 0
    const passwords = {
      verify: (password: Secret, stored: string) => (comparisons++, Promise.resolve(stored === password.reveal())),
      pretend: () => Promise.resolve(),
      expect: () => undefined,
    }
    const withOther = async (config: UsersConfig, given: string): Promise<string> => {
      const answer = await createUsersAuthenticator(config, shared).authenticate({
        account: 'bob',
        password: new Secret(given),
      })
      return answer.outcome
    }
    const shared = authnTools({ passwords })
    const authenticator = createUsersAuthenticator({ bob: { password: 'secret' } }, shared)
    const ask = async (given: string): Promise<string> =>
      (await authenticator.authenticate({ account: 'bob', password: new Secret(given) })).outcome
    expect([await ask('secret'), await ask('secret'), comparisons]).toEqual(['accepted', 'accepted', 1])
    expect([await ask('wrong'), await ask('wrong'), comparisons]).toEqual(['rejected', 'rejected', 3])
    // Another configuration of the section is another back end, which has verified nothing yet.
    expect([await withOther({ bob: { password: 'other' } }, 'secret'), comparisons]).toEqual(['rejected', 4])
  })
})

test('passwords that are no hashes or missing are warned about, by the path of their key', async () => {
  const findings = { problems: [], warnings: [] }
  const yaml = parseYaml(`{a: {password: plain}, b: {}, c: {password: '$2b$10$${'a'.repeat(53)}'}, '': {}}`, 'f')
  await users.read(yaml.value, { files: createFileSet(), report: createReport('f', yaml, findings) })
  expect(findings.warnings).toMatchObject([
    { path: 'a.password', message: 'is not a bcrypt hash: nobody can log in with it' },
    { path: 'b', message: 'has no password: any password is accepted' },
  ])
})
