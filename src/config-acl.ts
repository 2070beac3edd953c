// The access list of a configuration: the rules of `acl`, then those of each file of `acl_files`, in name order, and their tests.
import { z } from 'zod'
import { createAclReader, runTests } from './acl-reader.ts'
import type { AclDocumentKind } from './acl-document.ts'
import type { AclReader } from './acl-reader.ts'
import type { Acl } from './authz/index.ts'
import { accountsAsTyped } from './config-authn.ts'
import type { Findings } from './config-problems.ts'
import type { FileSet } from './lib/files.ts'
import type { Report } from './lib/report.ts'
import { nonEmpty } from './lib/schema.ts'
import type { YamlPath } from './lib/yaml.ts'

/** `acl_files`, `acl_tests`: names of files, with wildcards in their last part. */
export const AclFilesConfig = z.array(nonEmpty, { error: 'must be a list of file names' })

/** `acl_shadow`: one such name. */
export const AclShadowConfig = nonEmpty

// The other back ends that hold lists.
const LISTS = ['acl_mongo', 'acl_xorm', 'acl_sql']

/** The keys at the top level that name files of rules and tests. */
export const aclFileSections: readonly string[] = ['acl_files', 'acl_tests', 'acl_shadow']

/** The lists of a configuration. */
export interface AclLists {
  /** Undefined where there is none, or something is wrong, which the report was told. */
  readonly acl: Acl | undefined
  /** A candidate that is tried beside it. */
  readonly shadow: Acl | undefined
}

/** A configuration whose rules are read. */
export interface AclSources {
  readonly sections: Readonly<Record<string, unknown>>
  readonly files: FileSet
  readonly report: Report
}

/** Reads what the sections name; the rules of `acl` itself were read into `list`, with the document that they stand in. */
export async function readAclLists(list: AclReader, sources: AclSources, findings: Findings): Promise<AclLists> {
  const { sections, report } = sources
  const now = Date.now()
  const hasRules = sections['acl'] !== undefined || sections['acl_files'] !== undefined

  async function finish(reader: AclReader): Promise<Acl | undefined> {
    const acl = reader.finish()
    if (acl !== undefined) await runTests(acl, reader.tests, findings, now)
    return acl
  }

  async function readShadow(): Promise<Acl | undefined> {
    if (!hasRules && !LISTS.some((name) => sections[name] !== undefined))
      report.problem(['acl_shadow'], 'there is no access list that it could be compared with')
    const pattern = report.parse(['acl_shadow'], AclShadowConfig, sections['acl_shadow'])
    const candidate = createAclReader(findings)
    try {
      if (pattern !== undefined) await readFiles(['acl_shadow'], [pattern], 'rules', candidate, sources)
      return await finish(candidate)
    } finally {
      await candidate.close()
    }
  }

  await readNamedFiles(list, sources)
  if (!hasRules && sections['acl_tests'] !== undefined) report.problem(['acl_tests'], 'there are no rules to test')
  return {
    acl: hasRules ? await finish(list) : undefined,
    shadow: sections['acl_shadow'] === undefined ? undefined : await readShadow(),
  }
}

/** Reads the files that `acl_files` and `acl_tests` name. */
export async function readNamedFiles(list: AclReader, sources: AclSources): Promise<void> {
  for (const [key, kind] of [
    ['acl_files', 'rules'],
    ['acl_tests', 'tests'],
  ] as const) {
    if (sources.sections[key] === undefined) continue
    const patterns = sources.report.parse([key], AclFilesConfig, sources.sections[key]) ?? []
    await readFiles([key], patterns, kind, list, sources)
  }
}

async function readFiles(
  path: YamlPath,
  patterns: readonly string[],
  kind: AclDocumentKind,
  list: AclReader,
  { sections, files, report }: AclSources,
): Promise<void> {
  const evadable = accountsAsTyped(sections)
  const seen = new Set<string>()
  for (const [index, pattern] of patterns.entries()) {
    const at = [...path, index]
    const names = await report.guard(at, files.list(pattern))
    if (names?.length === 0) report.problem(at, `no file matches "${pattern}"`)
    for (const name of names ?? []) {
      if (seen.has(name)) continue // named by two patterns
      seen.add(name)
      const reading = files.readText(name).then((text) => list.read(text, name, kind, evadable))
      await report.guard(at, reading)
    }
  }
}
