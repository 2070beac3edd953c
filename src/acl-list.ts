// Access lists as the admin's tools read them: from a configuration of which only the rules matter, a file of rules, or a folder.
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { createAclReader } from './acl-reader.ts'
import { aclSetting } from './acl-setting.ts'
import type { AclList, ListedRule } from './authz/index.ts'
import { readNamedFiles } from './config-acl.ts'
import { createReport, inOrder } from './config-problems.ts'
import type { Findings } from './config-problems.ts'
import { ConfigError } from './lib/errors.ts'
import type { FileSet } from './lib/files.ts'
import { assembleYaml, parseYaml } from './lib/yaml.ts'

/** A list and the configuration around it; no sections where there is none. */
export interface ReadAclList {
  readonly list: AclList
  readonly sections: Readonly<Record<string, unknown>> | undefined
}

/** Reads the list at a path. Throws ConfigError with everything that is wrong with its rules; failing tests are not. */
export async function loadAclList(path: string, files: FileSet): Promise<ReadAclList> {
  const findings: Findings = { problems: [], warnings: [] }
  const rules: ListedRule[] = []
  const reader = createAclReader(findings, (read, file) => {
    const document = assembleYaml(read.parts)
    read.rules.forEach((entry, index) => {
      const place: ListedRule['place'] = (path) => ({ file, ...document.locate([...read.base, index, ...path]) })
      const position = `${file}:${place([]).line}`
      rules.push({ entry, name: entry.id ?? position, position, syntax: read.syntax, place })
    })
  })

  async function readSections(): Promise<ReadAclList['sections']> {
    if (await isFolder(path)) {
      const names = [...(await files.list(join(path, '*.yml'))), ...(await files.list(join(path, '*.yaml')))].sort()
      if (names.length === 0) throw new ConfigError(`${path} holds no files that end in .yml`)
      for (const name of names) await reader.read(await files.readText(name), name, 'rules')
      return undefined
    }
    const text = await files.readText(path)
    const { value } = parseYaml(text, path)
    if (!isMap(value) || Object.keys(value).every((key) => RULES_ONLY.includes(key))) {
      await reader.read(text, path, 'rules')
      return undefined
    }
    const sections = value
    const document = await reader.read(text, path, 'config')
    const report = createReport(path, document, findings)
    await readNamedFiles(reader, { sections, files, report })
    return sections
  }

  const sections = await readSections()
  const acl = reader.finish()
  if (acl === undefined || findings.problems.length > 0) throw new ConfigError(inOrder(findings.problems))
  return { list: { rules, acl, tests: reader.tests, setting: sections && aclSetting(sections) }, sections }
}

const RULES_ONLY = ['syntax', 'acl', 'tests']

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() === true
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
