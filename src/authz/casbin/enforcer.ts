// Casbin, with everything in it that depends on clients replaced: its expressions, its roles, and the time it takes at a stretch.
import { createTurns } from '../../lib/turns.ts'
import { createFunctions, createMatch } from './functions.ts'
import type { CompilePattern } from './functions.ts'
import { inspectModel } from './model.ts'
import type { ModelFacts } from './model.ts'
import type { PolicyRow } from './policy.ts'
import { createRoles } from './roles.ts'

/** A model and a policy, ready to decide. */
export interface Enforcer {
  readonly facts: ModelFacts
  readonly functions: ReadonlyMap<string, CompilePattern>
  /** Whether a request with these values, in the order of REQUEST_VALUES, is allowed. Throws ConfigError for a pattern without a meaning. */
  allows(values: readonly string[]): Promise<boolean>
}

const PATTERNS_OF_THE_MATCHER = 1000

/** Makes an enforcer of a model as it is written and rows that fit it. Throws ConfigError for what the model must not say. */
export async function createEnforcer(modelText: string, rows: readonly PolicyRow[]): Promise<Enforcer> {
  const { DefaultRoleManager, FunctionMap, newEnforcer, newModelFromString } = await import('casbin')
  const model = newModelFromString(modelText)
  const functions = createFunctions(rows.length + PATTERNS_OF_THE_MATCHER)
  const facts = inspectModel(model, functions)

  for (const { key, values } of rows) {
    const definition = model.model.get(key.charAt(0))?.get(key)
    definition?.policy.push([...values])
  }
  for (const [key, definition] of model.model.get('g') ?? []) {
    const hasRole = createRoles(rows.filter((row) => row.key === key).map(({ values }) => values))
    definition.rm = Object.assign(new DefaultRoleManager(0), {
      hasLink: (name: string, role: string, domain?: string) => Promise.resolve(hasRole(name, role, domain)),
    })
  }

  const fm = new FunctionMap()
  fm.addFunction(PAUSE, createTurns())
  fm.addFunction(VERDICT, requireVerdict)
  for (const [name, compile] of functions) if (facts.calls.has(name)) fm.addFunction(name, createMatch(name, compile))
  const matcher = model.model.get('m')?.get('m')
  if (matcher !== undefined) matcher.value = `${PAUSE}() && ${VERDICT}((${matcher.value}))`

  const enforcer = await newEnforcer(model)
  // `addFunction` of the enforcer would leave those that it brings.
  Object.assign(enforcer, { fm })
  enforcer.sortPolicies()
  // Without rows casbin asks once, with a policy of empty texts: somebody without a name would be the account of that.
  const nobody = facts.needsRow && rows.every(({ key }) => key !== 'p')
  return {
    facts,
    functions,
    async allows(values) {
      const allowed = await enforcer.enforce(...values)
      return allowed && !nobody
    },
  }
}

// No names of functions that a matcher may call.
const PAUSE = 'othersFirst'
const VERDICT = 'yesOrNo'

// To casbin any text but an empty one is a yes, and to docker_auth an error.
function requireVerdict(value: unknown): boolean {
  if (typeof value === 'boolean') return value
  throw new Error('m must be a comparison: it comes to something that is neither true nor false')
}
