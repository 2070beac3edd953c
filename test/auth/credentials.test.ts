// Who a token request comes from: Basic, the form of a POST, or nobody. Nothing else ever makes a user.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { ask, basic, form } from '../support/http.ts'
import type { Asked } from '../support/http.ts'
import { ISSUER, shown, startTokenServer } from '../support/token-server.ts'
import type { TokenServer } from '../support/token-server.ts'

let server: TokenServer
beforeAll(async () => {
  server = await startTokenServer()
})
afterAll(() => server.close())

const base64 = (text: string, encoding: BufferEncoding = 'utf8'): string =>
  Buffer.from(text, encoding).toString('base64')
const authorization = (value: string): Asked => ({ headers: { authorization: value } })

/** The status, and behind a 200 the account that the token is for. */
async function outcome(path: string, asked?: Asked): Promise<string> {
  const answer = await ask(server.place, path, asked)
  return answer.status === 200 ? `200 "${shown(answer.json()['token']).grant.account}"` : String(answer.status)
}

describe('Basic', () => {
  test.each([
    ['alice', authorization(`Basic ${base64('alice:secret')}`), '200 "alice"'],
    ['any case of the scheme', authorization(`bAsIc ${base64('alice:secret')}`), '200 "alice"'],
    ['a password with a colon', authorization(`Basic ${base64('bob:pass:word')}`), '200 "bob"'],
    ['a wrong password', authorization(`Basic ${base64('alice:wrong')}`), '401'],
    ['an empty password', authorization(`Basic ${base64('alice:')}`), '401'],
    ['an unknown user', authorization(`Basic ${base64('mallory:secret')}`), '401'],
    ['another case of the name', authorization(`Basic ${base64('Alice:secret')}`), '401'],
    ['a name with a space behind it', authorization(`Basic ${base64('alice :secret')}`), '401'],
    ['a name of Object.prototype', authorization(`Basic ${base64('constructor:x')}`), '401'],
    ['nobody with nothing, as the OCI conformance tool sends it', authorization(`Basic ${base64(':')}`), '200 ""'],
    [
      'nobody with a password, as containerd sends an identity token',
      authorization(`Basic ${base64(':secret')}`),
      '401',
    ],
    ['no colon', authorization(`Basic ${base64('alice')}`), '200 ""'],
    ['no base64', authorization('Basic !!!!'), '200 ""'],
    ['base64 cut short', authorization(`Basic ${base64('alice:secret!').slice(0, -2)}`), '200 ""'],
    ['nothing', authorization('Basic'), '200 ""'],
    ['nothing but a space', authorization('Basic  '), '200 ""'],
    ['another scheme', authorization('Bearer abc'), '200 ""'],
    ['no header', {}, '200 ""'],
  ])('%s', async (_what, asked, expected) => {
    expect(await outcome('/auth', asked)).toBe(expected)
  })

  test('that is no UTF-8 is refused rather than guessed at', async () => {
    const answer = await ask(server.place, '/auth', authorization(`Basic ${base64('al\xefce:x', 'latin1')}`))
    expect([answer.status, answer.body]).toEqual([400, 'Bad request: credentials are not UTF-8\n'])
  })
})

describe('the account parameter', () => {
  test.each([
    ['the user', '?account=alice', basic('alice', 'secret'), '200 "alice"'],
    ['empty', '?account=', basic('alice', 'secret'), '200 "alice"'],
    ['another than the user', '?account=bob', basic('alice', 'secret'), '400'],
    ['another than the user, password wrong', '?account=bob', basic('alice', 'wrong'), '400'],
    ['a user, without credentials', '?account=alice', {}, '200 ""'],
    ['a user, with credentials of nobody', '?account=alice', basic('', ''), '200 ""'],
    ['a user, with credentials that cannot be read', '?account=alice', { authorization: 'Basic !' }, '200 ""'],
  ])('%s', async (_what, query, headers, expected) => {
    expect(await outcome(`/auth${query}`, { headers })).toBe(expected)
  })

  test('in the form counts before the one in the query', async () => {
    expect(
      await outcome('/auth?account=alice', {
        ...form([['account', 'bob']]),
        headers: { ...form([]).headers, ...basic('alice', 'secret') },
      }),
    ).toBe('400')
  })
})

