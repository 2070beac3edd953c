// Rules as somebody stored them: which values are rules, and what is said about those that are not.
import { describe, expect, test } from '@jest/globals'
import { ObjectId, Timestamp } from 'mongodb'
import { compileRows, readRows } from '../../src/authz/stored-rules.ts'
import type { AclRow, RowSet } from '../../src/authz/stored-rules.ts'
import { ConfigError } from '../../src/lib/errors.ts'
import { request } from './request.ts'

const { signal } = new AbortController()

const position = (index: number): string => `table:${index + 1}`
async function* stored(values: Iterable<unknown>): AsyncGenerator<AclRow> {
  let index = 0
  for (const value of values) {
    await Promise.resolve()
    yield { value, position: position(index++) }
  }
}
const read = (...values: readonly unknown[]): Promise<RowSet> => readRows(stored(values), signal)
const compile = async (...values: readonly unknown[]) => compileRows(await read(...values), signal)

async function complaints(...values: readonly unknown[]): Promise<readonly string[]> {
  const error: unknown = await compile(...values).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(ConfigError)
  return error instanceof ConfigError ? error.message.split('\n') : []
}

/** What the one rule grants alice. */
async function granted(rule: unknown, asked = {}): Promise<unknown> {
  const { acl } = await compile(rule)
  const answer = acl.decide(request({ actions: ['pull', 'push'], ...asked }), Date.parse('2026-11-23T12:00:00Z'))
  return answer.outcome === 'decided' ? answer.actions : answer.outcome
}

describe('a stored rule', () => {
  test('takes every key of the configuration', async () => {
    const match = {
      account: 'alice',
      type: 'repository',
      name: 'library/*',
      service: 'registry',
      ip: ['192.0.2.0/24', '::1'],
      labels: { team: 'web' },
      requires_labels: { site: ['north', 'south'] },
      time: { after: '2026-01-01' },
    }
    const labels = { team: ['web'], site: ['north', 'south'] }
    const rule = { id: 'mine', match, actions: ['pull'], comment: 'all of it' }
    expect(await granted(rule, { labels })).toEqual(['pull'])
    expect(await granted(rule, { labels: { ...labels, site: ['north'] } })).toBe('no-match')
  })

  test.each([
    ['account', { account: null }],
    ['ip', { ip: null }],
    ['labels', { labels: null }],
    ['requires_labels', { requires_labels: null }],
    ['time', { time: null }],
    ['a boundary', { time: { after: null, before: '2027-01-01' } }],
  ])('whose %s is null does not have it, as for docker_auth', async (_, match) => {
    expect(await granted({ id: null, match, actions: ['pull'], comment: null })).toEqual(['pull'])
  })

  test.each([
    ['no match', { actions: [] }, 'match: is missing; match: {} matches every request'],
    ['null for match', { match: null, actions: [] }, 'match: is missing; match: {} matches every request'],
    ['null for actions', { match: {}, actions: null }, 'actions: is missing; actions: [] denies, ["*"] grants all'],
    ['text for actions', { match: {}, actions: '*' }, 'actions: must be a list'],
    ['null among the actions', { match: {}, actions: [null] }, 'actions.0: must be text'],
    ['a number among the actions', { match: {}, actions: ['pull', 1] }, 'actions.1: must be text'],
    ['a number for a pattern', { match: { name: 7 }, actions: [] }, 'match.name: must be text'],
    ['true for a pattern', { match: { account: true }, actions: [] }, 'match.account: must be text'],
    ['a date for a pattern', { match: { account: new Date(0) }, actions: [] }, 'match.account: must be text'],
    ['an object id for a pattern', { match: { account: new ObjectId() }, actions: [] }, 'match.account: must be text'],
    ['a regex for a pattern', { match: { account: /a/ }, actions: [] }, 'match.account: must be text'],
    ['bytes for a pattern', { match: { account: Buffer.from('a') }, actions: [] }, 'match.account: must be text'],
    ['an operator for a pattern', { match: { account: { $ne: '' } }, actions: [] }, 'match.account: must be text'],
    ['a number for an address', { match: { ip: 7 }, actions: [] }, 'match.ip: must be a value or a list of values'],
    ['null among addresses', { match: { ip: [null] }, actions: [] }, 'match.ip: must be a value or a list of values'],
    ['a number for a label', { match: { labels: { team: 7 } }, actions: [] }, 'match.labels.team: must be text'],
    ['null for a label', { match: { labels: { team: null } }, actions: [] }, 'match.labels.team: must be text'],
    ['a number for a comment', { match: {}, actions: [], comment: 7 }, 'comment: must be text'],
    ['a date for match', { match: new Date(0), actions: [] }, 'match: must be a map of keys and values'],
    ['an object id for match', { match: new ObjectId(), actions: [] }, 'match: must be a map of keys and values'],
    ['a timestamp for match', { match: new Timestamp(0n), actions: [] }, 'match: must be a map of keys and values'],
    ['a list for match', { match: [], actions: [] }, 'match: must be a map of keys and values'],
    ['text for match', { match: '', actions: [] }, 'match: must be a map of keys and values'],
    ['a date for time', { match: { time: new Date(0) }, actions: [] }, 'match.time: must be a map of keys and values'],
    [
      'nothing but nulls for time',
      { match: { time: { after: null } }, actions: [] },
      'match.time: needs after, before or days',
    ],
    [
      'A1: an unknown key',
      { match: { acount: 'a' }, actions: [] },
      'match: unknown key "acount"; did you mean "account"?',
    ],
    ['an unknown key that is null', { match: { tem: null }, actions: [] }, /^match: unknown key "tem"/],
    ['A1: team', { match: { team: 'a' }, actions: [] }, 'match: unknown key "team": use labels: {teams: …}'],
    [
      'a condition beside match',
      { match: {}, actions: [], account: 'a' },
      'account: stands beside match, where it means nothing',
    ],
    ['a broken expression', { match: { name: '/(/' }, actions: [] }, /^match\.name: /],
    ['no address', { match: { ip: 'here' }, actions: [] }, /^match\.ip: is neither an IP address/],
  ])('with %s is refused', async (_, rule, message) => {
    const [line = '', ...others] = await complaints(rule)
    expect(others).toEqual([])
    expect(line).toMatch(/^table:1: /)
    const said = line.slice('table:1: '.length)
    if (typeof message === 'string') expect(said).toBe(message)
    else expect(said).toMatch(message)
  })

  test('with fields of somebody else is used, with a word about them', async () => {
    const { acl, warnings } = await compile({ match: {}, actions: ['pull'], __v: 0, updatedAt: new Date(0) })
    expect(acl.size).toBe(1)
    expect(warnings.map(({ message }) => message)).toEqual([
      '__v: is no key of a rule and means nothing',
      'updatedAt: is no key of a rule and means nothing',
    ])
  })

  test.each([null, undefined, 7, 'text', [], new Date(0), new ObjectId()])('that is %p is refused', async (rule) => {
    expect(await complaints(rule)).toEqual(['table:1: must be a map of keys and values'])
  })

  test('with a key named __proto__ is refused', async () => {
    const match = JSON.parse('{"__proto__": {"account": "a"}}') as object
    expect(await complaints({ match, actions: [] })).toHaveLength(1)
  })
})

