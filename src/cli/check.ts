// registry-auth check: everything that is wrong with a configuration, before it is served.
import type { Writable } from 'node:stream'
import { ConfigError } from '../lib/errors.ts'
import type { Problem } from '../lib/errors.ts'
import { describeProblems } from '../lib/excerpt.ts'
import { createFileSet } from '../lib/files.ts'
import type { FileSet } from '../lib/files.ts'

/**
 * Prints every problem and warning with its place, one a line (a terminal is shown what stands there, too), and answers the exit
 * status: 1 when the file cannot be served.
 */
export async function check(
  configFile: string,
  loadConfig: (file: string, files: FileSet) => Promise<{ readonly warnings: readonly Problem[] }>,
  out: Writable & { readonly isTTY?: boolean },
): Promise<number> {
  const isTerminal = out.isTTY === true
  try {
    const { warnings } = await loadConfig(configFile, createFileSet())
    for (const warning of await describeProblems(warnings, isTerminal)) out.write(`warning: ${warning}\n`)
    out.write(`${configFile}: ok\n`)
    return 0
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    for (const problem of await describeProblems(error.problems, isTerminal)) out.write(`${problem}\n`)
    return 1
  }
}