describe('the form of a POST', () => {
  const grant = ['grant_type', 'password'] as const
  const user = ['username', 'alice'] as const
  const password = ['password', 'secret'] as const
  test.each([
    ['user and password', [user, password], '200 "alice"'],
    ['with a grant type', [grant, user, password], '200 "alice"'],
    ['a wrong password', [grant, user, ['password', 'x'] as const], '401'],
    ['a user without a password', [user], '400'],
    ['a password without a user', [password], '400'],
    ['a grant type without either', [grant], '400'],
    ['nothing', [], '200 ""'],
    ['only a scope', [['scope', 'repository:a:pull'] as const], '200 ""'],
    ['another account', [user, password, ['account', 'bob'] as const], '400'],
  ])('%s', async (_what, fields, expected) => {
    expect(await outcome('/auth', form(fields))).toBe(expected)
  })

  test('with another grant type is an OAuth error, whatever Basic credentials stand beside it', async () => {
    const answer = await outcome('/auth', {
      ...form([['grant_type', 'refresh_token']]),
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        authorization: `Basic ${Buffer.from('alice:secret').toString('base64')}`,
      },
    })
    expect(answer).toBe('400')
  })

  test.each(['refresh_token', 'authorization_code', 'PASSWORD', 'urn:x'])(
    'with the grant type %s is an OAuth error, never anonymous',
    async (type) => {
      const answer = await ask(
        server.place,
        '/auth',
        form([
          ['grant_type', type],
          ['refresh_token', 'abc'],
        ]),
      )
      expect(answer.status).toBe(400)
      expect(answer.headers['content-type']).toBe('application/json')
      expect(answer.json()).toEqual({
        error: 'unsupported_grant_type',
        error_description: 'only grant_type=password is supported',
      })
    },
  )

  test('with half of the credentials is an OAuth error', async () => {
    const answer = await ask(server.place, '/auth', form([user]))
    expect(answer.json()).toEqual({
      error: 'invalid_request',
      error_description: 'username and password must both be given',
    })
  })

  test('gives way to Basic', async () => {
    const asked = form([user, password])
    expect(await outcome('/auth', { ...asked, headers: { ...asked.headers, ...basic('bob', 'pass:word') } })).toBe(
      '200 "bob"',
    )
  })

  test.each([
    ['GET', {}],
    ['POST', { method: 'POST' }],
  ])('is never the query: %s', async (_method, asked) => {
    expect(await outcome('/auth?username=alice&password=secret&grant_type=password', asked)).toBe('200 ""')
  })
})

test('wrong password, unknown user and forbidden anonymous cannot be told apart', async () => {
  const answers = await Promise.all([
    ask(server.place, '/auth', { headers: basic('alice', 'wrong') }),
    ask(server.place, '/auth', { headers: basic('mallory', 'wrong') }),
    ask(server.place, '/auth', { headers: basic('', 'x') }),
    ask(
      server.place,
      '/auth',
      form([
        ['username', 'mallory'],
        ['password', 'x'],
      ]),
    ),
  ])
  const seen = answers.map(({ status, body, headers }) => ({ status, body, headers: { ...headers, date: '' } }))
  for (const answer of seen) expect(answer).toEqual(seen[0])
  expect(seen[0]).toMatchObject({
    status: 401,
    body: 'Auth failed.\n',
    headers: {
      'www-authenticate': `Basic realm="${ISSUER}"`,
      'content-type': 'text/plain; charset=utf-8',
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
    },
  })
})

test('no password, and no header, is ever logged', async () => {
  await ask(server.place, '/auth', { headers: basic('alice', 'wrong-hunter2') })
  await ask(
    server.place,
    '/auth?password=hunter2',
    form([
      ['username', 'alice'],
      ['password', 'hunter2'],
    ]),
  )
  expect(JSON.stringify(server.lines)).not.toMatch(/hunter2|Basic|aHVudGVyMg/)
})
