// Bcrypt comparisons, few at a time: a flood of wrong passwords must not take the thread pool from everybody else.
import { verify } from '@node-rs/bcrypt'
import { BackendError } from '../lib/errors.ts'
import type { Secret } from '../lib/secret.ts'

/** Compares passwords with bcrypt hashes. */
export interface Passwords {
  /** Whether this is the hash's password. A hash that is none takes as long as any and matches nothing. Throws BackendError when too many wait. */
  verify(password: Secret, hash: string, signal?: AbortSignal): Promise<boolean>
  /** Takes as long as a comparison that fails, so that an unknown account answers like a wrong password. */
  pretend(password: Secret, signal?: AbortSignal): Promise<void>
}

/** Whether this is a bcrypt hash (`$2a$`, `$2b$`, `$2y$`). */
export function isBcryptHash(hash: string): boolean {
  return costOf(hash) !== undefined
}

function costOf(hash: string): number | undefined {
  const cost = Number(/^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/.exec(hash)?.[1])
  return cost >= 4 && cost <= 31 ? cost : undefined
}

/**
 * Creates the comparer. `hashes` are those of the known accounts: the pretended comparison costs what most of them cost.
 * At most `concurrency` comparisons run at once and `queue` wait.
 */
export function createPasswords(options: { hashes: readonly string[]; concurrency: number; queue: number }): Passwords {
  const pretended = `$2b$${String(usualCost(options.hashes)).padStart(2, '0')}$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy`
  const waiting: (() => void)[] = []
  let running = 0

  async function compare(password: Secret, hash: string, signal?: AbortSignal): Promise<boolean> {
    if (running >= options.concurrency) {
      if (waiting.length >= options.queue)
        throw new BackendError('too many passwords wait to be checked', { retryAfter: 1 })
      await new Promise<void>((resolve) => waiting.push(resolve))
    } else running++
    try {
      // Nobody waits for the answer any more: the next one's turn.
      if (signal?.aborted === true) throw new BackendError('the client went away')
      return await verify(password.reveal(), hash)
    } finally {
      const next = waiting.shift()
      if (next === undefined) running--
      else next()
    }
  }

  return {
    async verify(password, hash, signal) {
      const known = isBcryptHash(hash)
      return (await compare(password, known ? hash : pretended, signal)) && known
    },
    async pretend(password, signal) {
      await compare(password, pretended, signal)
    },
  }
}

function usualCost(hashes: readonly string[]): number {
  const counts = new Map<number, number>()
  for (const hash of hashes) {
    const cost = costOf(hash)
    if (cost !== undefined) counts.set(cost, (counts.get(cost) ?? 0) + 1)
  }
  const [usual] = [...counts].sort(([costA, a], [costB, b]) => b - a || costB - costA)
  return usual?.[0] ?? 10
}
