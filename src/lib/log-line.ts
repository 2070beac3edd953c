// One log line as it is read: on a terminal by a person, and nowhere with characters that move a cursor.
import { z } from 'zod'

// C1 controls and the line separators, which JSON does not escape, also move a terminal's cursor.
/** Writes out every control character. */
export function escapeControls(text: string): string {
  return text.replace(
    /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

const Failure = z.object({ name: z.string(), message: z.string(), cause: z.unknown().optional() })
const Line = z.looseObject({ level: z.string(), time: z.string(), msg: z.string(), err: Failure.optional() })

/** A JSON line for a person: time, level, message, then the fields. */
export function readableLine(json: string): string {
  const { level, time, msg, err, ...rest } = Line.parse(JSON.parse(json))
  const fields = Object.entries(rest).map(([key, value]) => `${key}=${readableValue(value)}`)
  const failure = err === undefined ? [] : [readableFailure(err)]
  return [time.slice(11, 19), level.toUpperCase().padEnd(5), msg, ...fields, ...failure].join(' ')
}

function readableValue(value: unknown): string {
  return typeof value === 'string' && /^[\w.:/@,*+-]+$/.test(value) ? value : JSON.stringify(value)
}

function readableFailure({ name, message, cause }: z.infer<typeof Failure>): string {
  const own = `${name}: ${message}`
  const deeper = Failure.safeParse(cause)
  return deeper.success ? `${own} <- ${readableFailure(deeper.data)}` : own
}
