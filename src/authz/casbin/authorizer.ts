// Rules in casbin's form: a model and a policy, docker_auth's files as they are (https://casbin.org/docs/supported-models).
import type { z } from 'zod'
import { BackendError, ConfigError } from '../../lib/errors.ts'
import { nonEmpty, strict } from '../../lib/schema.ts'
import { defineSection } from '../../lib/section.ts'
import type { AuthorizationRequest, Authorizer } from '../authorizer.ts'
import type { AuthzTools } from '../tools.ts'
import { checkRows } from './check.ts'
import { createEnforcer } from './enforcer.ts'
import type { Enforcer } from './enforcer.ts'
import { REQUEST_VALUES } from './model.ts'
import { parsePolicy } from './policy.ts'
import type { PolicyRow } from './policy.ts'

/** `casbin_authz`: the files of the model and of the policy. */
export const CasbinAuthzConfig = strict({ model_path: nonEmpty, policy_path: nonEmpty })
export type CasbinAuthzConfig = z.infer<typeof CasbinAuthzConfig>

/** What the files say: the model as it is written, and the rows of the policy, which fit it. */
export interface CasbinSettings {
  readonly model: string
  readonly rows: readonly PolicyRow[]
}

export const casbinAuthz = defineSection({
  section: 'casbin_authz',
  schema: CasbinAuthzConfig,
  async read({ model_path, policy_path }, { files, report }): Promise<CasbinSettings | undefined> {
    const model = await report.guard(['model_path'], files.readText(model_path))
    const policy = await report.guard(['policy_path'], files.readText(policy_path))
    const tried = model === undefined ? undefined : await report.guard(['model_path'], tryModel(model, model_path))
    if (model === undefined || policy === undefined || tried === undefined) return undefined
    const rows = await report.guard(['policy_path'], parsePolicy(policy, policy_path))
    return (
      rows &&
      report.guard(
        ['policy_path'],
        checkRows(rows, policy_path, tried).then(() => ({ model, rows })),
      )
    )
  },
  open: createCasbinAuthorizer,
})

// Some mistakes show only when casbin is asked. That there are no rows then does not matter.
async function tryModel(text: string, file: string): Promise<Enforcer> {
  try {
    const enforcer = await createEnforcer(text, [])
    await enforcer.allows(REQUEST_VALUES).catch((error: unknown) => {
      if (!(error instanceof ConfigError)) throw error
    })
    return enforcer
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    throw new ConfigError([{ file, message: `cannot be used: ${message}` }], { cause: error })
  }
}

/** Decides on whatever is asked, one action after the other; it never passes on. */
export async function createCasbinAuthorizer(
  { model, rows }: CasbinSettings,
  { log }: AuthzTools,
): Promise<Authorizer> {
  const enforcer = await createEnforcer(model, rows)

  async function allows(request: AuthorizationRequest, action: string): Promise<boolean> {
    const { identity, resource, service, ip } = request
    const { account, labels } = identity
    // In the order in which docker_auth writes them, for a matcher that compares them as text.
    const json = JSON.stringify(labels, Object.keys(labels).sort())
    try {
      return await enforcer.allows([account, resource.type, resource.name, service, ip, action, json])
    } catch (error) {
      if (!(error instanceof ConfigError)) throw new BackendError('casbin_authz could not decide', { cause: error })
      log.warn({ account, action, reason: error.message }, 'casbin_authz denies what its matcher cannot compare')
      return false
    }
  }

  return {
    name: 'casbin_authz',
    async authorize(request, signal) {
      const actions: string[] = []
      for (const action of new Set(request.resource.actions)) {
        if (signal?.aborted === true) throw new BackendError('the client went away')
        if (await allows(request, action)) actions.push(action)
      }
      return { outcome: 'decided', actions }
    },
  }
}
