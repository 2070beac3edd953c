// What the lint says about a rule.
import type { Acl } from '../acl.ts'
import type { ListedRule, Place } from '../list.ts'
import type { AuthorizationRequest } from '../../authorizer.ts'
import { describeExample } from './example.ts'
import type { Example } from './example.ts'

export type FindingKind =
  | 'anonymous'
  | 'duplicate'
  | 'label'
  | 'loopback'
  | 'never'
  | 'placeholder'
  | 'push-without-pull'
  | 'shadowed'
  | 'star'
  | 'type'
  | 'unanchored'

/** `answer` is what the whole list says to the request. */
export interface ShownExample {
  readonly text: string
  readonly request: AuthorizationRequest
  readonly answer: string
}

/** Something an admin surely did not mean. `proved` is false where it holds for all texts that were tried, but perhaps not for all. */
export interface Finding extends Place {
  readonly kind: FindingKind
  readonly proved: boolean
  readonly rule: string
  readonly message: string
  readonly why: string
  readonly example?: ShownExample | undefined
  readonly fix: string
}

/** A finding about the value at this path of the rule. */
export function findingAt(
  rule: ListedRule,
  path: readonly (string | number)[],
  said: Pick<Finding, 'kind' | 'message' | 'why' | 'fix' | 'example'> & { readonly proved?: boolean },
): Finding {
  return { ...rule.place(path), rule: rule.name, proved: true, ...said }
}

/** The example, and what the list answers to it. */
export function showExample(example: Example, acl: Acl): ShownExample {
  const decision = acl.decide(example.request, example.at)
  const answer =
    decision.outcome === 'no-match'
      ? 'no rule matches'
      : `${decision.rule ?? 'a rule'} grants ${listed(decision.actions)}`
  return { text: describeExample(example), request: example.request, answer }
}

/** Actions as they are said. */
export function listed(actions: readonly string[]): string {
  return actions.length === 0 ? 'nothing' : actions.join(',')
}
