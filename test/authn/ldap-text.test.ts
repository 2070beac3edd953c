// Text in filters and names: whatever somebody types stays a value, and names come apart as they were put together.
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { EqualityFilter, ExtensibleFilter, FilterParser } from 'ldapts'
import { commonName } from '../../src/authn/ldap/dn.ts'
import { fillFilter, fillName, readableEscapes } from '../../src/authn/ldap/template.ts'

const SPECIAL = [
  '\\',
  '*',
  '(',
  ')',
  '\0',
  '$',
  '&',
  '|',
  '!',
  '=',
  ':',
  ',',
  '+',
  '"',
  '<',
  '>',
  ';',
  '#',
  ' ',
  '{',
  '}',
] as const
const anything = fc.string({
  unit: fc.oneof(fc.constantFrom(...SPECIAL), fc.string({ unit: 'binary' })),
})

describe('a filter', () => {
  test.each([
    ['*)(uid=*', '(uid=\\2a\\29\\28uid=\\2a)'],
    ['bob)(|(uid=*', '(uid=bob\\29\\28|\\28uid=\\2a)'],
    ['\\2a', '(uid=\\5c2a)'],
    ['a\0b', '(uid=a\\00b)'],
    ['${account}', '(uid=${account})'],
    ['$&', '(uid=$&)'],
    ['Jürgen', '(uid=Jürgen)'],
  ])('for %j is %j', (account, filter) => {
    expect(fillFilter('(uid=${account})', { account })).toBe(filter)
  })

  test('compares with exactly what was typed, whatever that is', () => {
    fc.assert(
      fc.property(anything, (account) => {
        const parsed = FilterParser.parseString(fillFilter('(uid=${account})', { account }))
        expect(parsed).toEqual(new EqualityFilter({ attribute: 'uid', value: account }))
      }),
    )
  })

  test('takes a DN as a value, its own escapes included', () => {
    fc.assert(
      fc.property(anything, (dn) => {
        const parsed = FilterParser.parseString(fillFilter('(member:1.2.3:=${dn})', { dn, account: '${dn}' }))
        expect(parsed).toEqual(new ExtensibleFilter({ matchType: 'member', rule: '1.2.3', value: dn }))
      }),
    )
  })

  test('leaves alone what it has no value for', () => {
    expect(fillFilter('(&(a=${account})(b=${dn})(c=${x}))', { account: 'bob' })).toBe('(&(a=bob)(b=${dn})(c=${x}))')
  })

  test.each([
    ['(ou=M\\c3\\bcnchen\\2a)', '(ou=München\\2a)'],
    ['(ou=\\C3\\BC\\c3\\bc)', '(ou=üü)'],
    ['(x=\\ff)', undefined],
  ])('%j is read as %j', (filter, readable) => expect(readableEscapes(filter)).toBe(readable))
})

describe('a name to bind with', () => {
  test.each([
    ['uid=${account},dc=x', 'bob', 'uid=bob,dc=x'],
    ['uid=${account},dc=x', 'bob,dc=evil', 'uid=bob\\,dc\\=evil,dc=x'],
    ['uid=${account},dc=x', 'a+b"c;d<e>f\\g', 'uid=a\\+b\\"c\\;d\\<e\\>f\\\\g,dc=x'],
    ['uid=${account},dc=x', '#1', 'uid=\\#1,dc=x'],
    ['uid=${account},dc=x', '1#', 'uid=1#,dc=x'],
    ['uid=${account},dc=x', ' a b ', 'uid=\\ a b\\ ,dc=x'],
    ['uid=${account},dc=x', '\\ ', 'uid=\\\\\\ ,dc=x'],
    ['uid=${account},dc=x', ' ', 'uid=\\ ,dc=x'],
    ['uid=${account},dc=x', '\0', 'uid=\\00,dc=x'],
    ['uid=${account},dc=x', 'Jürgen', 'uid=Jürgen,dc=x'],
    ['uid=${account},dc=x', '$&', 'uid=$&,dc=x'],
    ['${account}@corp.example', 'a,b', 'a,b@corp.example'],
    ['CORP\\${account}', 'a+b', 'CORP\\a+b'],
  ])('%s with %j is %j', (template, account, name) => {
    expect(fillName(template, account)).toBe(name)
  })

  test('is one DN with one value, whatever is typed', () => {
    fc.assert(
      fc.property(
        anything.filter((text) => text !== '' && !/\p{Cs}/u.test(text)),
        (account) => {
          expect(commonName(fillName('cn=${account},dc=x', account))).toBe(account)
          expect(commonName(fillName('dc=x+uid=${account},dc=x', account))).toBeUndefined()
        },
      ),
    )
  })
})

describe('the common name of', () => {
  test.each([
    ['cn=Developers,ou=Groups,dc=x', 'Developers'],
    ['CN=Developers', 'Developers'],
    ['commonName=a', 'a'],
    ['2.5.4.3=a,dc=x', 'a'],
    ['OID.2.5.4.3=a', 'a'],
    [' cn = a b , dc = x ', 'a b'],
    ['ou=x,cn=a,cn=b', 'a'],
    ['uid=bob+cn=Bob,dc=x', 'Bob'],
    ['cn=a\\,b,dc=x', 'a,b'],
    ['cn=a\\2Cb,dc=x', 'a,b'],
    ['cn=M\\C3\\BCnchen,dc=x', 'München'],
    ['cn=München,dc=x', 'München'],
    ['cn="a,b+c\\"d",dc=x', 'a,b+c"d'],
    ['cn=a\\ ,dc=x', 'a '],
    ['cn=a;dc=x', 'a'],
    ['cn=,dc=x', ''],
    ['cn=#0c05416c696365,dc=x', 'Alice'],
    ['cn=\\#a', '#a'],
    ['cn=a=b', 'a=b'],
    ['cn=😀,dc=x', '😀'],
    ['ou=x,dc=x', undefined],
    ['developers', undefined],
    ['', undefined],
    ['cn=a,', undefined],
    ['cn=a,b', undefined],
    ['cn=a"b', undefined],
    ['cn=a\\', undefined],
    ['cn=\\ff', undefined],
    ['cn=#0c99', undefined],
  ])('%j is %j', (dn, name) => {
    expect(commonName(dn)).toBe(name)
  })

  test('something far too long is not looked for', () => {
    expect(commonName(`cn=${' '.repeat(1_000_000)}`)).toBeUndefined()
  })

  test('anything at all is never an exception', () => {
    fc.assert(fc.property(anything, (text) => void commonName(`cn=${text}`)))
  })
})
