// Structured log lines: JSON for machines, one readable line each on a terminal. A reader that stops reading never stops the server.
import type { Writable } from 'node:stream'
import { inspect, types } from 'node:util'
import { pino } from 'pino'
import { z } from 'zod'

/** What the parts of the program write to. Fields never hold headers, bodies, tokens or passwords. */
export interface Logger {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/** A logger that can be told to hand over what it still holds. */
export interface LogOutput {
  readonly log: Logger
  /** Resolves when everything written so far has been taken by the reader, or after `limitMs` if it takes nothing. */
  flush(limitMs: number): Promise<void>
}

// Beyond this many bytes nobody is reading: lines are then dropped and counted rather than kept for ever.
const MAX_WAITING = 4 * 1024 * 1024

/** Logs to `out`: readable lines when `readable`, JSON otherwise. */
export function createLogger(out: Writable, readable: boolean): LogOutput {
  let pending = ''
  let scheduled = false
  let dropped = 0
  out.on('error', () => undefined) // EPIPE: the reader is gone; the server goes on without a log.

  const render = readable ? readableLine : escapeControls

  function flushPending(): void {
    scheduled = false
    if (pending === '') return
    out.write(pending)
    pending = ''
  }

  function write(line: string): void {
    if (out.writableLength + pending.length > MAX_WAITING) {
      dropped++
      return
    }
    if (dropped > 0) {
      const note = {
        level: 'warn',
        time: new Date().toISOString(),
        dropped,
        msg: 'log lines were dropped because nobody read them',
      }
      pending += render(JSON.stringify(note) + '\n')
      dropped = 0
    }
    pending += render(line)
    if (scheduled) return
    scheduled = true
    setImmediate(flushPending)
  }

  const log = pino(
    {
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: describeError },
    },
    { write },
  )
  return {
    log,
    flush: (limitMs) =>
      new Promise((resolve) => {
        flushPending()
        const timer = setTimeout(resolve, limitMs)
        out.write('', () => {
          clearTimeout(timer)
          resolve()
        })
      }),
  }
}

/** What was thrown, for the log: its message and stack, and those of its causes. */
export function describeError(error: unknown): unknown {
  if (!types.isNativeError(error)) return { name: 'Thrown', message: inspect(error, { depth: 0 }) }
  const { name, message, stack, cause } = error
  return { name, message, stack, ...(cause === undefined ? {} : { cause: describeError(cause) }) }
}

// JSON escapes C0 controls; C1 controls and the line separators also move a terminal's cursor.
function escapeControls(text: string): string {
  return text.replace(
    /[\u007f-\u009f\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

const Failure = z.object({ name: z.string(), message: z.string(), cause: z.unknown().optional() })
const Line = z.looseObject({ level: z.string(), time: z.string(), msg: z.string(), err: Failure.optional() })

function readableLine(json: string): string {
  const { level, time, msg, err, ...rest } = Line.parse(JSON.parse(json))
  const fields = Object.entries(rest).map(([key, value]) => `${key}=${readableValue(value)}`)
  const failure = err === undefined ? [] : [readableFailure(err)]
  return `${escapeControls([time.slice(11, 19), level.toUpperCase().padEnd(5), readableText(msg), ...fields, ...failure].join(' '))}\n`
}

function readableValue(value: unknown): string {
  return typeof value === 'string' && /^[\w.:/@,*+-]+$/.test(value) ? value : JSON.stringify(value)
}

function readableText(value: string): string {
  return value.replace(/[\u0000-\u001f]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

function readableFailure({ name, message, cause }: z.infer<typeof Failure>): string {
  const own = `${name}: ${readableText(message)}`
  const deeper = Failure.safeParse(cause)
  return deeper.success ? `${own} <- ${readableFailure(deeper.data)}` : own
}
