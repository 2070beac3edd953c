// Problems as a terminal shows them: each with the line of the file that it is about, and a mark under its column.
import { readFile, stat } from 'node:fs/promises'
import { formatProblem } from './errors.ts'
import type { Problem } from './errors.ts'
import { maskedLine } from './masked-line.ts'

const MAX_BYTES = 64 * 1024 * 1024
// Nobody reads on.
const MOST_EXCERPTS = 30
const WIDTH = 120
const LEFT = 80

/**
 * A text for each problem, without a line break at its end. The lines of files are for terminals only: a log is no place for them,
 * even with their secrets masked.
 */
export async function describeProblems(problems: readonly Problem[], isTerminal: boolean): Promise<string[]> {
  const files = new Map<string, readonly string[]>()
  const texts: string[] = []
  for (const [index, problem] of problems.entries()) {
    const { file, line, column } = problem
    const text = formatProblem(problem)
    if (isTerminal && index < MOST_EXCERPTS && file !== undefined && line !== undefined) {
      const lines = files.get(file) ?? (await linesOf(file))
      files.set(file, lines)
      texts.push([text, ...excerptOf(lines, line, column)].join('\n'))
    } else texts.push(text)
  }
  return texts
}

// The file may be gone, or a pipe that can be read once.
async function linesOf(path: string): Promise<readonly string[]> {
  try {
    const found = await stat(path)
    if (!found.isFile() || found.size > MAX_BYTES) return []
    return (await readFile(path, 'utf8')).split(/\r?\n/)
  } catch {
    return []
  }
}

/** The line and, where a column is given, a mark below it; both count from 1. Nothing where there is no such place any more. */
export function excerptOf(lines: readonly string[], line: number, column: number | undefined): string[] {
  const source = lines[line - 1]?.trimEnd() ?? ''
  const cells = source === '' || (column ?? 1) > source.length + 1 ? undefined : maskedLine(lines, line - 1)
  if (cells === undefined) return []
  let at = (column ?? 1) - 1
  while (at > 0 && cells[at] === '') at--
  const text = cells.join('').trimEnd()
  const before = cells.slice(0, at).join('')
  const from = Math.max(0, Math.min(before.length - LEFT, text.length - WIDTH))
  const start = from > 0 ? '…' : ''
  const end = from + WIDTH < text.length ? '…' : ''
  const number = String(line).padStart(5)
  const shown = `${number} | ${start}${text.slice(from, from + WIDTH)}${end}`
  if (column === undefined) return [shown]
  const blank = `${start}${before.slice(from)}`.replace(/[^\t]/g, ' ')
  return [shown, `${' '.repeat(number.length)} | ${blank}^`]
}
