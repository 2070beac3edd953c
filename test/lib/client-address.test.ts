// Whose address counts: docker_auth's header and position, or the right-most address that is not a proxy of ours.
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { IncomingMessage } from 'node:http'
import { createClientAddress } from '../../src/lib/client-address.ts'
import type { ClientAddressOptions } from '../../src/lib/client-address.ts'
import { compileIpPattern, parseIp } from '../../src/lib/ip.ts'

/** The address of a client whose peer and X-Forwarded-For (or X-Real-Ip) are these. */
function addressOf(
  options: Partial<ClientAddressOptions>,
  peer: string | undefined,
  header?: string,
): string | undefined {
  const request = {
    headers: header === undefined ? {} : { 'x-forwarded-for': header },
    socket: { remoteAddress: peer },
  } as unknown as IncomingMessage
  return createClientAddress({ realIpHeader: undefined, realIpPos: 0, isTrusted: undefined, ...options })(request)
}

describe('without a header, the peer of the connection', () => {
  test.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:DB8:0:0::1', '2001:db8::1'],
    ['fe80::1%eth0', 'fe80::1'],
    [undefined, ''],
  ])('%s is %s', (peer, expected) => {
    expect(addressOf({}, peer, '203.0.113.9')).toBe(expected)
  })
})

describe("docker_auth's header and position", () => {
  test.each([
    ['203.0.113.9', 0, '203.0.113.9'],
    ['203.0.113.9, 10.0.0.1', 0, '203.0.113.9'],
    ['203.0.113.9, 10.0.0.1', 1, '10.0.0.1'],
    ['203.0.113.9, 10.0.0.1', -1, '10.0.0.1'],
    ['203.0.113.9, 10.0.0.1', -2, '203.0.113.9'],
    ['203.0.113.9, 10.0.0.1', -9, '203.0.113.9'],
    ['203.0.113.9:1234', 0, '203.0.113.9'],
    ['[2001:db8::1]:1234', 0, '2001:db8::1'],
    ['[2001:db8::1]', 0, '2001:db8::1'],
    ['2001:db8::1', 0, '2001:db8::1'],
    ['fe80::1%eth0', 0, 'fe80::1'],
    ['::ffff:203.0.113.9', 0, '203.0.113.9'],
  ])('"%s" at %i is %s', (header, realIpPos, expected) => {
    expect(addressOf({ realIpHeader: 'X-Forwarded-For', realIpPos }, '10.0.0.1', header)).toBe(expected)
    expect(addressOf({ realIpHeader: 'X-Forwarded-For', realIpPos }, undefined, header)).toBe(expected)
  })

  test.each([
    [undefined, 0],
    ['', 0],
    [' , ', 0],
    ['203.0.113.9', 1],
    ['203.0.113.9', 1_000_000],
    ['203.0.113.9,', -1],
    ['unknown', 0],
    ['203.0.113.9:', 0],
    ['203.0.113.9:x', 0],
    ['[203.0.113.9', 0],
    ['203.0.113.999', 0],
    ['0x7f.1', 0],
    ['203.0.113.9%eth0', 0],
    ['203.0.113.9 10.0.0.1', 0],
  ])('"%s" at %i is no address', (header, realIpPos) => {
    expect(addressOf({ realIpHeader: 'X-Forwarded-For', realIpPos }, '10.0.0.1', header)).toBeUndefined()
  })
})

describe('behind trusted proxies, the right-most address that is none of them', () => {
  const inside = compileIpPattern('10.0.0.0/8')
  const isTrusted = (ip: string): boolean => inside?.(ip) === true
  test.each([
    ['a client that connects itself cannot choose its address', '203.0.113.9', '127.0.0.1', '203.0.113.9'],
    ['one proxy', '10.0.0.1', '203.0.113.9', '203.0.113.9'],
    ['two proxies', '10.0.0.1', '203.0.113.9, 10.0.0.2', '203.0.113.9'],
    ['what the client made up is on the left', '10.0.0.1', '127.0.0.1, 203.0.113.9, 10.0.0.2', '203.0.113.9'],
    ['nothing but proxies', '10.0.0.1', '10.0.0.3, 10.0.0.2', '10.0.0.3'],
    ['a proxy that says nothing', '10.0.0.1', undefined, '10.0.0.1'],
    ['a proxy on a unix socket', undefined, '203.0.113.9', '203.0.113.9'],
    ['a unix socket without a proxy', undefined, undefined, ''],
    ['a port', '10.0.0.1', '203.0.113.9:4711', '203.0.113.9'],
    ['an IPv4 address inside IPv6', '::ffff:10.0.0.1', '203.0.113.9', '203.0.113.9'],
    ['nonsense left of the client', '10.0.0.1', 'nonsense, 203.0.113.9', '203.0.113.9'],
    ['nonsense from a proxy', '10.0.0.1', '203.0.113.9, nonsense', undefined],
    ['an empty element from a proxy', '10.0.0.1', '203.0.113.9,', undefined],
  ])('%s', (_what, peer, header, expected) => {
    expect(addressOf({ isTrusted }, peer, header)).toBe(expected)
    expect(addressOf({ isTrusted, realIpHeader: 'X-Forwarded-For', realIpPos: 5 }, peer, header)).toBe(expected)
  })

  test('no header gives a client the address of a proxy or of its choice', () => {
    const element = fc.oneof(fc.ipV4(), fc.ipV6(), fc.string(), fc.constant('127.0.0.1'))
    fc.assert(
      fc.property(fc.array(element), (elements) => {
        expect(addressOf({ isTrusted }, '203.0.113.9', elements.join(','))).toBe('203.0.113.9')
        const real = '198.51.100.7'
        expect(addressOf({ isTrusted }, '10.0.0.1', [...elements, real].join(','))).toBe(real)
      }),
    )
  })
})

test('whatever a header says, the answer is an address in its one spelling or none', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.ipV4Extended(),
    fc.ipV6(),
    fc.ipV6().map((ip) => `[${ip}]:1`),
  )
  fc.assert(
    fc.property(fc.array(text, { maxLength: 4 }), fc.integer({ min: -3, max: 3 }), (parts, realIpPos) => {
      const address = addressOf({ realIpHeader: 'x-forwarded-for', realIpPos }, '10.0.0.1', parts.join(','))
      expect(address === undefined || parseIp(address) === address).toBe(true)
    }),
  )
})
