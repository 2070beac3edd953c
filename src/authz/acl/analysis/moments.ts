// Moments at which a rule with a time may begin or cease to hold.
import type { AclEntryConfig } from '../config.ts'

type TimeConfig = NonNullable<AclEntryConfig['match']['time']>

const MINUTE = 60_000

/** Moments (ms since 1970) around everything these times say, in the week after `now` and after each date, `now` first. */
export function momentsAround(times: readonly TimeConfig[], now: number): number[] {
  const texts = times.flatMap(({ after, before }) => [after ?? [], before ?? []].flat())
  const clocks = texts.filter((text) => /^\d\d?:\d\d$/.test(text)).map((text) => text.split(':').map(Number))
  const dates = texts
    .map((text) => Date.parse(text.length === 10 ? `${text}T00:00` : text))
    .filter((at) => !Number.isNaN(at))
  const starts = [now, ...dates.flatMap((at) => [at, at - MINUTE])]
  const moments = starts.flatMap((start) => [
    start,
    ...[0, 1, 2, 3, 4, 5, 6].flatMap((day) =>
      [[12, 0], ...clocks].flatMap(([hours = 0, minutes = 0]) => {
        const at = new Date(start)
        const moment = new Date(at.getFullYear(), at.getMonth(), at.getDate() + day, hours, minutes).getTime()
        return [moment, moment - MINUTE]
      }),
    ),
  ])
  return [...new Set(moments)]
}
