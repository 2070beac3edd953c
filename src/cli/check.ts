// registry-auth check: everything that is wrong with a configuration, before it is served.
import type { Writable } from 'node:stream'
import { ConfigError, formatProblem } from '../lib/errors.ts'
import type { Problem } from '../lib/errors.ts'
import { createFileSet } from '../lib/files.ts'
import type { FileSet } from '../lib/files.ts'

/** Prints every problem and warning with its place, one a line, and answers the exit status: 1 when the file cannot be served. */
export async function check(
  configFile: string,
  loadConfig: (file: string, files: FileSet) => Promise<{ readonly warnings: readonly Problem[] }>,
  out: Writable,
): Promise<number> {
  try {
    const { warnings } = await loadConfig(configFile, createFileSet())
    for (const warning of warnings) out.write(`warning: ${formatProblem(warning)}\n`)
    out.write(`${configFile}: ok\n`)
    return 0
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    for (const problem of error.problems) out.write(`${formatProblem(problem)}\n`)
    return 1
  }
}
