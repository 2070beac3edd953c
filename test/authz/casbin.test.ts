// Rules in casbin's form: docker_auth's files and functions, and what nobody may do to them.
import { describe, expect, test } from '@jest/globals'
import { createAuthorizer } from '../../src/authz/index.ts'
import type { Authorizer } from '../../src/authz/index.ts'
import type { Logger } from '../../src/lib/logger.ts'
import { useFolder } from '../support/folder.ts'
import { createRecorder } from '../support/recorder.ts'
import { ask, openFiles, readFiles } from './casbin-section.ts'
import type { Files, Read } from './casbin-section.ts'
import { authorizerConformance } from './conformance.ts'
import { request } from './request.ts'

const folder = useFolder()
const read = (files: Files): Promise<Read> => readFiles(files, folder)
const open = (files: Files, log?: Logger): Promise<Authorizer> => openFiles(files, folder, log)

authorizerConformance(
  'casbin',
  () => open({ policy: 'p, root, *, *\np, alice, alice/*, pull\np, alice, alice/*, push' }),
  { neverPasses: true },
)

describe('docker_auth’s files', () => {
  const docker_auth: Files = {
    columns: 'account, type, name, service, ip, action, labels',
    matcher: `r.account == "admin" || (g(r.account, p.account) && r.type == p.type && r.name == p.name && \\
      r.service == p.service && ipMatch(r.ip, p.ip) && r.action == p.action && labelMatch(r.labels, p.labels))`,
    policy: `# who, what, where from
p, alice, repository, app, registry, 192.0.2.1, pull, "{""team"":[""web""]}"
p, writers, repository, docs, registry, 192.0.2.0/24, push, {}\r

g, bob, writers
g, carol, bob
g, writers, carol`,
  }
  const web = { team: ['ops', 'web'] }

  test.each([
    [{ account: 'alice', labels: web, name: 'app' }, ['pull']],
    [{ account: 'alice', labels: { team: ['ops'] }, name: 'app' }, []],
    [{ account: 'alice', labels: {}, name: 'app' }, []],
    [{ account: 'alice', labels: web, name: 'app', ip: '192.0.2.2' }, []],
    [{ account: 'alice', labels: web, name: 'app', ip: '' }, []],
    [{ account: 'alice', labels: web, name: 'app', service: 'other' }, []],
    [{ account: 'alice', labels: web, name: 'app', type: 'registry' }, []],
    [{ account: 'bob', name: 'docs' }, ['push']],
    [{ account: 'carol', name: 'docs', ip: '::ffff:192.0.2.9' }, ['push']],
    [{ account: 'carol', name: 'docs', ip: '192.0.3.1' }, []],
    [{ account: 'dave', name: 'docs' }, []],
    [{ account: 'admin', name: 'anything' }, ['push', 'pull', '*']],
    [{ account: '', name: 'app' }, []],
    [{ account: '__proto__', name: 'app' }, []],
  ])('%j → %j', async (asked, granted) => {
    expect(await ask(await open(docker_auth), { ...asked, actions: ['push', 'pull', '*'] })).toEqual(granted)
  })

  test('a change of either makes another plan, and nothing else does', async () => {
    const { plan, files } = await read(docker_auth)
    expect(files.paths()).toEqual([folder.path('model.conf'), folder.path('policy.csv')])
    const keyOf = async (changed: Files): Promise<string | undefined> =>
      (await read({ ...docker_auth, ...changed })).plan?.key
    expect(await keyOf({})).toBe(plan?.key)
    expect(await keyOf({ policy: 'p, alice, repository, app, registry, 192.0.2.1, push, {}' })).not.toBe(plan?.key)
    expect(await keyOf({ matcher: 'g(r.account, p.account)' })).not.toBe(plan?.key)
  })
})

