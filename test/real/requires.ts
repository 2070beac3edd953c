// Which real programs a suite needs, and where they are; knows nothing of what the suites do with them.
import { accessSync, constants, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { describe, test } from '@jest/globals'

const env = process.env
const cache =
  env['REGISTRY_AUTH_TEST_CACHE'] ?? join(env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'registry-auth')

// The pinned versions come first; Debian keeps daemons in folders that a user's PATH may lack.
const folders = [join(cache, 'bin'), ...(env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin'].filter(Boolean)

const isExecutable = (file: string): boolean => {
  try {
    accessSync(file, constants.X_OK)
    return statSync(file).isFile()
  } catch {
    return false
  }
}

const find = (name: string): string | undefined => folders.map((folder) => join(folder, name)).find(isExecutable)

/** The absolute path of a real program; throws where it is not installed, so call it inside a suite that `requires` it. */
export const program = (name: string): string => {
  const found = find(name)
  if (found === undefined) throw new Error(`needs ${name} (run test/real/setup.sh)`)
  return found
}

// Two words stand among the programs because they are reported in the same way: an engine runs as `root` only, and suites that
// take long belong to CI, where everything is required.
const isThere = (name: string): boolean =>
  name === 'root' ? process.getuid?.() === 0 : name === SLOW ? env['REAL'] === 'required' : find(name) !== undefined

/** For suites that take long: they run where REAL=required, as in .ci/run. */
export const SLOW = 'REAL=required'

/**
 * Jest's `describe` for a suite that needs real programs. Where one is missing, the suite is replaced by a single test
 * that says which: skipped, or failed under REAL=required, where a skip would be a lie. `root` asks for the user, `SLOW` for CI.
 */
export const requires = (...programs: string[]): ((title: string, suite: () => void) => void) => {
  const missing = programs.filter((name) => !isThere(name))
  if (missing.length === 0) return describe
  const how = missing.includes(SLOW) ? 'as .ci/run does' : 'run test/real/setup.sh'
  const reason = `needs ${missing.join(', ')} (${how})`
  return (title) => {
    describe(title, () => {
      if (env['REAL'] !== 'required') return test.skip(reason, () => undefined)
      test(reason, () => {
        throw new Error(`${reason}; REAL=required forbids skipping`)
      })
    })
  }
}
