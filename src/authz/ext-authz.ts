// Rules that an external program or service of the admin's own knows.
import { z } from 'zod'
import { BackendError } from '../lib/errors.ts'
import { externalShape, openExternal, readExternal } from '../lib/external.ts'
import type { ExternalSettings } from '../lib/external.ts'
import { formatJsonLine, parseJson } from '../lib/json.ts'
import type { Ended } from '../lib/program.ts'
import { strict } from '../lib/schema.ts'
import { defineSection } from '../lib/section.ts'
import type { Authorization, AuthorizationRequest, Authorizer } from './authorizer.ts'
import type { AuthzTools } from './tools.ts'

/**
 * `ext_authz`: `command` with `args`, run once for each resource, which reads docker_auth's JSON; one that stays and answers in JSON
 * (`mode: persistent`); or a `url` that does.
 */
export const ExtAuthzConfig = strict(externalShape)
export type ExtAuthzConfig = z.infer<typeof ExtAuthzConfig>

export const extAuthz = defineSection({
  section: 'ext_authz',
  schema: ExtAuthzConfig,
  read: (config, { report }) => readExternal(config, report),
  open: createExtAuthorizer,
})

/** Asks the program or service about every resource. */
export function createExtAuthorizer(settings: ExternalSettings, { log }: AuthzTools): Authorizer {
  const external = openExternal(settings, log)
  return {
    name: 'ext_authz',
    async authorize(request, signal) {
      const question = questionOf(request)
      return external.kind === 'ask'
        ? readAnswer(request, await external.ask(question, signal))
        : readEnding(request, await external.run(formatJsonLine(question), signal))
    },
    check: (signal) => external.check(signal),
    close: () => external.close(),
  }
}

// The names and the order are docker_auth's.
function questionOf({ identity: { account, labels }, resource, service, ip }: AuthorizationRequest): object {
  return {
    Account: account,
    Type: resource.type,
    Name: resource.name,
    Service: service,
    IP: ip,
    Actions: resource.actions,
    Labels: Object.keys(labels).length === 0 ? null : labels,
  }
}

const Output = z.object({ actions: z.array(z.string()) })
// However they are written: in another language's quotes, or in the question's capitals; the question itself begins with the account.
const OF_ACTIONS = /["']actions["']|^\s*\{\s*["']Actions["']/
const OF_A_REFUSAL = /["']result["']\s*:\s*["'](?:deny|no_match|error)["']/i
const Answer = z
  .looseObject({
    result: z.enum(['allow', 'deny', 'no_match', 'error']),
    actions: z.array(z.string()).nullish(),
  })
  // Without actions everything is allowed: whoever misspelled them did not mean that.
  .refine((answer) => !Object.keys(answer).some((key) => key !== 'actions' && /^actions?$/i.test(key)))

/** docker_auth's exit status, and our output, which may grant a part. */
function readEnding({ resource }: AuthorizationRequest, { status, output }: Ended): Authorization {
  if (status === 1) return decided([])
  if (status !== 0) throw new BackendError(`the program of ext_authz ended with status ${status}`)
  const { data } = Output.safeParse(parseJson(output))
  // docker_auth ignores whatever is written. But whoever writes of actions does not mean all of them, and who refuses means none.
  if (data === undefined && OF_ACTIONS.test(output))
    throw new BackendError('the program of ext_authz wrote of actions in something that is no JSON with a list of them')
  if (OF_A_REFUSAL.test(output))
    throw new BackendError('the program of ext_authz wrote that it refuses and ended with status 0, which grants')
  return decided(data?.actions ?? resource.actions)
}

/** Our own answers in JSON. */
function readAnswer({ resource }: AuthorizationRequest, value: unknown): Authorization {
  const { data } = Answer.safeParse(value)
  if (data === undefined) throw new BackendError('the answer to ext_authz has no result that is known, or bad actions')
  switch (data.result) {
    case 'allow':
      return decided(data.actions ?? resource.actions)
    case 'deny':
      return decided([])
    case 'no_match':
      return { outcome: 'no-match' }
    case 'error':
      throw new BackendError('the answer to ext_authz is an error')
  }
}

function decided(actions: readonly string[]): Authorization {
  return { outcome: 'decided', actions }
}
