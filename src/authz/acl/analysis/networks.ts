// Networks as ranges of addresses: does one lie within the other, and where does belonging change?
import { isIP } from 'node:net'
import { parseIp } from '../../../lib/ip.ts'

/** All addresses of one family from `first` to `last`. */
export interface Network {
  readonly bits: 32 | 128
  readonly first: bigint
  readonly last: bigint
}

/** Reads an address or a network as rules write them; undefined when it is neither. */
export function readNetwork(text: string): Network | undefined {
  const [address = '', digits] = text.split('/', 2)
  const ip = parseIp(address)
  if (ip === undefined) return undefined
  const written = isIP(address) === 4 ? 32 : 128
  const prefix = Number(digits ?? written)
  const bits = ip.includes(':') ? 128 : 32
  // An IPv4 address inside IPv6 is one only where the prefix covers all that makes it one.
  if (bits < written && prefix < 96) return rangeOf(128, 0xffff_0000_0000n + numberOf(ip), prefix)
  return rangeOf(bits, numberOf(ip), prefix - (written - bits))
}

function rangeOf(bits: 32 | 128, address: bigint, prefix: number): Network {
  const size = 1n << BigInt(bits - prefix)
  const first = address - (address % size)
  return { bits, first, last: first + size - 1n }
}

export function liesWithin(inner: Network, outer: Network): boolean {
  return inner.bits === outer.bits && outer.first <= inner.first && inner.last <= outer.last
}

/** An address of every part that the borders of the networks cut the address space into. */
export function addressesAround(networks: readonly Network[]): string[] {
  const borders = networks.flatMap(({ bits, first, last }) => [
    { bits, at: first + (last > first ? 1n : 0n) },
    { bits, at: first },
    { bits, at: last + 1n },
  ])
  const all = [...borders, { bits: 32 as const, at: 0n }, { bits: 128 as const, at: 0n }]
  return [
    ...new Set(all.filter(({ bits, at }) => at < 1n << BigInt(bits)).map(({ bits, at }) => formatAddress(bits, at))),
  ]
}

/** An address of the network, not its first where it has others. */
export function addressIn({ bits, first, last }: Network): string {
  return formatAddress(bits, last > first ? first + 1n : first)
}

function formatAddress(bits: 32 | 128, address: bigint): string {
  const width = bits === 32 ? 8n : 16n
  const parts = bits === 32 ? 4 : 8
  const words = Array.from(
    { length: parts },
    (_, index) => (address >> (width * BigInt(parts - 1 - index))) & ((1n << width) - 1n),
  )
  return bits === 32 ? words.join('.') : (parseIp(words.map((word) => word.toString(16)).join(':')) ?? '')
}

// `ip` as parseIp spells it.
function numberOf(ip: string): bigint {
  if (!ip.includes(':')) return ip.split('.').reduce((sum, octet) => (sum << 8n) + BigInt(octet), 0n)
  const [head = '', tail] = ip.split('::')
  const words = (text: string): string[] => (text === '' ? [] : text.split(':'))
  const zeros = 8 - words(head).length - words(tail ?? '').length
  const all = [
    ...words(head),
    ...Array.from({ length: tail === undefined ? 0 : zeros }, () => '0'),
    ...words(tail ?? ''),
  ]
  return all.reduce((sum, word) => (sum << 16n) + BigInt(`0x${word}`), 0n)
}
