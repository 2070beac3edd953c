// The access list: the rules of `acl`, then those of each file of `acl_files`, in name order.
import { AclConfig, compileAcl } from './authz/index.ts'
import type { Acl } from './authz/index.ts'
import { createReport, reportDuplicates } from './config-problems.ts'
import type { Findings } from './config-problems.ts'
import type { FileSet } from './lib/files.ts'
import type { Report } from './lib/report.ts'
import { strict } from './lib/schema.ts'
import { parseYaml } from './lib/yaml.ts'
import type { YamlDocument, YamlPath } from './lib/yaml.ts'

/** An ACL file holds `acl:` with a list, as the configuration does, or just the list. */
const AclFile = strict({ acl: AclConfig })

/** One list of rules and the report that knows where each of them stands. */
interface Source {
  readonly entries: AclConfig
  readonly report: Report
  readonly where: (index: number) => string
}

/**
 * Reads and compiles every rule; undefined when there is no access list or something is wrong with it. `accountsAsTyped` names the
 * back end, if there is one, that lets one person in under several spellings of an account.
 */
export async function readAcl(
  main: { readonly file: string; readonly document: YamlDocument; readonly report: Report; readonly value: unknown },
  patterns: readonly string[] | undefined,
  files: FileSet,
  findings: Findings,
  accountsAsTyped: string | undefined,
): Promise<Acl | undefined> {
  const sources: Source[] = []
  const seen = new Set<string>()
  if (main.value !== undefined) {
    const entries = main.report.parse(['acl'], AclConfig, main.value)
    if (entries !== undefined) sources.push(source(main.file, main.document, main.report, ['acl'], entries))
  }
  for (const [index, pattern] of (patterns ?? []).entries()) {
    const names = await main.report.guard(['acl_files', index], files.list(pattern))
    if (names === undefined) continue
    if (names.length === 0) main.report.problem(['acl_files', index], `no file matches "${pattern}"`)
    for (const name of names) {
      if (seen.has(name)) continue // named by two patterns
      seen.add(name)
      const read = await main.report.guard(['acl_files', index], readAclFile(name, files, findings))
      if (read !== undefined) sources.push(read)
    }
  }
  if (main.value === undefined && patterns === undefined) return undefined
  return compile(sources, accountsAsTyped)
}

function source(file: string, document: YamlDocument, report: Report, base: YamlPath, entries: AclConfig): Source {
  return { entries, report: report.at(base), where: (index) => `${file}:${document.locate([...base, index]).line}` }
}

async function readAclFile(file: string, files: FileSet, findings: Findings): Promise<Source | undefined> {
  const document = parseYaml(await files.readText(file), file)
  const report = createReport(file, document, findings)
  reportDuplicates(document, report)
  if (Array.isArray(document.value)) {
    const entries = report.parse([], AclConfig, document.value)
    return entries && source(file, document, report, [], entries)
  }
  const parsed = report.parse([], AclFile, document.value)
  return parsed && source(file, document, report, ['acl'], parsed.acl)
}

function compile(sources: readonly Source[], accountsAsTyped: string | undefined): Acl | undefined {
  const rules = sources.flatMap(({ entries, report, where }) =>
    entries.map((entry, index) => ({ entry, position: where(index), report: report.at([index]) })),
  )
  const { acl, problems, warnings } = compileAcl(rules)
  for (const { index, path, message } of problems) rules[index]?.report.problem(path, message)
  for (const { index, path, message } of warnings) rules[index]?.report.warning(path, message)
  if (accountsAsTyped !== undefined) {
    for (const { entry, report } of rules)
      if (entry.actions.length === 0 && entry.match.account !== undefined && entry.match.account !== '')
        report.warning(['match', 'account'], evadable(accountsAsTyped))
  }
  return acl
}

const evadable = (section: string): string =>
  `can be evaded: ${section} also lets people in who type their account differently (Bob for bob); set ${section}.account`
