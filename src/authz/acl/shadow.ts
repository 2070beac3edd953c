// A candidate list beside the live one: it decides the same requests, and nothing but a log line comes of it.
import { LRUCache } from 'lru-cache'
import { fingerprint } from '../../lib/fingerprint.ts'
import { formatScope } from '../../protocol/scope.ts'
import type { Authorization, AuthorizationRequest, Authorizer } from '../authorizer.ts'
import type { AuthzTools } from '../tools.ts'
import type { Acl } from './acl.ts'

// A difference is logged when it is first seen; so many are remembered, as digests: a client may ask for long names.
const REMEMBERED = 10_000
const SUMMARY_MS = 60_000

/** A live authorizer with a candidate beside it. */
export interface Shadowed {
  /** Answers what the live one answers. */
  readonly authorizer: Authorizer
  /** Ends the comparison with its last summary. */
  readonly close: () => void
}

/** Compares from now on, after each answer is given. Counts are logged every minute in which there was something to compare. */
export function createShadowed(live: Authorizer, candidate: Acl, tools: Pick<AuthzTools, 'now' | 'log'>): Shadowed {
  const { now, log } = tools
  const seen = new LRUCache<string, true>({ max: REMEMBERED })
  let compared = 0
  let different = 0
  let reported = 0
  let mentioned: { readonly own: ReadonlySet<string> | undefined; readonly both: ReadonlySet<string> } = {
    own: undefined,
    both: candidate.labels,
  }

  function compare(request: AuthorizationRequest, answer: Authorization): void {
    compared++
    const asked = request.resource.actions
    const is = grant(answer, asked)
    const wouldBe = grant(candidate.decide(request, now()), asked)
    if (is.granted === wouldBe.granted) return
    different++
    const { identity, resource, service, ip } = request
    const scope = formatScope(resource)
    const key = fingerprint([identity.account, scope, is, wouldBe])
    if (seen.has(key)) return
    seen.set(key, true)
    const who = { account: identity.account, service, asked: scope, ip }
    log.info({ ...who, live: is, candidate: wouldBe }, 'acl_shadow: would be decided differently')
  }

  function summarize(): void {
    if (compared === reported) return
    reported = compared
    log.info({ compared, different }, 'acl_shadow')
  }

  const timer = setInterval(summarize, SUMMARY_MS).unref()
  return {
    authorizer: {
      ...live,
      async authorize(request, signal) {
        const answer = await live.authorize(request, signal)
        setImmediate(compare, request, answer)
        return answer
      },
      // Asked for with every request, and another set only when the live list is another.
      labels() {
        const own = live.labels?.()
        if (own !== mentioned.own) mentioned = { own, both: new Set([...(own ?? []), ...candidate.labels]) }
        return mentioned.both
      },
    },
    close() {
      clearInterval(timer)
      summarize()
    },
  }
}

// What nobody decides is passed on, so it is not the same as a denial.
function grant(answer: Authorization, asked: readonly string[]): { granted: string; rule: string } {
  if (answer.outcome === 'no-match') return { granted: 'no-match', rule: 'none' }
  return { granted: asked.filter((action) => answer.actions.includes(action)).join(), rule: answer.rule ?? 'none' }
}
