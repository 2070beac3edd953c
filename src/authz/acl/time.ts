// When a rule holds: times of day, days of the week and dates, by the clock and the time zone of this process.

export const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const

/** `time` of a rule. */
export interface TimeWindow {
  readonly after?: string | undefined
  readonly before?: string | undefined
  readonly days?: readonly (typeof DAYS)[number][] | undefined
}

const OF_DAY = /^(?:([01]?\d|2[0-3]):([0-5]\d)|24:00)$/
const DATE = /^\d{4}-\d{2}-\d{2}(?:[Tt ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:[Zz]|[+-]\d{2}:?\d{2})?)?$/

/** Whether this is a time of day (`08:30`) or a date, with or without a time (`2026-12-31`, `2026-12-31T08:30:00Z`). */
export function isBoundary(text: string): boolean {
  return OF_DAY.test(text) || parseMoment(text) !== undefined
}

/**
 * Compiles a test for moments (ms since 1970). `after` is included, `before` is not. A day that ends before it begins ends the next
 * day (22:00 to 06:00), and `days` are those on which it begins.
 */
export function compileTime({ after, before, days }: TimeWindow): (now: number) => boolean {
  const from = minuteOf(after)
  const until = minuteOf(before)
  const first = momentOf(after) ?? -Infinity
  const last = momentOf(before) ?? Infinity
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

function momentOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : parseMoment(text)
}

function minuteOf(text: string | undefined): number | undefined {
  if (text === undefined || !OF_DAY.test(text)) return undefined
  const [hours = 0, minutes = 0] = text.split(':').map(Number)
  return hours * 60 + minutes
}

/** The moment that a date means (`2026-12-31`, `2026-12-31T08:30:00Z`), in ms since 1970; undefined for what is none. */
export function parseMoment(text: string): number | undefined {
  // Date would take the 31st of February for the 3rd of March.
  const date = text.slice(0, 10)
  const isDay = new Date(`${date}T00:00Z`).getUTCDate() === Number(date.slice(8))
  if (!DATE.test(text) || !isDay) return undefined
  // A date alone means midnight here, not in Greenwich; an offset may be written without its colon.
  const moment = Date.parse(text.length === 10 ? `${text}T00:00` : text.replace(/([+-]\d{2})(\d{2})$/, '$1:$2'))
  return Number.isNaN(moment) ? undefined : moment
}
