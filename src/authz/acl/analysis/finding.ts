// What the lint says about a rule.
import type { Acl } from '../acl.ts'
import type { AclList, ListedRule, Place } from '../list.ts'
import type { AuthorizationRequest } from '../../authorizer.ts'
import { describeExample } from './example.ts'
import type { Example } from './example.ts'
import type { Region } from './region.ts'

export type FindingKind =
  | 'action'
  | 'anonymous'
  | 'denial'
  | 'duplicate'
  | 'expression'
  | 'label'
  | 'loopback'
  | 'name'
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
  /** The other rule that makes it one. */
  readonly by?: string | undefined
  readonly message: string
  readonly why: string
  readonly example?: ShownExample | undefined
  readonly fix: string
}

/** A rule, what it asks of a request, and its list. `now` (ms since 1970) is for examples. */
export interface Looked {
  readonly rule: ListedRule
  readonly region: Region
  readonly list: AclList
  readonly now: number
}

/** Actions for an example of what the rule is about. */
export function asked({ entry: { actions } }: ListedRule, { fields: { type } }: Region): string[] {
  const named = actions.filter((action) => action !== '*')
  if (named.length > 0) return named
  if (type?.literal === 'registry') return ['*']
  return actions.length === 0 ? ['pull'] : ['pull', 'push']
}

/** Whether the rule can be about repositories. */
export function isAboutRepositories({ fields: { type } }: Region): boolean {
  return type?.matches?.('repository') ?? true
}

/** A finding about the value at this path of the rule. */
export function findingAt(
  rule: ListedRule,
  path: readonly (string | number)[],
  said: Pick<Finding, 'kind' | 'message' | 'why' | 'fix' | 'example' | 'by'> & { readonly proved?: boolean },
): Finding {
  return { ...rule.place(path), rule: rule.name, proved: true, ...said }
}

/** The example, and what the list answers to it. */
export function showExample(example: Example, acl: Acl): ShownExample {
  const decision = acl.decide(example.request, example.at)
  const answer =
    decision.outcome === 'no-match'
      ? 'no rule matches'
      : `${decision.rule ?? 'a rule'} grants ${decision.actions.join(',') || 'nothing'}`
  return { text: describeExample(example), request: example.request, answer }
}

/** Actions as they are said. */
export function listed(actions: readonly string[]): string {
  if (actions.includes('*')) return 'everything'
  return actions.length === 0 ? 'nothing' : actions.join(',')
}
