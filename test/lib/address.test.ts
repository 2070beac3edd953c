// Listen addresses are written as Go writes them.
import { expect, test } from '@jest/globals'
import { formatAddress, parseTcpAddress } from '../../src/lib/address.ts'

test.each([
  [':5001', undefined, 5001],
  ['127.0.0.1:5001', '127.0.0.1', 5001],
  ['localhost:0', 'localhost', 0],
  ['auth.example.com:443', 'auth.example.com', 443],
  ['[::1]:5001', '::1', 5001],
  ['[fe80::1%eth0]:5001', 'fe80::1%eth0', 5001],
  ['0.0.0.0:65535', '0.0.0.0', 65_535],
])('%s is host %s and port %i, and is written so again', (text, host, port) => {
  const address = parseTcpAddress(text)
  expect(address).toEqual({ kind: 'tcp', host, port })
  expect(address && formatAddress(address)).toBe(text)
})

test.each(['', ':', '5001', ':65536', ':-1', ':http', '::1:5001', '[::1]', '[]:1', 'a b:1', 'http://x:1', ':1 '])(
  '"%s" is none',
  (text) => {
    expect(parseTcpAddress(text)).toBeUndefined()
  },
)

test('a unix socket is written as its path', () => {
  expect(formatAddress({ kind: 'unix', path: '/run/auth.sock' })).toBe('/run/auth.sock')
})
