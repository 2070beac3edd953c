// The Bearer challenge is one header that every client can take apart.
import { expect, test } from '@jest/globals'
import { formatChallenge } from '../../src/protocol/challenge.ts'

const scope = [
  { type: 'repository', name: 'a/b', actions: ['pull', 'push'] },
  { type: 'repository', name: 'c', actions: ['pull'] },
]

test.each([
  [
    'nothing but where to go',
    { realm: 'http://r/auth', service: 's', scope: [] },
    'Bearer realm="http://r/auth",service="s"',
  ],
  [
    'what to ask for',
    { realm: 'http://r/auth', service: 's', scope },
    'Bearer realm="http://r/auth",service="s",scope="repository:a/b:pull,push repository:c:pull"',
  ],
  [
    'what was wrong',
    { realm: 'r', service: 's', scope: [], error: 'invalid_token' as const },
    'Bearer realm="r",service="s",error="invalid_token"',
  ],
  [
    'quotes and backslashes',
    { realm: 'r', service: 'a "b" \\c', scope: [] },
    'Bearer realm="r",service="a \\"b\\" \\\\c"',
  ],
])('says %s', (_what, challenge, expected) => {
  expect(formatChallenge(challenge)).toBe(expected)
})
