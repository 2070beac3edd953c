// Whether the rows of a policy fit the model: casbin passes over what does not, and a rule that denies would be missed.
import { ConfigError, formatProblem } from '../../lib/errors.ts'
import type { Problem } from '../../lib/errors.ts'
import { createTurns } from '../../lib/turns.ts'
import type { Enforcer } from './enforcer.ts'
import type { CompilePattern } from './functions.ts'
import type { PolicyRow } from './policy.ts'

/** Checks that rows fit a model. Throws ConfigError with every value that does not. */
export async function checkRows(
  rows: readonly PolicyRow[],
  file: string,
  { facts, functions }: Pick<Enforcer, 'facts' | 'functions'>,
): Promise<void> {
  const problems: Problem[] = []
  const takeTurns = createTurns()
  for (const { key, values, line } of rows) {
    await takeTurns()
    const columns = facts.columns.get(key)
    const wrong = (message: string): void => void problems.push({ file, line, message })
    if (columns === undefined) wrong(`begins with ${key}, which the model does not use`)
    else if (columns.length !== values.length)
      wrong(`has ${values.length} values, and the model defines ${columns.length}`)
    if (key !== 'p' || columns?.length !== values.length) continue
    for (const [column, name] of columns.entries()) {
      const value = values[column] ?? ''
      if (name === 'eft' && value !== 'allow' && value !== 'deny') wrong('eft: must be allow or deny')
      if (name === 'priority' && !/^-?\d{1,9}$/.test(value)) wrong('priority: must be a whole number')
      const compared = facts.comparisons.filter((one) => one.column === column && !one.texts.includes(value))
      const failures = compared.flatMap(({ call }) => failureOf(functions.get(call), value) ?? [])
      // What means something to one of several functions may be meant for that one alone; to the others it then matches nothing.
      if (failures.length === compared.length && failures[0] !== undefined) wrong(`${name}: ${failures[0]}`)
    }
  }
  if (problems.length > 0) throw new ConfigError(problems)
}

function failureOf(compile: CompilePattern | undefined, value: string): string | undefined {
  try {
    compile?.(value)
    return undefined
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.problems.map(formatProblem).join()
  }
}
