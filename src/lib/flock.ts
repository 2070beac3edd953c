// Locks of the flock(2) kind, which Node has no call for; Linux lists those that are held.
import { readFile, stat } from 'node:fs/promises'

/** Whether a process holds such a lock on this file. False also where that cannot be told: on other systems, for another container's. */
export async function isFlocked(path: string): Promise<boolean> {
  try {
    const [{ dev, ino }, locks] = await Promise.all([stat(path, { bigint: true }), readFile('/proc/locks', 'utf8')])
    const file = `${hex((dev >> 8n) & 0xfffn)}:${hex((dev & 0xffn) | ((dev >> 12n) & 0xfff00n))}:${ino}`
    return locks.split('\n').some((line) => line.includes(' FLOCK ') && line.split(' ').includes(file))
  } catch {
    return false
  }
}

function hex(number: bigint): string {
  return number.toString(16).padStart(2, '0')
}
