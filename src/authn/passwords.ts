// Bcrypt comparisons, few at a time: a flood of wrong passwords must not take the thread pool from everybody else.
import { verify } from '@node-rs/bcrypt'
import { LRUCache } from 'lru-cache'
import { createGate } from '../lib/gate.ts'
import type { Secret } from '../lib/secret.ts'

// A hash up to the end of its salt: all that tells one from another.
const SALT_END = 29
const REMEMBERED = 10_000

/** Compares passwords with bcrypt hashes. */
export interface Passwords {
  /** Whether this is the hash's password. A hash that is none takes as long as any and matches nothing. Throws BackendError when too many wait. */
  verify(password: Secret, hash: string, signal?: AbortSignal): Promise<boolean>
  /** Takes as long as a comparison that fails, so that an unknown account answers like a wrong password. */
  pretend(password: Secret, signal?: AbortSignal): Promise<void>
  /** Learns of the hashes of known accounts: the pretended comparison costs what most of them cost. */
  expect(hashes: readonly string[]): void
}

/** Whether this is a bcrypt hash (`$2a$`, `$2b$`, `$2y$`). */
export function isBcryptHash(hash: string): boolean {
  return costOf(hash) !== undefined
}

function costOf(hash: string): number | undefined {
  const cost = Number(/^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/.exec(hash)?.[1])
  return cost >= 4 && cost <= 31 ? cost : undefined
}

/** Creates the comparer. At most `concurrency` comparisons run at once and `queue` wait. */
export function createPasswords(options: { readonly concurrency: number; readonly queue: number }): Passwords {
  const gate = createGate({ ...options, busy: 'too many passwords wait to be checked' })
  const costs = createCosts()
  const compare = (password: Secret, hash: string, signal?: AbortSignal): Promise<boolean> =>
    gate.run(() => verify(password.reveal(), hash), signal)

  return {
    async verify(password, hash, signal) {
      const known = isBcryptHash(hash)
      // Those of databases are seen only when they are asked for.
      costs.learn(hash)
      return (await compare(password, known ? hash : pretended(costs.usual()), signal)) && known
    },
    async pretend(password, signal) {
      await compare(password, pretended(costs.usual()), signal)
    },
    expect: (hashes) => hashes.forEach(costs.learn),
  }
}

function pretended(cost: number): string {
  return `$2b$${String(cost).padStart(2, '0')}$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy`
}

/** What comparisons cost here. */
export interface Costs {
  /** Takes note of a hash. */
  readonly learn: (hash: string) => void
  /** The cost of most hashes seen, 10 before the first one. */
  readonly usual: () => number
}

/** Knows no hash yet. Each counts once: how often somebody tries one account must not decide what is pretended for all. */
export function createCosts(): Costs {
  const seen = new LRUCache<string, number>({ max: REMEMBERED })
  return {
    learn(hash) {
      const cost = costOf(hash)
      if (cost !== undefined) seen.set(hash.slice(0, SALT_END), cost)
    },
    usual() {
      const counts = new Map<number, number>()
      for (const cost of seen.values()) counts.set(cost, (counts.get(cost) ?? 0) + 1)
      const [most] = [...counts].sort(([costA, a], [costB, b]) => b - a || costB - costA)
      return most?.[0] ?? 10
    },
  }
}
