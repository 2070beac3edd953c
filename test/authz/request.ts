// Requests and lists for the tests of this room, with everything a test does not care about filled in.
import { compileAcl } from '../../src/authz/index.ts'
import type { AclEntryConfig, AuthorizationRequest } from '../../src/authz/index.ts'
import type { Labels } from '../../src/protocol/identity.ts'

interface Asked {
  readonly account?: string
  readonly labels?: Labels
  readonly labelsArePatterns?: boolean
  readonly type?: string
  readonly name?: string
  readonly actions?: readonly string[]
  readonly service?: string
  readonly ip?: string
}

/** A request of alice to pull library/app. */
export function request(asked: Asked = {}): AuthorizationRequest {
  const { account = 'alice', labels = {}, labelsArePatterns = true, type = 'repository', name = 'library/app' } = asked
  const { actions = ['pull'], service = 'registry', ip = '192.0.2.1' } = asked
  return { identity: { account, labels, labelsArePatterns }, resource: { type, name, actions }, service, ip }
}

/** Whether a rule with this match decides the request. */
export function matches(match: AclEntryConfig['match'], asked: Asked): boolean {
  return decide([{ match, actions: ['*'] }], asked) !== 'no-match'
}

/** The actions a list grants, and the rule that does (its line), or `no-match`. */
export function decide(
  entries: readonly AclEntryConfig[],
  asked: Asked,
): 'no-match' | { actions: readonly string[]; rule: string | undefined } {
  const { acl, problems } = compileAcl(entries.map((entry, index) => ({ entry, position: `acl.yml:${index + 1}` })))
  if (acl === undefined) throw new Error(problems.map(({ path, message }) => `${path.join('.')} ${message}`).join('\n'))
  const answer = acl.decide(request(asked), 0)
  return answer.outcome === 'no-match' ? 'no-match' : { actions: answer.actions, rule: answer.rule }
}
