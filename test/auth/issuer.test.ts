// The issuer by itself: a request that asks for much leaves the others their turn, and the log says who it was.
import { expect, test } from '@jest/globals'
import { createIssuer } from '../../src/auth/issuer.ts'
import { Secret } from '../../src/lib/secret.ts'
import { createRecorder } from '../support/recorder.ts'
import { ISSUER, showingSigner } from '../support/token-server.ts'

test('many scopes that take long to decide are decided in turns with everything else', async () => {
  const events: string[] = []
  const issue = createIssuer({
    realm: ISSUER,
    authenticate: () =>
      Promise.resolve({ outcome: 'accepted', identity: { account: '', labels: {}, labelsArePatterns: true } }),
    authorize: ({ resource }) => {
      const started = performance.now()
      while (performance.now() - started < 15);
      events.push(resource.name)
      return Promise.resolve({ actions: [] })
    },
    mentions: () => false,
    signer: showingSigner,
    log: createRecorder().log,
  })
  setImmediate(() => events.push('somebody else'))
  await issue({
    credentials: { account: '', password: new Secret('') },
    service: '',
    scopes: ['a', 'b', 'c'].map((name) => ({ type: 'repository', name, actions: ['pull'] })),
    ip: '',
  })
  expect(events).toEqual(['a', 'somebody else', 'b', 'c'])
})

test('the log names the account as the token does, and what was typed where that is another spelling', async () => {
  const { log, lines } = createRecorder()
  const issue = createIssuer({
    realm: ISSUER,
    authenticate: () =>
      Promise.resolve({ outcome: 'accepted', identity: { account: 'bob', labels: {}, labelsArePatterns: false } }),
    authorize: () => Promise.resolve({ actions: [] }),
    mentions: () => false,
    signer: showingSigner,
    log,
  })
  const request = { service: '', scopes: [], ip: '' }
  await issue({ ...request, credentials: { account: 'Bob', password: new Secret('x') } })
  await issue({ ...request, credentials: { account: 'bob', password: new Secret('x') } })
  expect(lines).toMatchObject([
    { fields: { account: 'bob', typed: 'Bob' } },
    { fields: { account: 'bob', typed: undefined } },
  ])
})

test.each([
  ['patterns', true, undefined],
  ['text', false, true],
])(
  'the log carries the labels that rules mention, and says whether they are %s',
  async (_, labelsArePatterns, quoted) => {
    const { log, lines } = createRecorder()
    const labels = { team: ['web', 'ops'], shoe: ['43'] }
    const issue = createIssuer({
      realm: ISSUER,
      authenticate: () =>
        Promise.resolve({ outcome: 'accepted', identity: { account: 'bob', labels, labelsArePatterns } }),
      authorize: () => Promise.resolve({ actions: [] }),
      mentions: (label) => label === 'team' || label === 'none',
      signer: showingSigner,
      log,
    })
    await issue({ service: '', scopes: [], ip: '', credentials: { account: 'bob', password: new Secret('x') } })
    expect(lines).toMatchObject([{ fields: { labels: { team: ['web', 'ops'] }, quoted_labels: quoted } }])
    expect(JSON.stringify(lines)).not.toContain('shoe')
  },
)
