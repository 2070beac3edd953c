// registry-auth acl test: runs the tests that stand beside the rules.
import { failureOf } from '../../authz/index.ts'
import type { AclList } from '../../authz/index.ts'
import { ConfigError, formatProblem } from '../../lib/errors.ts'
import type { Problem } from '../../lib/errors.ts'
import { formatJsonLine } from '../../lib/json.ts'
import { escapeControls } from '../../lib/log-line.ts'
import { parseOptions } from './options.ts'
import type { AclTools } from './tools.ts'

const HOW = `there are no tests; beside "acl:" in a file of rules, or in a file that acl_tests names, say who is granted what:
  tests:
    - { account: alice, labels: { team: web }, scope: 'repository:web/app:pull,push', expect: [pull, push] }
`

/** Runs the tests of every list, prints those that fail, and answers the exit status: 0 when there are some and all pass. Throws ConfigError. */
export async function testLists(args: readonly string[], tools: AclTools): Promise<number> {
  const { values, positionals } = parseOptions('acl test', args, { json: { type: 'boolean' } })
  if (positionals.length === 0) throw new ConfigError('acl test needs a configuration, a file of rules, or a folder')
  const now = tools.now()
  const failures: Problem[] = []
  let count = 0
  for (const path of positionals) {
    const list = await tools.loadList(path)
    count += list.tests.length
    failures.push(...failuresOf(list, now))
  }
  const passed = count - failures.length
  if (values.json === true) tools.out.write(formatJsonLine({ passed, failed: failures.length, failures }))
  else {
    for (const failure of failures) tools.out.write(`${escapeControls(formatProblem(failure))}\n`)
    tools.out.write(`${passed} passed, ${failures.length} failed\n`)
  }
  if (count === 0) tools.err.write(HOW)
  return count > 0 && failures.length === 0 ? 0 : 1
}

function failuresOf({ tests, acl }: AclList, now: number): Problem[] {
  return tests.flatMap(({ test, place }) => {
    const message = failureOf(test, acl, now)
    return message === undefined ? [] : { ...place, message }
  })
}