describe('stored rules', () => {
  test('are all looked at: each bad one is named, and every reason of it', async () => {
    const rules = [{ match: {} }, { match: {}, actions: [] }, { match: { acount: 'a', nam: 'b' }, actions: '*' }]
    expect(await complaints(...rules)).toEqual([
      'table:1: actions: is missing; actions: [] denies, ["*"] grants all',
      'table:3: match: unknown key "acount"; did you mean "account"?',
      'table:3: match: unknown key "nam"; did you mean "name"?',
      'table:3: actions: must be a list',
    ])
  })

  test('of which a thousand are bad are refused in twenty lines and a sum', async () => {
    const lines = await complaints(...Array.from({ length: 1000 }, () => ({ match: {} })))
    expect(lines).toHaveLength(21)
    expect(lines.at(-1)).toBe('and 980 more')
  })

  test('of which two have one id are refused', async () => {
    const rule = { id: 'mine', match: {}, actions: [] }
    expect(await complaints(rule, { ...rule, id: 'yours' }, rule)).toEqual([
      'table:3: id: "mine" is the id of table:1, too',
    ])
  })

  test('are warned about like those of a file', async () => {
    const { warnings } = await compile({ match: { account: '/alice/' }, actions: [] })
    expect(warnings).toHaveLength(1)
    expect(warnings[0]).toMatchObject({
      path: 'table:1',
      message: expect.stringContaining('match.account: is not anchored'),
    })
  })

  test('have the digest of what they say and where they stand', async () => {
    const digest = async (...values: readonly unknown[]): Promise<string> => (await read(...values)).digest
    const [one, other] = [
      { match: {}, actions: ['pull'] },
      { match: {}, actions: ['push'] },
    ]
    const digests = [await digest(), await digest(one), await digest(one, other), await digest(other, one)]
    expect(new Set(digests).size).toBe(digests.length)
    expect(await digest({ ...one }, { ...other })).toBe(digests[2])
    const elsewhere = await readRows(stored([undefined, one]), signal)
    expect(elsewhere.digest).not.toBe(digests[1])
  })

  test('that are too large to be meant are refused before they fill the memory', async () => {
    const comment = 'x'.repeat(1024 * 1024)
    let taken = 0
    function* endless(): Generator {
      for (;;) yield { match: {}, actions: [], comment, number: taken++ }
    }
    await expect(readRows(stored(endless()), signal)).rejects.toThrow('the rules are larger than 64 MiB')
    expect(taken).toBeLessThan(70)
  })

  test('are read and compiled no further when nobody wants them any more', async () => {
    const set = await read({ match: {}, actions: [] })
    await expect(readRows(stored([1]), AbortSignal.abort())).rejects.toThrow('abort')
    await expect(compileRows(set, AbortSignal.abort())).rejects.toThrow('abort')
  })
})
