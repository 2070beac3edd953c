// A log played against a list: every line read, every request decided again.
import type { AclList } from '../../authz/index.ts'
import { formatScope } from '../../protocol/scope.ts'
import { parseLogLine } from './log-entry.ts'
import type { LogFile } from './log-lines.ts'
import type { LogEntry, LoggedToken } from './log-token.ts'
import { createDifferences } from './replay-differences.ts'
import type { Difference } from './replay-differences.ts'
import { createJudge } from './replay-judge.ts'

/** What came of it. */
export interface Replay extends Counts {
  readonly differences: readonly Difference[]
  /** Requests that differ but belong to none of `differences`, which would be too many. */
  readonly uncounted: number
  /** Labels that the rules compare and our own log never mentions: it carries those that the rules of its time compared. */
  readonly unseenLabels: readonly string[]
}

interface LinePlace {
  readonly file: string
  readonly line: number
}

interface Counts {
  /** All lines; those that say that a token was handed out; those of token requests that no rule decided; those that are none. */
  readonly lines: number
  readonly tokens: number
  readonly undecided: number
  readonly others: number
  /** Damaged lines, and where the first one is. */
  readonly unreadable: number
  readonly firstUnreadable: LinePlace | undefined
  /** Scopes, each of them decided again; how many differ; how many depend on where a label's value ends. */
  readonly requests: number
  readonly differing: number
  readonly uncertain: number
}

/** Replays logs one after the other. `onBatch` hears how many lines have been read. Throws ConfigError for a log that cannot be read. */
export async function replayLogs(
  logs: readonly LogFile[],
  list: AclList,
  onBatch: (lines: number) => void,
): Promise<Replay> {
  const counts = {
    lines: 0,
    tokens: 0,
    undecided: 0,
    others: 0,
    unreadable: 0,
    requests: 0,
    differing: 0,
    uncertain: 0,
  }
  const differences = createDifferences()
  const judge = createJudge(list)
  const seen = new Set<string>()
  let firstUnreadable: Counts['firstUnreadable']
  let ownTokens = 0

  function count(entry: LogEntry, place: LinePlace): void {
    if (entry === 'other') counts.others++
    else if (entry === 'undecided') counts.undecided++
    else if (entry === 'unreadable') {
      counts.unreadable++
      firstUnreadable ??= place
    } else {
      counts.tokens++
      if (entry.source === 'registry-auth') {
        ownTokens++
        for (const label of Object.keys(entry.labels)) seen.add(label)
      }
      compare(entry, place)
    }
  }

  function compare(token: LoggedToken, place: LinePlace): void {
    const decide = judge(token)
    for (const { asked, granted, rule: was } of token.scopes) {
      const { actions, rule, isCertain } = decide(asked)
      counts.requests++
      if (!isCertain) counts.uncertain++
      const loses = granted.filter((action) => !actions.includes(action))
      const gains = actions.filter((action) => !granted.includes(action))
      if (loses.length === 0 && gains.length === 0) continue
      counts.differing++
      const first = { time: new Date(token.time), scope: formatScope(asked), ...place }
      differences.add({ account: token.account, rule, was, loses, gains, first })
    }
  }

  for (const log of logs) {
    let line = 0
    for await (const batch of log.lines()) {
      for (const text of batch)
        count(text === undefined ? 'unreadable' : parseLogLine(text), { file: log.name, line: ++line })
      counts.lines += batch.length
      onBatch(counts.lines)
    }
  }
  const unseenLabels = ownTokens > 0 ? [...list.acl.labels].filter((label) => !seen.has(label)) : []
  return {
    ...counts,
    firstUnreadable,
    differences: differences.list(),
    uncounted: differences.uncounted(),
    unseenLabels,
  }
}
