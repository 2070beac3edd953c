// What came of a replay, for a person.
import { escapeControls } from '../../lib/log-line.ts'
import type { Difference } from './replay-differences.ts'
import type { Replay } from './replay-run.ts'
import { formatTable } from './table.ts'

const ROWS = 50

/** What the log cannot tell, the differences as a table, and at last how many requests would be decided differently. */
export function formatReplay(replay: Replay): string {
  return `${formatLines(warnings(replay))}${formatDifferences(replay)}${formatLines(summary(replay))}`
}

function formatLines(lines: readonly string[]): string {
  return lines.map((line) => `${escapeControls(line)}\n`).join('')
}

function warnings({ unseenLabels, uncertain }: Replay): string[] {
  const unseen = `the rules compare labels that this log never mentions, and are judged as if nobody had them: ${unseenLabels.join(', ')}`
  const loose = `${uncertain} requests depend on where a label's value ends: docker_auth logs values with spaces between them, and each word is taken as one`
  const said = [...(unseenLabels.length > 0 ? [unseen] : []), ...(uncertain > 0 ? [loose] : [])]
  return said.map((text) => `warning: ${text}`)
}

function formatDifferences({ differences, uncounted }: Replay): string {
  if (differences.length === 0) return ''
  const head = ['ACCOUNT', 'RULE', 'RULE THEN', 'REQUESTS', 'LOSES', 'GAINS', 'FIRST']
  const table = formatTable(head, differences.slice(0, ROWS).map(formatDifference))
  const more = differences.length - ROWS
  const rest = [
    ...(more > 0 ? [`and ${more} more accounts and rules; --json lists them`] : []),
    ...(uncounted > 0 ? [`and ${uncounted} requests of accounts and rules that are too many to list`] : []),
  ]
  return `${table}${formatLines(rest)}`
}

function formatDifference({ account, rule, was, requests, loses, gains, first }: Difference): string[] {
  const time = first.time.toISOString().replace('.000Z', 'Z')
  return [
    account === '' ? 'anonymous' : account,
    rule ?? 'none',
    was ?? '',
    String(requests),
    loses.join(','),
    gains.join(','),
    `${first.scope} at ${time} (${first.file}:${first.line})`,
  ]
}

function summary(replay: Replay): string[] {
  const { lines, tokens, undecided, others, unreadable, firstUnreadable, requests, differing } = replay
  const where = firstUnreadable === undefined ? '' : ` (the first is ${firstUnreadable.file}:${firstUnreadable.line})`
  const kinds = [
    `${tokens} tokens`,
    `${undecided} token requests that no rule decided`,
    `${others} other lines`,
    `${unreadable} that cannot be read${where}`,
  ]
  const result =
    requests === 0
      ? 'no token of this log was for anything, so nothing was shown'
      : `${differing} of ${requests} requests would be decided differently`
  return [`${lines} lines read: ${kinds.join(', ')}`, result]
}
