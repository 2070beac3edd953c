// The steps of a glob, where regular reading and Go's agree.
import { parseGlob } from '../../../lib/glob.ts'
import type { GlobItem, GlobSyntax } from '../../../lib/glob.ts'
import { ALL, NO_SLASH, stepsOfText } from './steps.ts'
import type { Step } from './steps.ts'

/** Undefined for a malformed glob. `exact` is false where Go matches less than these steps read. */
export interface GlobSteps {
  readonly steps: readonly Step[]
  readonly exact: boolean
}

/** The steps of a glob. */
export function stepsOfGlob(pattern: string, syntax: GlobSyntax): GlobSteps | undefined {
  const items = parseGlob(pattern, syntax)
  if (items === undefined) return undefined
  // With `**`, all ways of reading a text are tried, and stars stop between characters.
  const crosses = items.some(({ kind }) => kind === 'doublestar')
  // Go never goes back to an earlier place: what stands between two stars and can take a slash, or more than one byte, makes a difference.
  const first = items.findIndex(({ kind }) => kind === 'star')
  const last = items.findLastIndex(({ kind }) => kind === 'star')
  const regular = items.slice(first, last).every(({ kind }) => kind === 'star' || kind === 'literal')
  return { steps: items.flatMap((item) => stepsOf(item, crosses)), exact: crosses || regular }
}

function stepsOf(item: GlobItem, crosses: boolean): Step[] {
  switch (item.kind) {
    case 'literal':
      return stepsOfText(Buffer.from(item.bytes, 'latin1').toString('utf8'))
    case 'any':
      return [{ kind: 'one', set: NO_SLASH }]
    case 'class':
      return [{ kind: 'one', set: item }]
    case 'star':
      return [crosses ? { kind: 'many', set: NO_SLASH } : { kind: 'star' }]
    case 'doublestar':
    case 'gap':
      return [{ kind: 'many', set: ALL }]
  }
}
