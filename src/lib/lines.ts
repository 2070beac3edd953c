// Offsets into a text as lines and columns.

/** A place in a text; both count from 1. */
export interface Position {
  readonly line: number
  readonly column: number
}

/** The offset at which each line of a text begins. */
export function startsOfLines(text: string): number[] {
  const starts = [0]
  for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', end + 1)) starts.push(end + 1)
  return starts
}

/** Where an offset stands in a text whose lines begin there. */
export function positionOf(starts: readonly number[], offset: number): Position {
  let low = 0
  let high = starts.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if ((starts[middle] ?? 0) <= offset) low = middle
    else high = middle - 1
  }
  return { line: low + 1, column: offset - (starts[low] ?? 0) + 1 }
}
