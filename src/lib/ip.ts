// IP addresses and networks, read as strictly as Go's net package reads them.
import { isIP } from 'node:net'

/**
 * One spelling for every address: IPv6 in its shortest form and without a zone, IPv4 inside IPv6 (`::ffff:192.0.2.1`) as IPv4.
 * Undefined for anything that is not an address, a port or brackets included.
 */
export function parseIp(text: string): string | undefined {
  const [address = '', zone] = text.split('%', 2)
  if (isIP(address) === 4) return zone === undefined ? address : undefined
  if (isIP(address) === 0) return undefined
  // Much faster than net.SocketAddress, which would do the same.
  const shortest = new URL(`http://[${address}]`).hostname.slice(1, -1)
  const [, high, low] = /^::ffff:([0-9a-f]+):([0-9a-f]+)$/.exec(shortest) ?? []
  if (high === undefined || low === undefined) return shortest
  return [high, low].flatMap((hex) => [parseInt(hex, 16) >> 8, parseInt(hex, 16) & 0xff]).join('.')
}

/**
 * Compiles an address (`192.0.2.1`) or a network (`2001:db8::/32`, bits behind the prefix ignored) into a test for addresses
 * as parseIp spells them; `''` matches nothing. Undefined when it is neither.
 */
export function compileIpPattern(text: string): ((ip: string) => boolean) | undefined {
  const [address = '', prefix] = text.split('/', 2)
  const ip = parseIp(address)
  if (ip === undefined || address.includes('%')) return undefined
  if (prefix === undefined) return (other) => other === ip
  // A list of `net.BlockList`s would be ten times slower.
  return compileNetwork(toWords(ip), isIP(address) === 4 ? 32 : 128, text.slice(address.length + 1))
}

function compileNetwork(words: readonly number[], bits: number, digits: string): ((ip: string) => boolean) | undefined {
  const prefix = Number(digits)
  if (!/^[0-9]+$/.test(digits) || prefix > bits) return undefined
  // Written as IPv6, an IPv4 address is one only where the prefix covers all that makes it one.
  const mapped = bits === 128 && words.length === 2
  if (mapped && prefix < 96) return inNetwork([0, 0, 0, 0, 0, 0xffff, ...words], prefix)
  return inNetwork(words, mapped ? prefix - 96 : prefix)
}

function inNetwork(network: readonly number[], prefix: number): (ip: string) => boolean {
  const masks = network.map((_, index) => 0xffff & ~(0xffff >> Math.min(16, Math.max(0, prefix - 16 * index))))
  const isV6 = network.length === 8
  return (ip) => {
    if (ip === '' || ip.includes(':') !== isV6) return false
    const words = toWords(ip)
    return masks.every((mask, index) => (((words[index] ?? 0) ^ (network[index] ?? 0)) & mask) === 0)
  }
}

// The 16-bit words of an address as parseIp spells it: two for IPv4, eight for IPv6.
function toWords(ip: string): number[] {
  return ip.includes(':') ? wordsOfV6(ip) : wordsOfV4(ip)
}

// Digit by digit, because split and Number take five times as long and a list may hold thousands of networks.
function wordsOfV4(ip: string): number[] {
  let bits = 0
  let octet = 0
  for (let index = 0; index < ip.length; index++) {
    const digit = ip.charCodeAt(index) - 0x30
    if (digit >= 0) octet = octet * 10 + digit
    else {
      bits = (bits << 8) | octet
      octet = 0
    }
  }
  return [(bits >>> 8) & 0xffff, ((bits & 0xff) << 8) | octet]
}

function wordsOfV6(ip: string): number[] {
  const halves = ip.split('::').map((half) => (half === '' ? [] : half.split(':')))
  const [head = [], tail] = halves.map((half) => half.map((hex) => parseInt(hex, 16)))
  if (tail === undefined) return head
  return [...head, ...new Array<number>(8 - head.length - tail.length).fill(0), ...tail]
}
