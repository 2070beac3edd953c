// Claims that are signed and must be refused all the same.
import { describe } from '@jest/globals'
import { base64url, SECONDS, signInput } from './fixtures.ts'
import type { Attack } from './forgery.ts'
import { ec, good, kid, testAttacks, text, withClaims } from './forgery.ts'

const CLAIMS: readonly Attack[] = [
  [
    'another issuer',
    () => good({}, { iss: 'issuer ' }),
    false,
    /^issuer: token says "issuer ", registry expects "issuer"$/,
  ],
  ['no issuer', () => good({}, { iss: undefined }), false, /^issuer: token says none, registry expects "issuer"$/],
  ['issuers in a list', () => good({}, { iss: ['issuer'] }), true, /^claims: iss has the wrong type$/],
  [
    'another audience',
    () => good({}, { aud: 'Service' }),
    false,
    /^audience: token says "Service", registry expects "service"$/,
  ],
  [
    'other audiences',
    () => good({}, { aud: ['a', 'service.b'] }),
    false,
    /^audience: token says \["a","service.b"\], registry/,
  ],
  ['no audience', () => good({}, { aud: undefined }), false, /^audience: token says none/],
  ['an empty list of audiences', () => good({}, { aud: [] }), false, /^audience: token says \[\]/],
  ['an audience that is a number', () => good({}, { aud: 1 }), true, /^claims: aud has the wrong type$/],
  [
    'an endless issuer',
    () => good({}, { iss: 'i'.repeat(9999) }),
    false,
    /^issuer: token says "i{199}…, registry expects "issuer"$/,
  ],
  ['no end', () => good({}, { exp: undefined }), false, /^exp: token says none, registry expects a time$/],
  ['an end of zero', () => good({}, { exp: 0 }), false, /^exp: token says 0/],
  ['an end in the past', () => good({}, { exp: SECONDS - 61 }), false, /^exp: /],
  ['an end with a fraction', () => good({}, { exp: SECONDS + 1.5 }), true, /^claims: a time is not an integer$/],
  [
    'an end with an exponent',
    () => withClaims(text({ exp: 1 }).replace('"exp":1', '"exp":1e11')),
    true,
    /^claims: a time is not an integer$/,
  ],
  ['an end in text', () => good({}, { exp: String(SECONDS + 300) }), true, /^claims: exp has the wrong type$/],
  [
    'an end beyond all numbers',
    () => withClaims(text({ exp: 1 }).replace('"exp":1', '"exp":99999999999999999999')),
    true,
    /^claims: exp has the wrong type$/,
  ],
  ['a beginning in the future', () => good({}, { nbf: SECONDS + 61 }), false, /^nbf: /],
  ['a beginning in text', () => good({}, { nbf: 'now' }), true, /^claims: nbf has the wrong type$/],
  ['an issue date in text', () => good({}, { iat: 'now' }), true, /^claims: iat has the wrong type$/],
  ['a subject that is an object', () => good({}, { sub: { name: 'admin' } }), true, /^claims: sub has the wrong type$/],
  ['access that is an object', () => good({}, { access: {} }), true, /^claims: access has the wrong type$/],
  ['access to a number', () => good({}, { access: [1] }), true, /^claims: access.0 has the wrong type$/],
  [
    'access without a name',
    () => good({}, { access: [{ type: 'repository', actions: ['pull'] }] }),
    true,
    /^claims: access.0.name has/,
  ],
  [
    'access whose actions are text',
    () => good({}, { access: [{ type: 'repository', name: 'a', actions: '*' }] }),
    true,
    /^claims: access.0.actions has/,
  ],
  [
    'access whose actions are numbers',
    () => good({}, { access: [{ type: 'repository', name: 'a', actions: [1] }] }),
    true,
    /^claims: access.0.actions.0 has/,
  ],
  ['two subjects', () => withClaims(text({}).replace('{', '{"sub":"admin",')), true, /^claims: not a JSON object$/],
  [
    'two lists of access',
    () => withClaims(text({}).replace('{', '{"access":[],')),
    true,
    /^claims: not a JSON object$/,
  ],
  [
    'an entry with two names',
    () => withClaims(text({}).replace('"name"', '"name":"x","name"')),
    true,
    /^claims: not a JSON object$/,
  ],
  ['claims that are a list', () => withClaims('[]'), true, /^claims: not a JSON object$/],
  [
    'claims that are not UTF-8',
    () => {
      const input = `${base64url({ alg: 'ES256', kid: kid() })}.${Buffer.from(text({ sub: 'é' }), 'latin1').toString('base64url')}`
      return `${input}.${signInput('ES256', input, ec.privateKey)}`
    },
    true,
    /^claims: not a JSON object$/,
  ],
  ['claims behind a byte order mark', () => withClaims(`\uFEFF${text({})}`), true, /^claims: not a JSON object$/],
  ['no claims', () => withClaims(''), true, /^claims: not a JSON object$/],
]

describe('a token is refused with', () => testAttacks(CLAIMS))