describe('the functions', () => {
  test.each([
    ['keyMatch', 'team/*', 'team/a/b', true],
    ['keyMatch', 'team/*', 'teams/a', false],
    ['keyMatch', 'team', 'team', true],
    ['keyMatch', 'team', 'team/a', false],
    ['keyMatch2', 'team/:name', 'team/a', true],
    ['keyMatch2', 'team/:name', 'team/a/b', false],
    ['keyMatch2', 'team/*', 'team/a/b', true],
    ['keyMatch3', 'team/{name}/x', 'team/a/x', true],
    ['keyMatch3', 'team/{name}/x', 'team/a/b/x', false],
    ['regexMatch', '^team/[a-z]+$', 'team/abc', true],
    ['regexMatch', '^(?i)TEAM/', 'team/abc', true],
    ['regexMatch', '^team/[a-z]+$', 'team/1', false],
    ['globMatch', 'team/*', 'team/a', true],
    ['globMatch', 'team/*', 'team/a/b', false],
  ])('%s: %j with %j is %s', async (call, pattern, name, expected) => {
    const authorizer = await open({ matcher: `${call}(r.name, p.name)`, policy: `p, x, "${pattern}", x` })
    expect(await ask(authorizer, { name })).toEqual(expected ? ['pull'] : [])
  })

  test.each([
    ['{"a": ["x"], "b": ["y"]}', { a: ['w', 'x'], b: ['y'] }, true],
    ['{"a": ["x"], "b": ["y"]}', { a: ['x'] }, false],
    ['{"a": ["w", "x"]}', { a: ['x'] }, false],
    ['{"a": []}', {}, true],
    ['{"a": null}', {}, true],
    ['{"toString": ["x"]}', {}, false],
    ['null', {}, true],
  ])('labelMatch: %s with %j is %s', async (wanted, labels, expected) => {
    const row = `p, "${wanted.replaceAll('"', '""')}", x, x`
    const authorizer = await open({ matcher: 'labelMatch(r.labels, p.account)', policy: row })
    expect(await ask(authorizer, { labels })).toEqual(expected ? ['pull'] : [])
  })

  test('an expression that would keep JavaScript busy for ever is as fast as any other', async () => {
    for (const call of ['regexMatch', 'keyMatch2', 'keyMatch3']) {
      const authorizer = await open({ matcher: `${call}(r.name, p.name)`, policy: 'p, x, (a+)+(a+)+(a+)+b, x' })
      expect(await ask(authorizer, { name: 'a'.repeat(250) })).toEqual([])
    }
  })

  test('no JavaScript is reached from a name', async () => {
    const authorizer = await open({ policy: 'p, alice, library/app, pull' })
    for (const name of ['constructor', '__proto__', '"', "' || true || '", '") || ("', '*', 'othersFirst()']) {
      expect(await ask(authorizer, { name })).toEqual([])
      expect(await ask(authorizer, { account: name })).toEqual([])
    }
  })
})

describe('effects', () => {
  const rows = 'p, alice, *, *, allow\np, alice, secret/*, *, deny'
  const columns = 'account, name, action, eft'

  test.each([
    ['some(where (p.eft == allow))', true, true],
    ['!some(where (p.eft == deny))', false, true],
    ['some(where (p.eft == allow)) && !some(where (p.eft == deny))', false, true],
    ['priority(p.eft) || deny', true, true],
  ])('%s', async (effect, secret, open_) => {
    const authorizer = await open({ effect, columns, policy: rows })
    expect(await ask(authorizer, { name: 'secret/app' })).toEqual(secret ? ['pull'] : [])
    expect(await ask(authorizer, { name: 'open/app' })).toEqual(open_ ? ['pull'] : [])
  })

  test('rows with a priority come in its order', async () => {
    const authorizer = await open({
      effect: 'priority(p.eft) || deny',
      columns: 'priority, account, name, action, eft',
      policy: 'p, 10, alice, *, *, allow\np, 9, alice, secret/*, *, deny',
    })
    expect(await ask(authorizer, { name: 'secret/app' })).toEqual([])
    expect(await ask(authorizer, { name: 'open/app' })).toEqual(['pull'])
  })
})

