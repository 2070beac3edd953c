// The access list decides every random request as the naive evaluator does, by the same rule, and explains what it decides.
import { expect, test } from '@jest/globals'
import { compileAcl, explainBy } from '../../../src/authz/index.ts'
import type { Acl, AclEntryConfig } from '../../../src/authz/index.ts'
import { naivelyDecides } from './naive.ts'
import type { NaiveEntry } from './naive.ts'
import { randomFrom, randomList, randomRequest, randomTime } from './random-lists.ts'

const PAIRS = 100_000
const PER_LIST = 25

// Rules that do not load are left out.
function compile(entries: readonly NaiveEntry[], syntax: 1 | 2): { acl: Acl; used: readonly NaiveEntry[] } {
  const sourced = entries.map((entry, index) => ({ entry: entry as AclEntryConfig, position: String(index), syntax }))
  const { acl, problems } = compileAcl(sourced)
  if (acl !== undefined) return { acl, used: entries }
  const refused = new Set(problems.map(({ index }) => index))
  return compile(
    entries.filter((_, index) => !refused.has(index)),
    syntax,
  )
}

test('100,000 random pairs of a list and a request are decided as by trying everything', async () => {
  const seed = Date.now() % 2 ** 31
  const random = randomFrom(seed)
  let beyondFirst = 0
  for (let pair = 0; pair < PAIRS; pair++) {
    const syntax = random() < 0.5 ? 1 : 2
    const { acl, used } = compile(randomList(random), syntax)
    for (const last = pair + PER_LIST - 1; pair <= last; pair++) {
      const request = randomRequest(random)
      const now = randomTime(random)
      const expected = naivelyDecides(used, syntax, request, now)
      const answer = acl.decide(request, now)
      const wanted =
        expected === undefined
          ? { outcome: 'no-match' }
          : { outcome: 'decided', actions: expected.actions, rule: String(expected.number) }
      if (JSON.stringify(answer) !== JSON.stringify(wanted)) {
        const rules = [answer.outcome === 'decided' ? answer.rule : '', expected?.number].map(
          (one) => used[Number(one)],
        )
        throw new Error(
          JSON.stringify({ seed, pair, syntax, length: used.length, request, now, answer, wanted, rules }),
        )
      }
      if (expected !== undefined && expected.number > 0) beyondFirst++
      if (pair % 10 > 0) continue
      const { rules, decision } = await explainBy(acl, request, now)
      const reasons = rules.filter(({ matched, failed }) => matched === failed.length > 0)
      const looked = expected === undefined ? used.length : expected.number + 1
      if (reasons.length > 0 || rules.length !== looked || JSON.stringify(decision) !== JSON.stringify(answer))
        throw new Error(
          JSON.stringify({ seed, pair, syntax, request, now, answer, decision, looked, rules: rules.length, reasons }),
        )
    }
    pair--
  }
  expect(beyondFirst / PAIRS).toBeGreaterThan(0.3)
}, 120_000)
