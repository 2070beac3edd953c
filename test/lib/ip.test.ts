// Addresses and networks; test/real/go-match.test.ts compares with Go's net package.
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { compileIpPattern, parseIp } from '../../src/lib/ip.ts'

test.each([
  ['192.0.2.1', '192.0.2.1'],
  ['2001:DB8:0:0::1', '2001:db8::1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['::FFFF:C000:201', '192.0.2.1'],
  ['::192.0.2.1', '::c000:201'],
  ['fe80::1%eth0', 'fe80::1'],
  ['fe80::1%br_lan', 'fe80::1'],
])('the address %s is spelled %s', (text, expected) => {
  expect(parseIp(text)).toBe(expected)
})

test.each([
  '',
  ' ',
  'localhost',
  '192.0.2',
  '192.0.2.01',
  '192.0.2.256',
  '192.0.2.1%eth0',
  '192.0.2.1:80',
  '[::1]',
  '1::2::3',
  '::1/128',
])('%j is no address', (text) => {
  expect(parseIp(text)).toBeUndefined()
})

test('an address is spelled in one way only', () => {
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (ip) => {
      const spelled = parseIp(ip)
      expect(spelled).toBeDefined()
      expect(parseIp(spelled!)).toBe(spelled)
    }),
  )
})

describe('an IP pattern', () => {
  test.each([
    ['192.0.2.1', '192.0.2.1', true],
    ['192.0.2.1', '192.0.2.2', false],
    ['::ffff:192.0.2.1', '192.0.2.1', true],
    ['2001:db8:0::1', '2001:db8::1', true],
    ['10.0.0.0/8', '10.255.255.255', true],
    ['10.0.0.0/8', '11.0.0.0', false],
    ['10.1.2.3/8', '10.200.0.1', true],
    ['192.0.2.128/25', '192.0.2.127', false],
    ['192.0.2.128/025', '192.0.2.129', true],
    ['0.0.0.0/0', '203.0.113.9', true],
    ['0.0.0.0/0', '::1', false],
    ['::/0', '203.0.113.9', false],
    ['::/0', '::1', true],
    ['::ffff:10.0.0.0/104', '10.1.2.3', true],
    ['::ffff:10.0.0.0/64', '10.1.2.3', false],
    ['2001:db8::/33', '2001:db8:7fff::1', true],
    ['2001:db8::/33', '2001:db8:8000::1', false],
    ['fe80::/10', 'febf::1', true],
    ['192.0.2.1', '', false],
    ['0.0.0.0/0', '', false],
    ['::/0', '', false],
  ])('%s against %j: %s', (pattern, ip, expected) => {
    expect(compileIpPattern(pattern)?.(ip)).toBe(expected)
  })

  test.each([
    '',
    '10.0.0',
    '10.0.0.0/',
    '10.0.0.0/33',
    '::/129',
    '10.0.0.0/-1',
    '10.0.0.0/8/8',
    '010.0.0.1',
    'fe80::1%eth0',
    'fe80::%eth0/10',
    '10.*',
  ])('%j is none', (pattern) => {
    expect(compileIpPattern(pattern)).toBeUndefined()
  })
})
