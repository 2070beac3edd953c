// A table of text for a terminal. It knows nothing of what its cells say.
import { escapeControls } from '../../lib/log-line.ts'

// A cell longer than this pushes aside what follows it in its own line, rather than every other line.
const WIDEST = 48

/**
 * Formats rows under a head, columns aligned, each line with its end. Control characters are written out; a column that is empty in
 * every row is left out.
 */
export function formatTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const kept = head.map((_, column) => column).filter((column) => rows.some((row) => (row[column] ?? '') !== ''))
  const lines = [head, ...rows].map((row) => kept.map((column) => escapeControls(row[column] ?? '')))
  const widths = kept.map((_, index) => {
    const lengths = lines.map((line) => line[index]?.length ?? 0).filter((length) => length <= WIDEST)
    return lengths.reduce((widest, length) => Math.max(widest, length), 0)
  })
  return lines.map((line) => `${formatLine(line, widths)}\n`).join('')
}

function formatLine(cells: readonly string[], widths: readonly number[]): string {
  return cells
    .map((cell, index) => cell.padEnd(widths[index] ?? 0))
    .join('  ')
    .trimEnd()
}
