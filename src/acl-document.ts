// A YAML text that may hold rules, read: a configuration, a file of rules, or one of tests. Runs on whichever thread has the time.
import { AclConfig, AclFileConfig, AclTestFileConfig } from './authz/index.ts'
import type { AclBuilder, AclEntryConfig, AclTestConfig, Place } from './authz/index.ts'
import { accountsAsTyped } from './config-authn.ts'
import { createReport, reportDuplicates } from './config-problems.ts'
import type { Findings } from './config-problems.ts'
import type { Report } from './lib/report.ts'
import { assembleYaml, parseYamlParts } from './lib/yaml.ts'
import type { YamlParts, YamlPath } from './lib/yaml.ts'

/** What a text is read as: only a `config` holds anything but rules and tests. */
export type AclDocumentKind = 'config' | 'rules' | 'tests'

/** A test and where it stands. */
export interface PlacedTest {
  readonly test: AclTestConfig
  readonly place: Place
}

/** What was read. Rules are there only where the text holds a list of them that fits; all that is wrong is among the findings. */
export interface AclDocument {
  readonly parts: YamlParts
  readonly findings: Findings
  readonly syntax: 1 | 2
  readonly rules: readonly AclEntryConfig[]
  /** The path that leads to the rules. */
  readonly base: YamlPath
  readonly tests: readonly PlacedTest[]
}

/**
 * Reads a text, compiling each rule with `add`. `evadable` names the section, known from elsewhere, that lets one person in under
 * several spellings of an account. Throws ConfigError for what is no YAML.
 */
export function readAclDocument(
  text: string,
  file: string,
  kind: AclDocumentKind,
  evadable: string | undefined,
  add: AclBuilder['add'],
): AclDocument {
  const parts = parseYamlParts(text, file)
  const document = assembleYaml(parts)
  const { value } = document
  const findings: Findings = { problems: [], warnings: [] }
  const report = createReport(file, document, findings)
  reportDuplicates(document, report)
  const place = (path: YamlPath): Place => ({ file, ...document.locate(path) })
  const read = (base: YamlPath, { acl = [], tests = [], syntax = '1' }: Lists, by: string | undefined): AclDocument => {
    const version = syntax === '2' ? 2 : 1
    const at = report.at(base)
    acl.forEach((entry, index) => {
      const position = `${file}:${document.locate([...base, index]).line}`
      const { problems, warnings } = add({ entry, position, syntax: version })
      for (const { path, message } of problems) at.problem([index, ...path], message)
      for (const { path, message } of warnings) at.warning([index, ...path], message)
      if (by !== undefined) warnOfSpellings(entry, at.at([index]), by)
    })
    const placed = tests.map((test, index) => ({ test, place: place(['tests', index]) }))
    return { parts, findings, syntax: version, rules: acl, base, tests: placed }
  }

  if (kind === 'tests') return read([], report.parse([], AclTestFileConfig, value) ?? {}, undefined)
  if (kind === 'config') {
    const sections = isMap(value) ? value : {}
    const acl = sections['acl'] === undefined ? undefined : report.parse(['acl'], AclConfig, sections['acl'])
    return read(['acl'], { acl }, accountsAsTyped(sections))
  }
  if (Array.isArray(value)) return read([], { acl: report.parse([], AclConfig, value) }, evadable)
  return read(['acl'], report.parse([], AclFileConfig, value) ?? {}, evadable)
}

interface Lists {
  readonly acl?: readonly AclEntryConfig[] | undefined
  readonly tests?: readonly AclTestConfig[] | undefined
  readonly syntax?: string
}

function warnOfSpellings({ match, actions }: AclEntryConfig, report: Report, section: string): void {
  if (actions.length > 0 || match.account === undefined || match.account === '') return
  const how = `${section} also lets people in who type their account differently (Bob for bob); set ${section}.account`
  report.warning(['match', 'account'], `can be evaded: ${how}`)
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
