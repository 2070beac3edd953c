// What every authenticator promises, as tests that each back end calls.
import { describe, expect, test } from '@jest/globals'
import type { Authenticator, Authentication } from '../../src/authn/index.ts'
import { BackendError } from '../../src/lib/errors.ts'
import { Secret } from '../../src/lib/secret.ts'

/** A back end under test. It knows `known`; `broken`, where it can break, is the same one cut off from what it depends on. */
export interface Subject {
  readonly authenticator: Authenticator
  readonly known: {
    readonly account: string
    readonly password: string
    readonly labels: Readonly<Record<string, readonly string[]>>
  }
  readonly broken?: Authenticator
}

/** What differs between back ends. */
export interface Expectation {
  /** Whether labels of this back end are patterns for rules: true only where an admin wrote them. */
  readonly labelsArePatterns: boolean
  /** The answer to an empty password, and to one that nobody can have (blank, NUL, half a character); a wrong password when left out. */
  readonly emptyPassword?: Authentication
  readonly impossiblePassword?: Authentication
  /** The answer to another spelling of an account with its right password: upper case, and blanks around it; no match when left out. */
  readonly upperCase?: Authentication['outcome']
  readonly blanks?: Authentication['outcome']
}

const WRONG: Authentication = { outcome: 'rejected', reason: 'wrong-password' }

/** Runs the suite; `make` is called once per test. */
export function authenticatorConformance(
  name: string,
  {
    labelsArePatterns,
    emptyPassword = WRONG,
    impossiblePassword = WRONG,
    upperCase = 'no-match',
    blanks = 'no-match',
  }: Expectation,
  make: () => Promise<Subject>,
): void {
  const asked = async (account: string, password: string): Promise<Authentication> => {
    const { authenticator } = await make()
    return authenticator.authenticate({
      account,
      password: new Secret(password),
    })
  }

  describe(`${name} is an authenticator:`, () => {
    test('it has a name', async () => {
      expect((await make()).authenticator.name).toMatch(/^[a-z_]+(?:, [a-z_]+)*$/)
    })

    test('the right password is accepted, with the account and its labels', async () => {
      const { known } = await make()
      await expect(asked(known.account, known.password)).resolves.toEqual({
        outcome: 'accepted',
        identity: {
          account: known.account,
          labels: known.labels,
          labelsArePatterns,
        },
      })
    })

    test.each([
      ['wrong', WRONG],
      ['', emptyPassword],
      [' ', impossiblePassword],
      ['\0', impossiblePassword],
      ['\ud800', impossiblePassword],
    ])('the password %j is answered by a value, not by an exception', async (password, answer) => {
      const { known } = await make()
      await expect(asked(known.account, password)).resolves.toEqual(answer)
    })

    test('the right password with something behind it is rejected', async () => {
      const { known } = await make()
      await expect(asked(known.account, `${known.password}x`)).resolves.toMatchObject({ outcome: 'rejected' })
      await expect(asked(known.account, `${known.password}\0x`)).resolves.toMatchObject({ outcome: 'rejected' })
    })

    test.each(['nobody', '', 'constructor', '__proto__', 'a'.repeat(10_000), 'x\0y'])(
      'the account %j, which it does not know, is no match',
      async (account) => {
        await expect(asked(account, 'x')).resolves.toEqual({
          outcome: 'no-match',
        })
      },
    )

    test('other spellings of an account are not it, unless a directory compares them', async () => {
      const { known } = await make()
      const { account, password } = known
      await expect(asked(account.toUpperCase(), password)).resolves.toMatchObject({ outcome: upperCase })
      await expect(asked(`${account} `, password)).resolves.toMatchObject({
        outcome: blanks,
      })
      await expect(asked(` ${account}`, password)).resolves.toMatchObject({
        outcome: blanks,
      })
    })

    test('an outage is an exception, where there can be one', async () => {
      const { broken, known } = await make()
      const answer = broken?.authenticate({
        account: known.account,
        password: new Secret(known.password),
      })
      if (answer !== undefined) await expect(answer).rejects.toBeInstanceOf(BackendError)
    })

    test('closing it twice is closing it once', async () => {
      const { authenticator } = await make()
      await authenticator.close?.()
      await expect(Promise.resolve(authenticator.close?.())).resolves.toBeUndefined()
    })
  })
}
