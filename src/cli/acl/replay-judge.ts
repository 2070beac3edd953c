// What a list says to the requests of a log.
import type { AclList } from '../../authz/index.ts'
import type { Labels } from '../../protocol/identity.ts'
import type { ResourceActions } from '../../protocol/scope.ts'
import type { LoggedToken } from './log-token.ts'

/** What of the request the list grants, and by which rule; without one where no rule matched. */
export interface Verdict {
  readonly actions: readonly string[]
  readonly rule?: string | undefined
  /** False where it depends on how many values a label has, which the log does not tell. */
  readonly isCertain: boolean
}

/** Decides the scopes of one token. */
export type Judge = (token: LoggedToken) => (asked: ResourceActions) => Verdict

// Clients ask for the same things all day long. A full memory is emptied: what is still asked for is soon back.
const REMEMBERED = 20_000
const LONGEST_KEY = 1000

/** Judges by this list. A time of the log counts as now. */
export function createJudge({ acl, rules }: AclList): Judge {
  const dependsOnTime = rules.some(({ entry }) => entry.match.time !== undefined)
  const verdicts = new Map<string, Verdict>()
  return (token) => {
    const { account, labels, labelsArePatterns, labelsAreCertain, service, ip, time } = token
    const otherLabels = labelsAreCertain ? undefined : withRuns(labels)

    function decide(asked: ResourceActions): Verdict {
      const decideWith = (these: Labels): Omit<Verdict, 'isCertain'> => {
        const identity = { account, labels: these, labelsArePatterns }
        const answer = acl.decide({ identity, resource: asked, service, ip }, time)
        if (answer.outcome === 'no-match') return { actions: [] }
        return { actions: asked.actions.filter((action) => answer.actions.includes(action)), rule: answer.rule }
      }
      const verdict = decideWith(labels)
      const isCertain = otherLabels === undefined || decideWith(otherLabels).actions.join() === verdict.actions.join()
      return { ...verdict, isCertain }
    }

    if (dependsOnTime) return decide
    const who = JSON.stringify([account, labels, labelsArePatterns, labelsAreCertain, service, ip])
    return (asked) => {
      const key = `${who}${asked.type}:${asked.name}:${asked.actions.join()}`
      const known = verdicts.get(key)
      if (known !== undefined) return known
      const verdict = decide(asked)
      if (verdicts.size >= REMEMBERED) verdicts.clear()
      if (key.length <= LONGEST_KEY) verdicts.set(key, verdict)
      return verdict
    }
  }
}

const LONGEST_RUN = 8
const MOST_RUNS = 1000

// Every value that words with spaces between them may be: `domain users admins` may be `domain users` and `admins`.
function withRuns(labels: Labels): Labels {
  return Object.fromEntries(Object.entries(labels).map(([label, words]) => [label, runsOf(words)]))
}

function runsOf(words: readonly string[]): string[] {
  const runs: string[] = [...words]
  for (let length = 2; length <= Math.min(LONGEST_RUN, words.length); length++) {
    for (let start = 0; start + length <= words.length && runs.length < MOST_RUNS; start++) {
      runs.push(words.slice(start, start + length).join(' '))
    }
  }
  return runs
}
