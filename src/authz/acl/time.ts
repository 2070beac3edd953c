// When a rule holds: times of day, days of the week and dates, by the clock and the time zone of this process.
import type { AclEntryConfig } from './config.ts'

export const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const

type TimeConfig = NonNullable<AclEntryConfig['match']['time']>

const OF_DAY = /^(?:([01]?\d|2[0-3]):([0-5]\d)|24:00)$/
const DATE = /^\d{4}-\d{2}-\d{2}(?:[Tt ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:[Zz]|[+-]\d{2}:?\d{2})?)?$/

/** Whether this is a time of day (`08:30`) or a date, with or without a time (`2026-12-31`, `2026-12-31T08:30:00Z`). */
export function isBoundary(text: string): boolean {
  return OF_DAY.test(text) || (DATE.test(text) && !Number.isNaN(instantOf(text)))
}

/**
 * Compiles a test for moments (ms since 1970). `after` is included, `before` is not. A day that ends before it begins ends the next
 * day (22:00 to 06:00), and `days` are those on which it begins.
 */
export function compileTime({ after, before, days }: TimeConfig): (now: number) => boolean {
  const from = minuteOf(after)
  const until = minuteOf(before)
  const first = after === undefined || from !== undefined ? -Infinity : instantOf(after)
  const last = before === undefined || until !== undefined ? Infinity : instantOf(before)
  const begin = from ?? 0
  const end = until ?? 24 * 60
  const overnight = end <= begin
  const wanted = new Set(days?.map((day) => (DAYS.indexOf(day) + 1) % 7) ?? [0, 1, 2, 3, 4, 5, 6])
  return (now) => {
    if (now < first || now >= last) return false
    const local = new Date(now)
    const minute = local.getHours() * 60 + local.getMinutes()
    const today = local.getDay()
    if (!overnight) return minute >= begin && minute < end && wanted.has(today)
    return (minute >= begin && wanted.has(today)) || (minute < end && wanted.has((today + 6) % 7))
  }
}

function minuteOf(text: string | undefined): number | undefined {
  if (text === undefined || !OF_DAY.test(text)) return undefined
  const [hours = 0, minutes = 0] = text.split(':').map(Number)
  return hours * 60 + minutes
}

// A date alone means midnight here, not in Greenwich; an offset may be written without its colon.
function instantOf(text: string): number {
  return Date.parse(text.length === 10 ? `${text}T00:00` : text.replace(/([+-]\d{2})(\d{2})$/, '$1:$2'))
}
