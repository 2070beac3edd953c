// The users of the configuration: docker_auth's section, key for key.
import { describe, expect, test } from '@jest/globals'
import { hash } from '@node-rs/bcrypt'
import { createPasswords } from '../../src/authn/passwords.ts'
import { UsersConfig, createUsersAuthenticator } from '../../src/authn/users.ts'
import { BackendError } from '../../src/lib/errors.ts'
import { Secret } from '../../src/lib/secret.ts'
import { parseYaml } from '../../src/lib/yaml.ts'
import { authenticatorConformance } from './conformance.ts'

const passwords = createPasswords({ hashes: [], concurrency: 1, queue: 10 })

authenticatorConformance('users', { labelsArePatterns: true }, async () => {
  const known = { account: 'alice', password: 'secret', labels: { team: ['red', 'blue/*'] } }
  const users = { alice: { password: await hash('secret', 4), labels: known.labels } }
  const overloaded = {
    verify: () => Promise.reject(new BackendError('busy', { retryAfter: 1 })),
    pretend: () => Promise.resolve(),
  }
  return {
    authenticator: createUsersAuthenticator(users, passwords),
    known,
    broken: createUsersAuthenticator(users, overloaded),
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
    const answer = await createUsersAuthenticator(users, passwords).authenticate({
      account,
      password: new Secret(password),
    })
    expect(answer.outcome).toBe(outcome)
  })

  test('gives no labels where it names none', async () => {
    const authenticator = createUsersAuthenticator({ bob: {} }, passwords)
    const answer = await authenticator.authenticate({ account: 'bob', password: new Secret('') })
    expect(answer).toMatchObject({ identity: { labels: {} } })
  })
})
