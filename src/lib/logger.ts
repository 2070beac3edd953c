// Structured log lines: JSON for machines, one readable line each on a terminal. A reader that stops reading never stops the server.
import type { Writable } from 'node:stream'
import { inspect, types } from 'node:util'
import { pino } from 'pino'
import { BackendError } from './errors.ts'
import { escapeControls, readableLine } from './log-line.ts'

/** What the parts of the program write to. Fields never hold headers, bodies, tokens or passwords, and are not changed afterwards. */
export interface Logger {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/** A logger that can be told to hand over what it still holds. */
export interface LogOutput {
  readonly log: Logger
  /** Resolves when everything written so far has been taken by the reader, or after `limitMs` if it takes nothing. */
  readonly flush: (limitMs: number) => Promise<void>
}

type Level = keyof Logger

// Beyond this many bytes nobody is reading: lines are then dropped and counted rather than kept for ever.
const MAX_WAITING = 4 * 1024 * 1024

// Lines are made and written a batch at a time: in the middle of a request each would cost several times as much. None waits for long.
const BATCH = 64
const DELAY_MS = 10

/** Logs to `out`: readable lines when `readable`, JSON otherwise. */
export function createLogger(out: Writable, readable: boolean): LogOutput {
  const waiting: { readonly level: Level; readonly at: number; readonly fields: object; readonly message: string }[] =
    []
  let timer: NodeJS.Timeout | undefined
  let dropped = 0
  let at = 0
  let text = ''
  out.on('error', () => undefined) // EPIPE: the reader is gone; the server goes on without a log.

  const lines = pino(
    {
      base: null,
      timestamp: () => `,"time":"${new Date(at).toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: describeError },
    },
    {
      write(line: string) {
        text += `${escapeControls(readable ? readableLine(line.trimEnd()) : line.trimEnd())}\n`
      },
    },
  )

  function writeBatch(): void {
    clearTimeout(timer)
    timer = undefined
    for (const entry of waiting.splice(0)) {
      at = entry.at
      lines[entry.level](entry.fields, entry.message)
    }
    if (text !== '') out.write(text)
    text = ''
  }

  const writer = (level: Level) => (fields: object, message: string) => {
    if (out.writableLength > MAX_WAITING) {
      dropped++
      return
    }
    const now = Date.now()
    if (dropped > 0) {
      waiting.push({
        level: 'warn',
        at: now,
        fields: { dropped },
        message: 'log lines were dropped because nobody read them',
      })
      dropped = 0
    }
    waiting.push({ level, at: now, fields, message })
    if (waiting.length >= BATCH) writeBatch()
    else timer ??= setTimeout(writeBatch, DELAY_MS)
  }

  return {
    log: { info: writer('info'), warn: writer('warn'), error: writer('error') },
    flush: (limitMs) =>
      new Promise((resolve) => {
        writeBatch()
        const limit = setTimeout(resolve, limitMs)
        out.write('', () => {
          clearTimeout(limit)
          resolve()
        })
      }),
  }
}

/** What was thrown, for the log: its message and stack, and those of its causes. */
export function describeError(error: unknown): unknown {
  return describe(error, true)
}

// Where an outage was noticed helps nobody; what was noticed does.
function describe(error: unknown, withStack: boolean): unknown {
  if (!types.isNativeError(error)) return { name: 'Thrown', message: inspect(error, { depth: 0 }) }
  const { name, message, stack, cause } = error
  const stacks = withStack && !(error instanceof BackendError)
  return {
    name,
    message,
    ...(stacks ? { stack } : {}),
    ...(cause === undefined ? {} : { cause: describe(cause, stacks) }),
  }
}
