// A request that asks for much leaves the others their turn.
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
