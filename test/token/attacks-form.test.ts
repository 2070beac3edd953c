// Attacks on the form of a token and of its header.
import { describe } from '@jest/globals'
import type { Attack } from './forgery.ts'
import { good, kid, raw, testAttacks } from './forgery.ts'

const FORMS: readonly Attack[] = [
  ['nothing', () => '', true, /^token: not three parts$/],
  ['two parts', () => good().split('.').slice(0, 2).join('.'), true, /^token: not three parts$/],
  ['four parts', () => `${good()}.AAAA`, true, /^token: not three parts$/],
  ['five parts, as an encrypted token has', () => `${good()}.AAAA.AAAA`, true, /^token: not three parts$/],
  ['two dots', () => '..', true, /^token: the header is not a JSON object$/],
  ['sixty thousand dots', () => '.'.repeat(60_000), true, /^token: not three parts$/],
  ['a million characters', () => 'a'.repeat(1_000_000), true, /^token: longer than/],
  ['padding', () => good().replace('.', '=.'), true, /^token: not base64url$/],
  ['padding of the signature', () => `${good()}==`, true, /^token: not base64url$/],
  [
    'standard base64',
    () => good({}, { sub: '?'.repeat(9) }).replace(/[-_]/g, (char) => (char === '-' ? '+' : '/')),
    true,
    /^token: not base64url$/,
  ],
  [
    'stray trailing bits',
    () => good().replace(/.$/, (char) => String.fromCharCode(char.charCodeAt(0) + 1)),
    true,
    /^token: not base64url$/,
  ],
  ['white space', () => ` ${good()}`, true, /^token: not base64url$/],
  ['a final newline', () => `${good()}\n`, true, /^token: not base64url$/],
  ['a header that is no JSON', () => raw('{alg:ES256}'), true, /^token: the header is not a JSON object$/],
  ['a header that is a list', () => raw('["ES256"]'), true, /^token: the header is not a JSON object$/],
  ['a header that is null', () => raw('null'), true, /^token: the header is not a JSON object$/],
  [
    'a header with two algorithms',
    () => raw(`{"alg":"none","alg":"ES256","kid":"${kid()}"}`),
    true,
    /^token: the header is not a JSON object$/,
  ],
  [
    'a header with two kids, one escaped',
    () => raw(`{"alg":"ES256","kid":"a","k\\u0069d":"${kid()}"}`),
    true,
    /^token: the header is not/,
  ],
  ['a header without algorithm', () => raw(`{"kid":"${kid()}"}`), true, /header's alg cannot be used$/],
  [
    'an algorithm that is a list',
    () => raw(`{"alg":["ES256"],"kid":"${kid()}"}`),
    true,
    /header's alg cannot be used$/,
  ],
  ['a type that is a number', () => good({ typ: 1 }), true, /header's typ cannot be used$/],
  ['deeply nested JSON', () => raw(`${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`), true, /^token: /],
]

describe('a token is refused with', () => testAttacks(FORMS))
