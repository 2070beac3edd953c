// How far the reading of a log has come, in one line of a terminal that is written over.
import type { Writable } from 'node:stream'

/** What is shown of it; `total` bytes where they are known. */
export interface Progress {
  readonly total: number | undefined
  readonly bytes: number
  readonly lines: number
}

/** Shows progress now and then, and in the end nothing. */
export interface ProgressBar {
  show(progress: Progress): void
  clear(): void
}

const REDRAW_MS = 100
const WIDTH = 24

/** Draws on a terminal; `now` is in ms. */
export function createProgressBar(terminal: Writable, now: () => number): ProgressBar {
  const started = now()
  let drawn: number | undefined
  return {
    show({ total, bytes, lines }) {
      const time = now()
      if (drawn !== undefined && time - drawn < REDRAW_MS) return
      drawn = time
      const rate = Math.round((lines * 1000) / Math.max(1, time - started))
      const bar = total === undefined ? '' : `${formatBar(Math.min(1, bytes / Math.max(1, total)))}  `
      terminal.write(`\r\u001b[K${bar}${group(lines)} lines, ${group(rate)} per second`)
    },
    clear() {
      if (drawn !== undefined) terminal.write('\r\u001b[K')
    },
  }
}

function formatBar(share: number): string {
  const full = Math.round(share * WIDTH)
  return `[${'#'.repeat(full)}${'.'.repeat(WIDTH - full)}] ${String(Math.round(share * 100)).padStart(3)} %`
}

function group(number: number): string {
  return number.toLocaleString('en-US')
}
