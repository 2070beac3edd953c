// Lists for the tests of lint and diff: rules as entries, each on a line of its own.
import { AclEntryConfig, compileAcl } from '../../../../src/authz/index.ts'
import type { AclList, AclSetting, Finding } from '../../../../src/authz/index.ts'
import { lintList } from '../../../../src/authz/acl/analysis/lint.ts'

/** Monday morning. */
export const NOW = Date.parse('2026-11-23T08:30:00Z')

/** A list of these rules, in a file of their own. */
export function listOf(
  entries: readonly (Omit<AclEntryConfig, 'actions'> & { readonly actions?: readonly string[] })[],
  { setting, syntax = 1, file = 'acl.yml' }: { setting?: AclSetting; syntax?: 1 | 2; file?: string } = {},
): AclList {
  const rules = entries.map(({ actions = ['pull'], ...rest }, index) => {
    const position = `${file}:${index + 1}`
    const entry = AclEntryConfig.parse({ ...rest, actions: [...actions] })
    return {
      entry,
      name: entry.id ?? position,
      position,
      syntax,
      place: (path: readonly (string | number)[]) => ({ file, line: index + 1, column: path.length + 1 }),
    }
  })
  const { acl, problems } = compileAcl(rules)
  if (acl === undefined) throw new Error(JSON.stringify(problems))
  return { rules, acl, tests: [], setting }
}

/** The setting of a configuration in which nothing is special. */
export const PLAIN: AclSetting = { anonymous: false, proxyHeader: false, labels: undefined, others: [] }

/** What the lint finds in these rules, in short. */
export function lint(...given: Parameters<typeof listOf>): Finding[] {
  return [...lintList(listOf(...given), NOW).findings]
}
