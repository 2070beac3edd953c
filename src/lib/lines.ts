// Offsets into a text as lines and columns.

/** A place in a text; both count from 1. */
export interface Position {
  readonly line: number
  readonly column: number
}

/** Turns offsets of this text into positions. */
export function createLineIndex(text: string): { position(offset: number): Position } {
  const starts = [0]
  for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', end + 1)) starts.push(end + 1)
  return {
    position(offset) {
      let low = 0
      let high = starts.length - 1
      while (low < high) {
        const middle = (low + high + 1) >> 1
        if ((starts[middle] ?? 0) <= offset) low = middle
        else high = middle - 1
      }
      return { line: low + 1, column: offset - (starts[low] ?? 0) + 1 }
    },
  }
}