describe('roles in domains', () => {
  const model = `
    [request_definition]
    r = account, type, name, service, ip, action, labels
    [policy_definition]
    p = role, service
    [role_definition]
    g = _, _, _
    [policy_effect]
    e = some(where (p.eft == allow))
    [matchers]
    m = g(r.account, p.role, r.service) && r.service == p.service`

  test('count in their domain only', async () => {
    const authorizer = await open({ model, policy: 'p, admins, one\np, admins, two\ng, alice, admins, one' })
    expect(await ask(authorizer, { service: 'one' })).toEqual(['pull'])
    expect(await ask(authorizer, { service: 'two' })).toEqual([])
    expect(await ask(authorizer, { service: 'three' })).toEqual([])
  })
})

describe('what cannot be compared is denied, also where the rule would deny', () => {
  test.each([
    'labelMatch(r.labels, r.name)',
    '!labelMatch(r.labels, r.name)',
    'labelMatch(r.name, r.labels)',
    'regexMatch(r.account, r.name)',
    '!ipMatch(r.ip, r.name)',
    'globMatch(r.account, r.name)',
    'keyMatch(r.account)',
  ])('%s', async (matcher) => {
    const { log, lines } = createRecorder()
    for (const effect of ['some(where (p.eft == allow))', '!some(where (p.eft == deny))']) {
      const authorizer = await open({ matcher, effect, policy: 'p, x, x, x' }, log)
      expect(await ask(authorizer, { name: '[' })).toEqual([])
    }
    expect(lines.map(({ level }) => level)).toEqual(['warn', 'warn'])
  })

  test.each(['', '# nothing\n', 'g, alice, admins'])('a policy without rules: %j', async (policy) => {
    for (const call of ['regexMatch', 'keyMatch', 'keyMatch2', 'globMatch', 'ipMatch', 'labelMatch']) {
      const authorizer = await open({ policy, matcher: `${call}(r.name, p.name)` })
      expect([call, await ask(authorizer, { account: 'mallory' })]).toEqual([call, []])
    }
  })
})

test.each(['', 'g, alice, admin'])(
  'a policy of %j allows nobody anything, those without a name included',
  async (policy) => {
    const matcher = 'g(r.account, p.account)'
    for (const effect of ['some(where (p.eft == allow))', 'priority(p.eft) || deny']) {
      const authorizer = await openFiles({ matcher, policy, effect }, folder)
      for (const account of ['', 'alice']) expect(await ask(authorizer, { account, actions: ['pull'] })).toEqual([])
    }
    const authorizer = await openFiles({ matcher, policy, effect: '!some(where (p.eft == deny))' }, folder)
    expect(await ask(authorizer, { account: 'alice', actions: ['pull'] })).toEqual(['pull'])
  },
)

test('a longer policy is walked without keeping others waiting', async () => {
  const rows = Array.from({ length: 5000 }, (_, index) => `p, user${index}, team${index}/*, pull`)
  const authorizer = await open({ policy: rows.join('\n') })
  let turns = 0
  const interval = setInterval(() => turns++, 0)
  const answers = await Promise.all(
    [0, 2500, 4999, 5000].map((index) => ask(authorizer, { account: `user${index}`, name: `team${index}/x` })),
  )
  clearInterval(interval)
  expect(answers).toEqual([['pull'], ['pull'], ['pull'], []])
  expect(turns).toBeGreaterThan(5)
})

test('nobody who is gone is waited on', async () => {
  const authorizer = await open({ policy: 'p, alice, *, *' })
  await expect(authorizer.authorize(request(), AbortSignal.abort())).rejects.toThrow('the client went away')
})

test('nothing is granted that was not asked for', async () => {
  const authorize = createAuthorizer([await open({ policy: 'p, alice, *, *' })])
  await expect(authorize(request({ actions: ['pull', 'pull'] }))).resolves.toEqual({ actions: ['pull', 'pull'] })
})
