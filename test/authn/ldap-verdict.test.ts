// What a directory's answer to a bind means.
import { describe, expect, test } from '@jest/globals'
import { judge } from '../../src/authn/ldap/verdict.ts'
import { BackendError } from '../../src/lib/errors.ts'

const activeDirectory = (data: string): string =>
  `80090308: LdapErr: DSID-0C090447, comment: AcceptSecurityContext error, data ${data}, v3839 Code: 0x31`

describe('an answer to a bind:', () => {
  test.each([
    [0, undefined, 'success', 'accepted'],
    [49, undefined, 'Invalid credentials', 'wrong-password'],
    [32, undefined, 'no such entry', 'wrong-password'],
    [34, undefined, 'invalid DN', 'wrong-password'],
    [19, undefined, 'Exceed password retry limit. Please try later.', 'refused'],
    [53, undefined, 'Account inactivated. Contact system administrator.', 'refused'],
    [48, undefined, 'the entry has no password', 'refused'],
    [50, undefined, 'insufficient access', 'refused'],
    [49, 0, 'expired', 'refused'],
    [49, 1, 'locked', 'refused'],
    [0, 2, 'must change its password first', 'refused'],
    [0, 5, 'some other remark', 'accepted'],
    [49, 6, 'some other remark', 'wrong-password'],
  ])('code %i with policy %p (%s) is %s', (code, policy, message, verdict) => {
    expect(judge({ code, message, policy })).toBe(verdict)
  })

  test.each([
    ['52e', 'a wrong password', 'wrong-password'],
    ['525', 'no such user', 'wrong-password'],
    ['530', 'not at this time', 'refused'],
    ['531', 'not from this machine', 'refused'],
    ['532', 'an expired password', 'refused'],
    ['533', 'a disabled account', 'refused'],
    ['701', 'an expired account', 'refused'],
    ['773', 'a password that must be changed', 'refused'],
    ['775', 'a locked account', 'refused'],
  ])('Active Directory’s data %s, %s, is %s', (data, _, verdict) => {
    expect(judge({ code: 49, message: activeDirectory(data), policy: undefined })).toBe(verdict)
  })

  test.each([1, 2, 7, 8, 10, 13, 51, 52, 80])('code %i is an outage', (code) => {
    expect(() => judge({ code, message: 'x', policy: undefined })).toThrow(BackendError)
  })
})
