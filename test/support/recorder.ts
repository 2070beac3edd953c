// A logger that remembers.
import type { Logger } from '../../src/lib/logger.ts'

export interface Recorder {
  readonly log: Logger
  readonly lines: { readonly level: string; readonly message: string; readonly fields: object }[]
}

export function createRecorder(): Recorder {
  const lines: Recorder['lines'] = []
  const write =
    (level: string) =>
    (fields: object, message: string): void =>
      void lines.push({ level, message, fields })
  return { lines, log: { info: write('info'), warn: write('warn'), error: write('error') } }
}
