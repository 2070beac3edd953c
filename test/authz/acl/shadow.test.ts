// A candidate list beside the live one: it is heard, and never obeyed.
import { setImmediate } from 'node:timers/promises'
import { expect, test } from '@jest/globals'
import { compileAcl, createAclAuthorizer, createShadowed } from '../../../src/authz/index.ts'
import type { Acl, AclEntryConfig, Shadowed } from '../../../src/authz/index.ts'
import { createRecorder } from '../../support/recorder.ts'
import type { Recorder } from '../../support/recorder.ts'
import { request } from '../request.ts'

const list = (file: string, ...rules: AclEntryConfig[]): Acl => {
  const { acl } = compileAcl(rules.map((entry, index) => ({ entry, position: `${file}:${index + 1}` })))
  if (acl === undefined) throw new Error('these rules are wrong')
  return acl
}

const LIVE = list(
  'live',
  { match: { account: 'alice' }, actions: ['pull'] },
  { match: { account: 'bob' }, actions: [] },
  { match: { account: 'carol', labels: { team: 'web' } }, actions: ['pull'] },
)

function shadow(...candidate: AclEntryConfig[]): Shadowed & Pick<Recorder, 'lines'> {
  const { log, lines } = createRecorder()
  const live = createAclAuthorizer(LIVE, Date.now)
  return { ...createShadowed(live, list('new', ...candidate), { now: Date.now, log }), lines }
}

test('the live list decides, and a difference is logged with both decisions', async () => {
  const { authorizer, close, lines } = shadow({ match: { account: 'alice' }, actions: ['*'] })
  const asked = request({ actions: ['pull', 'push'] })
  expect(await authorizer.authorize(asked)).toEqual({ outcome: 'decided', actions: ['pull'], rule: 'live:1' })
  await setImmediate()
  close()
  expect(lines).toEqual([
    {
      level: 'info',
      message: 'acl_shadow: would be decided differently',
      fields: {
        account: 'alice',
        service: 'registry',
        asked: 'repository:library/app:pull,push',
        ip: '192.0.2.1',
        live: { granted: 'pull', rule: 'live:1' },
        candidate: { granted: 'pull,push', rule: 'new:1' },
      },
    },
    { level: 'info', message: 'acl_shadow', fields: { compared: 1, different: 1 } },
  ])
})

test('a difference that comes again is counted, not logged again', async () => {
  const { authorizer, close, lines } = shadow()
  for (let times = 0; times < 3; times++) await authorizer.authorize(request())
  await authorizer.authorize(request({ name: 'library/other' }))
  await setImmediate()
  close()
  expect(lines.map(({ message }) => message)).toEqual([
    'acl_shadow: would be decided differently',
    'acl_shadow: would be decided differently',
    'acl_shadow',
  ])
  expect(lines.at(-1)?.fields).toEqual({ compared: 4, different: 4 })
})

test.each([
  ['the same grant by another rule', 'alice', { match: {}, actions: ['pull'] }, 0],
  ['a rule where there was none', 'eve', { match: { account: 'eve' }, actions: ['pull'] }, 1],
  ['a denial where nobody had an opinion', 'eve', { match: { account: 'eve' }, actions: [] }, 1],
  ['no opinion where there was a denial', 'bob', { match: { account: 'eve' }, actions: [] }, 1],
])('%s counts so', async (_, account, rule, different) => {
  const { authorizer, close, lines } = shadow(rule)
  await authorizer.authorize(request({ account }))
  await setImmediate()
  close()
  expect(lines.at(-1)?.fields).toEqual({ compared: 1, different })
})

test('the labels of both lists are mentioned', () => {
  const { authorizer, close } = shadow({ match: { labels: { role: 'x' } }, actions: [] })
  expect([...(authorizer.labels?.() ?? [])].sort()).toEqual(['role', 'team'])
  close()
})

test('nothing is logged where there was nothing to compare', () => {
  const { close, lines } = shadow()
  close()
  expect(lines).toEqual([])
})
