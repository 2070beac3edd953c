// The building blocks of schemas say what is wrong in words an admin can act on.
import { describe, expect, test } from '@jest/globals'
import type { z } from 'zod'
import { bool, duration, int, mapOf, nonEmpty, notSupportedYet, strict, text, texts } from '../../src/lib/schema.ts'

/** The parsed value, or the messages. */
function parse(schema: z.ZodType, value: unknown): unknown {
  const result = schema.safeParse(value)
  return result.success ? result.data : result.error.issues.map(({ message }) => message)
}

describe('a whole number', () => {
  test.each([
    ['24', 24],
    ['0', 0],
    ['-1', -1],
    ['+7', 7],
    ['0x18', 24],
    ['0XFF', 255],
    ['0b11000', 24],
    ['030', 24],
    ['0o30', 24],
    ['1_000', 1000],
    ['9007199254740991', 9007199254740991],
  ])('%s is %i', (value, expected) => {
    expect(parse(int, value)).toBe(expected)
  })

  test.each(['', '1.5', '1e3', 'x', '0x', '08', '9007199254740993', '1 2', '--1', 'NaN', 'Infinity'])(
    '"%s" is none',
    (value) => {
      expect(parse(int, value)).toEqual([`must be a whole number, not "${value}"`])
    },
  )
})

describe('true and false', () => {
  test.each(['y', 'Y', 'yes', 'YES', 'true', 'True', 'on'])('%s is true', (value) =>
    expect(parse(bool, value)).toBe(true),
  )
  test.each(['n', 'no', 'No', 'false', 'FALSE', 'off'])('%s is false', (value) =>
    expect(parse(bool, value)).toBe(false),
  )
  test.each(['', '1', '0', 'maybe'])('"%s" is neither', (value) => {
    expect(parse(bool, value)).toEqual([`must be true or false, not "${value}"`])
  })
})

describe('a duration in milliseconds', () => {
  test.each([
    ['10s', 10_000],
    ['1h30m', 5_400_000],
    ['0', 0],
    ['1000000', 1],
    ['250000000', 250],
    ['-5s', -5000],
  ])('%s is %d', (value, expected) => expect(parse(duration, value)).toBe(expected))

  test.each(['', '10', '5 s', 's', '1d'].filter((value) => value !== '10'))('"%s" is none', (value) => {
    expect(parse(duration, value)).toEqual([`must be a duration such as 10s or 1h30m, not "${value}"`])
  })
})

describe('shapes', () => {
  test.each([
    ['a list where a value belongs', text, [], ['must be a single value']],
    ['an empty value', nonEmpty, '', ['must not be empty']],
    ['a value where a list belongs', texts, 'x', ['must be a list']],
    ['a list in a list', texts, [['x']], ['must be a single value']],
    ['something not built yet', strict({ ldap: notSupportedYet }), { ldap: {} }, ['not supported yet']],
    ['nothing of it', strict({ ldap: notSupportedYet }), {}, {}],
    ['a value where a map belongs', strict({ a: text }), 'x', ['must be a map of keys and values']],
    ['a map of any keys', mapOf(text, 'must be a map'), { a: 'b' }, { a: 'b' }],
    ['a value where that belongs', mapOf(text, 'must be a map'), 'x', ['must be a map']],
    [
      'the one key it cannot hold',
      mapOf(text, 'must be a map'),
      JSON.parse('{"__proto__": "x"}'),
      ['"__proto__" cannot be a key'],
    ],
  ])('%s', (_what, schema, value, expected) => {
    expect(parse(schema, value)).toEqual(expected)
  })
})

describe('an unknown key', () => {
  const schema = strict({ account: text.optional(), actions: text.optional() }, { team: 'use labels' })
  test.each([
    ['acount', 'unknown key "acount"; did you mean "account"?'],
    ['ACTIONS', 'unknown key "ACTIONS"; did you mean "actions"?'],
    ['xyzzy', 'unknown key "xyzzy"; known keys are account, actions'],
    ['team', 'unknown key "team": use labels'],
    ['constructor', 'unknown key "constructor"; known keys are account, actions'],
    ['__proto__', 'unknown key "__proto__"; known keys are account, actions'],
  ])('%s', (key, expected) => {
    expect(parse(schema, JSON.parse(`{${JSON.stringify(key)}: "x"}`))).toEqual([expected])
  })

  test('has a line for each', () => {
    expect(parse(schema, { acount: 'x', xyzzy: 'y' })).toEqual([
      'unknown key "acount"; did you mean "account"?\nunknown key "xyzzy"; known keys are account, actions',
    ])
  })
})
